import { type ExpressionBuilder, type Selectable, sql } from 'kysely'
import type { Transaction } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import { micros } from '../kernel/credits.ts'
import { type Mode, type Uuid, walletId } from '../kernel/ids.ts'
import type { Key } from '../ledger/operations.ts'
import type { Order, OrderFailure } from './order.ts'

// Orders

export interface NewOrder
  extends Pick<Order, 'id' | 'mode' | 'customer' | 'pack' | 'packName' | 'quantity' | 'unit'> {
  readonly credits: Order['credits']
  readonly price: Order['price']
  readonly catalogId: number
  readonly provider: string
  readonly productId: string | undefined
  readonly key: Key
}

/** Does nothing when the customer's key is taken. */
export async function insertOrder(tx: Transaction, order: NewOrder): Promise<void> {
  await tx.db
    .insertInto('orders')
    .values({
      id: order.id,
      mode: order.mode,
      customer_id: order.customer,
      pack: order.pack,
      pack_name: order.packName,
      quantity: order.quantity,
      unit: order.unit,
      credits_micros: order.credits,
      amount_minor: order.price.amountMinor,
      currency: order.price.currency,
      catalog_id: order.catalogId,
      state: 'created',
      provider: order.provider,
      provider_product_id: order.productId ?? null,
      key: order.key.id,
      fingerprint: order.key.fingerprint,
      created_at: tx.now,
    })
    .onConflict((conflict) => conflict.columns(['mode', 'customer_id', 'key']).doNothing())
    .execute()
}

export interface KeyedOrder {
  readonly order: Order
  readonly fingerprint: bigint
}

export async function findOrderByKey(
  tx: Transaction,
  { mode, customer, keyId }: { mode: Mode; customer: string; keyId: Uuid },
): Promise<KeyedOrder | undefined> {
  const row = await tx.db
    .selectFrom('orders')
    .selectAll()
    .where('mode', '=', mode)
    .where('customer_id', '=', customer)
    .where('key', '=', keyId)
    .executeTakeFirst()
  return row === undefined ? undefined : { order: orderFrom(row), fingerprint: row.fingerprint }
}

export async function findOrder(tx: Transaction, orderId: Uuid): Promise<Order | undefined> {
  const row = await tx.db.selectFrom('orders').selectAll().where('id', '=', orderId).executeTakeFirst()
  return row === undefined ? undefined : orderFrom(row)
}

export async function lockOrder(tx: Transaction, orderId: Uuid): Promise<Order | undefined> {
  const row = await tx.db
    .selectFrom('orders')
    .selectAll()
    .where('id', '=', orderId)
    .forUpdate()
    .executeTakeFirst()
  return row === undefined ? undefined : orderFrom(row)
}

export interface OrdersPage {
  readonly limit: number
  /** The last one of the page before. */
  readonly before: Uuid | undefined
}

/** Newest first: ids are in order of time. */
export async function listOrders(
  tx: Transaction,
  { mode, customer, page }: { mode: Mode; customer: string; page: OrdersPage },
): Promise<Order[]> {
  const rows = await tx.db
    .selectFrom('orders')
    .selectAll()
    .where('mode', '=', mode)
    .where('customer_id', '=', customer)
    .where((row) => olderThan(row, page.before))
    .orderBy('id', 'desc')
    .limit(page.limit)
    .execute()
  return rows.map(orderFrom)
}

/** What the provider's messages name a customer's orders by. */
export async function listOrderIds(
  tx: Transaction,
  { mode, customer }: { mode: Mode; customer: string },
): Promise<Pick<Order, 'id' | 'paymentId' | 'sessionId'>[]> {
  const rows = await tx.db
    .selectFrom('orders')
    .select(['id', 'payment_id', 'provider_session_id'])
    .where('mode', '=', mode)
    .where('customer_id', '=', customer)
    .execute()
  return rows.map((row) => ({
    id: row.id,
    paymentId: row.payment_id ?? undefined,
    sessionId: row.provider_session_id ?? undefined,
  }))
}

