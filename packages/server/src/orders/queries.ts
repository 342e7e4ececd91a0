import { type ExpressionBuilder, type Selectable, sql } from 'kysely'
import type { Transaction } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import { type Credits, micros } from '../kernel/credits.ts'
import { type Mode, type Uuid, walletId } from '../kernel/ids.ts'
import type { Money } from '../kernel/money.ts'
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
  readonly discount: Order['discount']
  readonly origin: Order['origin']
  readonly grantOn: Order['grantOn']
  readonly billingCountry: string | undefined
  readonly chosenBetween: Order['chosenBetween']
  readonly adopted: string | undefined
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
      origin: order.origin,
      grant_on: order.grantOn,
      discount_code: order.discount?.code ?? null,
      discount_minor: order.discount?.amountMinor ?? 0n,
      billing_country: order.billingCountry ?? null,
      adopted_product_id: order.adopted ?? null,
      least_minor: order.chosenBetween?.leastMinor ?? null,
      most_minor: order.chosenBetween?.mostMinor ?? null,
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

export async function setProduct(
  tx: Transaction,
  orderId: Uuid,
  productId: string | undefined,
): Promise<void> {
  await tx.db
    .updateTable('orders')
    .set({ provider_product_id: productId ?? null })
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
      paid_at: sql`coalesce(paid_at, ${tx.now})`,
      credited_at: tx.now,
    })
    .where('id', '=', orderId)
    .returningAll()
    .executeTakeFirstOrThrow()
  return orderFrom(row)
}

/** The payment is there, and its credits are still to come. */
export async function markPaid(
  tx: Transaction,
  { orderId, paymentId }: { orderId: Uuid; paymentId: string },
): Promise<void> {
  await tx.db
    .updateTable('orders')
    .set({ state: 'paid', payment_id: paymentId, failure_code: null, failure_message: null, paid_at: tx.now })
    .where('id', '=', orderId)
    .execute()
}

/** Why an attempt to pay failed, as of then; of several attempts the last one counts. */
export async function setFailure(
  tx: Transaction,
  orderId: Uuid,
  failure: OrderFailure,
  asOf: Date,
): Promise<void> {
  await tx.db
    .updateTable('orders')
    .set({ failure_code: failure.code, failure_message: failure.message, failure_as_of: asOf })
    .where('id', '=', orderId)
    .where((order) => order.or([order('failure_as_of', 'is', null), order('failure_as_of', '<=', asOf)]))
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
    discount:
      row.discount_code === null ? undefined : { code: row.discount_code, amountMinor: row.discount_minor },
    origin: row.origin,
    grantOn: row.grant_on,
    billingCountry: row.billing_country ?? undefined,
    chosenBetween:
      row.least_minor === null || row.most_minor === null
        ? undefined
        : { leastMinor: row.least_minor, mostMinor: row.most_minor },
    adopted: row.adopted_product_id ?? undefined,
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
    .where('archived_at', 'is', null)
    .executeTakeFirst()
  return row?.provider_product_id
}

/** Of a product that is not for sale any more. */
export async function archiveProductId(
  tx: Transaction,
  { provider, mode, productId }: { provider: string; mode: Mode; productId: string },
): Promise<void> {
  await tx.db
    .updateTable('provider_products')
    .set({ archived_at: tx.now })
    .where('provider', '=', provider)
    .where('mode', '=', mode)
    .where('provider_product_id', '=', productId)
    .execute()
}

export interface UnitAtProvider {
  readonly provider: string
  readonly mode: Mode
  readonly unit: string
}

export async function putEntitlement(
  tx: Transaction,
  { provider, mode, unit }: UnitAtProvider,
  entitlementId: string,
): Promise<void> {
  await tx.db
    .insertInto('provider_entitlements')
    .values({ provider, mode, unit, entitlement_id: entitlementId })
    .onConflict((conflict) =>
      conflict.columns(['provider', 'mode', 'unit']).doUpdateSet({ entitlement_id: entitlementId }),
    )
    .execute()
}

/** One of a product, for good: what a payment of it buys, whoever started that. */
export interface Sold {
  readonly pack: string
  readonly packName: string
  readonly unit: string
  /** Where the customer chooses the amount, those of the least. */
  readonly credits: Credits
  /** Where the customer chooses the amount, the least of it. */
  readonly price: Money
  /** Undefined where the price is fixed. */
  readonly mostMinor: bigint | undefined
  readonly grantOn: Order['grantOn']
}

export async function putProductId(
  tx: Transaction,
  key: ProductKey,
  productId: string,
  sold: Sold,
): Promise<void> {
  const is = {
    provider_product_id: productId,
    created_at: tx.now,
    pack_name: sold.packName,
    unit: sold.unit,
    credits_micros: sold.credits,
    amount_minor: sold.price.amountMinor,
    currency: sold.price.currency,
    most_minor: sold.mostMinor ?? null,
    grant_on: sold.grantOn,
    archived_at: null,
  }
  await tx.db
    .insertInto('provider_products')
    .values({ ...key, ...is })
    .onConflict((conflict) => conflict.columns(['provider', 'mode', 'pack', 'fingerprint']).doUpdateSet(is))
    .execute()
}

/** What a product of ours sells, or sold; undefined for one that is not known. */
export async function findSold(
  tx: Transaction,
  { provider, mode, productId }: { provider: string; mode: Mode; productId: string },
): Promise<Sold | undefined> {
  const row = await tx.db
    .selectFrom('provider_products')
    .selectAll()
    .where('provider', '=', provider)
    .where('mode', '=', mode)
    .where('provider_product_id', '=', productId)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (row === undefined || row.unit === null || row.credits_micros === null) return undefined
  if (row.amount_minor === null || row.currency === null) return undefined
  return {
    pack: row.pack,
    packName: row.pack_name ?? row.pack,
    unit: row.unit,
    credits: micros(row.credits_micros),
    price: { amountMinor: row.amount_minor, currency: row.currency },
    mostMinor: row.most_minor ?? undefined,
    grantOn: row.grant_on,
  }
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

/** Which of our customers the provider's is; undefined where none, or several, are it. */
export async function findCustomerAtProvider(
  tx: Transaction,
  { provider, mode, providerCustomerId }: { provider: string; mode: Mode; providerCustomerId: string },
): Promise<string | undefined> {
  const rows = await tx.db
    .selectFrom('provider_customers')
    .select('customer_id')
    .where('provider', '=', provider)
    .where('mode', '=', mode)
    .where('provider_customer_id', '=', providerCustomerId)
    .limit(2)
    .execute()
  return rows.length === 1 ? rows[0]?.customer_id : undefined
}

export async function isCustomer(tx: Transaction, mode: Mode, customer: string): Promise<boolean> {
  const row = await tx.db
    .selectFrom('customers')
    .select('id')
    .where('mode', '=', mode)
    .where('id', '=', customer)
    .executeTakeFirst()
  return row !== undefined
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

/** The customer's ids at the providers. */
export async function listProviderCustomerIds(
  tx: Transaction,
  { mode, customer }: Omit<CustomerKey, 'provider'>,
): Promise<string[]> {
  const rows = await tx.db
    .selectFrom('provider_customers')
    .select('provider_customer_id')
    .where('mode', '=', mode)
    .where('customer_id', '=', customer)
    .execute()
  return rows.map((row) => row.provider_customer_id)
}

export async function deleteProviderCustomers(
  tx: Transaction,
  { mode, customer }: Omit<CustomerKey, 'provider'>,
): Promise<void> {
  await tx.db
    .deleteFrom('provider_customers')
    .where('mode', '=', mode)
    .where('customer_id', '=', customer)
    .execute()
}