function olderThan(row: ExpressionBuilder<Tables, 'orders'>, before: Uuid | undefined) {
  return before === undefined ? row.lit(true) : row('id', '<', before)
}

export async function setProduct(tx: Transaction, orderId: Uuid, productId: string): Promise<void> {
  await tx.db
    .updateTable('orders')
    .set({ provider_product_id: productId })
    .where('id', '=', orderId)
    .execute()
}

export interface OpenedOrder {
  readonly orderId: Uuid
  readonly productId: string
  readonly sessionId: string
  readonly checkoutUrl: string
}

export async function markOpen(
  tx: Transaction,
  { orderId, productId, sessionId, checkoutUrl }: OpenedOrder,
): Promise<Order> {
  const row = await tx.db
    .updateTable('orders')
    .set({
      state: 'open',
      provider_product_id: productId,
      provider_session_id: sessionId,
      checkout_url: checkoutUrl,
    })
    .where('id', '=', orderId)
    .returningAll()
    .executeTakeFirstOrThrow()
  return orderFrom(row)
}

export async function markCredited(
  tx: Transaction,
  { orderId, paymentId, lotId }: { orderId: Uuid; paymentId: string; lotId: Uuid },
): Promise<Order> {
  const row = await tx.db
    .updateTable('orders')
    .set({
      state: 'credited',
      payment_id: paymentId,
      lot_id: lotId,
      failure_code: null,
      failure_message: null,
      paid_at: tx.now,
      credited_at: tx.now,
    })
    .where('id', '=', orderId)
    .returningAll()
    .executeTakeFirstOrThrow()
  return orderFrom(row)
}

export async function setFailure(tx: Transaction, orderId: Uuid, failure: OrderFailure): Promise<void> {
  await tx.db
    .updateTable('orders')
    .set({ failure_code: failure.code, failure_message: failure.message })
    .where('id', '=', orderId)
    .execute()
}

function orderFrom(row: Selectable<Tables['orders']>): Order {
  const mode = row.mode as Mode
  const { customer_id: customer, unit } = row
  return {
    id: row.id,
    mode,
    customer,
    pack: row.pack,
    packName: row.pack_name,
    quantity: row.quantity,
    unit,
    credits: micros(row.credits_micros),
    price: { amountMinor: row.amount_minor, currency: row.currency },
    state: row.state,
    provider: row.provider,
    productId: row.provider_product_id ?? undefined,
    sessionId: row.provider_session_id ?? undefined,
    checkoutUrl: row.checkout_url ?? undefined,
    paymentId: row.payment_id ?? undefined,
    lot: row.lot_id === null ? undefined : { walletId: walletId({ mode, customer, unit }), id: row.lot_id },
    failure:
      row.failure_code === null ? undefined : { code: row.failure_code, message: row.failure_message ?? '' },
    createdAt: row.created_at,
    paidAt: row.paid_at ?? undefined,
    creditedAt: row.credited_at ?? undefined,
  }
}

// What the provider calls our packs and customers

export interface ProductKey {
  readonly provider: string
  readonly mode: Mode
  readonly pack: string
  readonly fingerprint: string
}

export async function findProductId(tx: Transaction, key: ProductKey): Promise<string | undefined> {
  const row = await tx.db
    .selectFrom('provider_products')
    .select('provider_product_id')
    .where('provider', '=', key.provider)
    .where('mode', '=', key.mode)
    .where('pack', '=', key.pack)
    .where('fingerprint', '=', key.fingerprint)
    .executeTakeFirst()
  return row?.provider_product_id
}

export async function putProductId(tx: Transaction, key: ProductKey, productId: string): Promise<void> {
  await tx.db
    .insertInto('provider_products')
    .values({ ...key, provider_product_id: productId, created_at: tx.now })
    .onConflict((conflict) =>
      conflict
        .columns(['provider', 'mode', 'pack', 'fingerprint'])
        .doUpdateSet({ provider_product_id: productId, created_at: tx.now }),
    )
    .execute()
}

export interface CustomerKey {
  readonly provider: string
  readonly mode: Mode
  readonly customer: string
}

export interface CustomerContact {
  readonly email: string | undefined
  readonly name: string | undefined
  readonly providerCustomerId: string | undefined
}

export async function findContact(
  tx: Transaction,
  { provider, mode, customer }: CustomerKey,
): Promise<CustomerContact> {
  const known = await tx.db
    .selectFrom('customers')
    .select(['email', 'name'])
    .where('mode', '=', mode)
    .where('id', '=', customer)
    .executeTakeFirst()
  const atProvider = await tx.db
    .selectFrom('provider_customers')
    .select('provider_customer_id')
    .where('provider', '=', provider)
    .where('mode', '=', mode)
    .where('customer_id', '=', customer)
    .executeTakeFirst()
  return {
    email: known?.email ?? undefined,
    name: known?.name ?? undefined,
    providerCustomerId: atProvider?.provider_customer_id,
  }
}

export async function putProviderCustomer(
  tx: Transaction,
  { provider, mode, customer }: CustomerKey,
  providerCustomerId: string,
): Promise<void> {
  await tx.db
    .insertInto('provider_customers')
    .values({ provider, mode, customer_id: customer, provider_customer_id: providerCustomerId })
    .onConflict((conflict) =>
      conflict
        .columns(['provider', 'mode', 'customer_id'])
        .doUpdateSet({ provider_customer_id: providerCustomerId }),
    )
    .execute()
}

/** The customer's ids at the providers that were known until now. */
export async function deleteProviderCustomers(
  tx: Transaction,
  { mode, customer }: Omit<CustomerKey, 'provider'>,
): Promise<string[]> {
  const rows = await tx.db
    .deleteFrom('provider_customers')
    .where('mode', '=', mode)
    .where('customer_id', '=', customer)
    .returning('provider_customer_id')
    .execute()
  return rows.map((row) => row.provider_customer_id)
}

// The inbox

export type MessageState = 'received' | 'processed' | 'ignored' | 'flagged'

export interface MessageKey {
  readonly provider: string
  readonly messageId: string
}

export interface NewMessage extends MessageKey {
  readonly eventType: string
  readonly orderId: Uuid | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly state: MessageState
  readonly note: string | undefined
  /** When a sweep takes it up, if it is unprocessed by then. */
  readonly dueAt: Date
}

/** Whether it is new. */
export async function insertMessage(tx: Transaction, message: NewMessage): Promise<boolean> {
  const inserted = await tx.db
    .insertInto('inbox')
    .values({
      provider: message.provider,
      message_id: message.messageId,
      event_type: message.eventType,
      order_id: message.orderId ?? null,
      headers: JSON.stringify(message.headers),
      body: message.body,
      state: message.state,
      note: message.note ?? null,
      received_at: tx.now,
      due_at: message.dueAt,
      processed_at: message.state === 'received' ? null : tx.now,
    })
    .onConflict((conflict) => conflict.columns(['provider', 'message_id']).doNothing())
    .returning('message_id')
    .executeTakeFirst()
  return inserted !== undefined
}

export interface Message extends MessageKey {
  readonly eventType: string
  readonly orderId: Uuid | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly state: MessageState
  readonly attempts: number
  readonly note: string | undefined
  readonly receivedAt: Date
}

export async function lockMessage(tx: Transaction, key: MessageKey): Promise<Message | undefined> {
  const row = await tx.db
    .selectFrom('inbox')
    .selectAll()
    .where('provider', '=', key.provider)
    .where('message_id', '=', key.messageId)
    .forUpdate()
    .executeTakeFirst()
  return row === undefined ? undefined : messageFrom(row)
}

/** Counts an attempt before it is made, so that one that never ends is counted too. Answers how many there were, or undefined when the message is settled. */
export async function beginAttempt(
  tx: Transaction,
  key: MessageKey,
  { dueAt }: { dueAt: Date },
): Promise<number | undefined> {
  const row = await tx.db
    .updateTable('inbox')
    .set((inbox) => ({ attempts: inbox('attempts', '+', 1), due_at: dueAt }))
    .where('provider', '=', key.provider)
    .where('message_id', '=', key.messageId)
    .where('state', '=', 'received')
    .returning('attempts')
    .executeTakeFirst()
  return row?.attempts
}

export async function settleMessage(
  tx: Transaction,
  key: MessageKey,
  { state, note }: { state: MessageState; note: string | undefined },
): Promise<void> {
  await tx.db
    .updateTable('inbox')
    .set({ state, note: note ?? null, processed_at: state === 'received' ? null : tx.now })
    .where('provider', '=', key.provider)
    .where('message_id', '=', key.messageId)
    // One that was settled meanwhile stays settled.
    .where('state', '=', 'received')
    .execute()
}

const erasedBody = JSON.stringify({ erased: true })

/**
 * Blanks the bodies of settled messages that are of one of the orders or contain one of the texts, whatever its case. Reads the whole inbox: erasing is rare,
 * and a message that is of no order is found by nothing else.
 */
export async function blankMessages(
  tx: Transaction,
  { orderIds, texts }: { orderIds: readonly Uuid[]; texts: readonly string[] },
): Promise<void> {
  const containsOne = sql<boolean>`exists (select from unnest(${[...texts]}::text[]) as needle (text) where position(lower(needle.text) in lower(inbox.body)) > 0)`
  await tx.db
    .updateTable('inbox')
    .set({ body: erasedBody })
    .where('state', '!=', 'received')
    .where((row) => row.or([row('order_id', '=', sql<string>`any(${[...orderIds]}::uuid[])`), containsOne]))
    .execute()
}

/** Blanks a message's body when the customer of its order was erased before it was processed. */
export async function blankMessageOfErased(tx: Transaction, key: MessageKey, orderId: Uuid): Promise<void> {
  await tx.db
    .updateTable('inbox')
    .set({ body: erasedBody })
    .where('provider', '=', key.provider)
    .where('message_id', '=', key.messageId)
    .where((row) =>
      row.exists(
        row
          .selectFrom('orders')
          .innerJoin('customers', (join) =>
            join.onRef('customers.mode', '=', 'orders.mode').onRef('customers.id', '=', 'orders.customer_id'),
          )
          .select('orders.id')
          .where('orders.id', '=', orderId)
          .where('customers.erased_at', 'is not', null),
      ),
    )
    .execute()
}

/** Unprocessed messages that are due, but for those that somebody is at just now. */
export async function lockDue(
  tx: Transaction,
  { before, limit }: { before: Date; limit: number },
): Promise<Message[]> {
  const rows = await tx.db
    .selectFrom('inbox')
    .selectAll()
    .where('state', '=', 'received')
    .where('due_at', '<', before)
    .orderBy('due_at')
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .execute()
  return rows.map(messageFrom)
}

export async function postponeMessage(
  tx: Transaction,
  key: MessageKey,
  { dueAt }: { dueAt: Date },
): Promise<void> {
  await tx.db
    .updateTable('inbox')
    .set({ due_at: dueAt })
    .where('provider', '=', key.provider)
    .where('message_id', '=', key.messageId)
    .execute()
}

/** Newest first. */
export async function listMessages(
  tx: Transaction,
  { orderId, limit }: { orderId: Uuid | undefined; limit: number },
): Promise<Message[]> {
  const rows = await tx.db
    .selectFrom('inbox')
    .selectAll()
    .where((row) => (orderId === undefined ? row.lit(true) : row('order_id', '=', orderId)))
    .orderBy('received_at', 'desc')
    .orderBy('message_id', 'desc')
    .limit(limit)
    .execute()
  return rows.map(messageFrom)
}

function messageFrom(row: Selectable<Tables['inbox']>): Message {
  return {
    provider: row.provider,
    messageId: row.message_id,
    eventType: row.event_type,
    orderId: row.order_id ?? undefined,
    headers: row.headers,
    body: row.body,
    state: row.state,
    attempts: row.attempts,
    note: row.note ?? undefined,
    receivedAt: row.received_at,
  }
}
