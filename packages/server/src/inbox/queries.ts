import { type ExpressionBuilder, type Selectable, sql } from 'kysely'
import type { Transaction } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import type { Uuid } from '../kernel/ids.ts'

export type MessageState = 'received' | 'processed' | 'ignored' | 'flagged'

export interface MessageKey {
  readonly provider: string
  readonly messageId: string
}

export interface NewMessage extends MessageKey {
  readonly eventType: string
  /** The payment, refund, dispute … that it tells of. */
  readonly entityId: string | undefined
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
      entity_id: message.entityId ?? null,
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
  readonly entityId: string | undefined
  readonly orderId: Uuid | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly state: MessageState
  readonly attempts: number
  readonly note: string | undefined
  readonly receivedAt: Date
  /** When it was settled last. */
  readonly processedAt: Date | undefined
  /** Whether its body is gone, with the customer whom it was about. */
  readonly isErased: boolean
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

export interface Settlement {
  readonly state: MessageState
  readonly note: string | undefined
  readonly orderId?: Uuid | undefined
}

/** Settles a message that waits. One that was settled meanwhile stays as it is. */
export async function settleMessage(tx: Transaction, key: MessageKey, settlement: Settlement): Promise<void> {
  await settling(tx, key, settlement).where('state', '=', 'received').execute()
}

/** Settles a message whatever it is, for it was played again. */
export async function settleAgain(tx: Transaction, key: MessageKey, settlement: Settlement): Promise<void> {
  await settling(tx, key, settlement).execute()
}

function settling(tx: Transaction, key: MessageKey, { state, note, orderId }: Settlement) {
  return tx.db
    .updateTable('inbox')
    .set({
      state,
      note: note ?? null,
      processed_at: state === 'received' ? null : tx.now,
      ...(orderId === undefined ? {} : { order_id: orderId }),
    })
    .where('provider', '=', key.provider)
    .where('message_id', '=', key.messageId)
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

/** All of the conditions that are given hold. */
export interface MessageFilter {
  readonly orderId?: Uuid | undefined
  readonly state?: MessageState | undefined
  readonly eventType?: string | undefined
  readonly entityId?: string | undefined
  /** Came then or later. */
  readonly from?: Date | undefined
  /** Came before. */
  readonly until?: Date | undefined
}

/** A place between messages, in the order in which they came. */
export interface MessagePlace {
  readonly receivedAt: Date
  readonly messageId: string
}

/** Newest first. */
export async function listMessages(
  tx: Transaction,
  filter: MessageFilter & { readonly limit: number; readonly before?: MessagePlace | undefined },
): Promise<Message[]> {
  const { limit, before } = filter
  const rows = await tx.db
    .selectFrom('inbox')
    .selectAll()
    .where(conditions(filter))
    .$if(before !== undefined, (query) => query.where(isBeyond(before, '<')))
    .orderBy('received_at', 'desc')
    .orderBy('message_id', 'desc')
    .limit(limit)
    .execute()
  return rows.map(messageFrom)
}

export interface ListedKey extends MessageKey, MessagePlace {}

/** In the order in which they came. */
export async function listKeys(
  tx: Transaction,
  filter: MessageFilter & { readonly limit: number; readonly after?: MessagePlace | undefined },
): Promise<ListedKey[]> {
  const { limit, after } = filter
  const rows = await tx.db
    .selectFrom('inbox')
    .select(['provider', 'message_id', 'received_at'])
    .where(conditions(filter))
    .$if(after !== undefined, (query) => query.where(isBeyond(after, '>')))
    .orderBy('received_at')
    .orderBy('message_id')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    provider: row.provider,
    messageId: row.message_id,
    receivedAt: row.received_at,
  }))
}

function conditions({ orderId, state, eventType, entityId, from, until }: MessageFilter) {
  return (row: ExpressionBuilder<Tables, 'inbox'>) =>
    row.and([
      ...(orderId === undefined ? [] : [row('order_id', '=', orderId)]),
      ...(state === undefined ? [] : [row('state', '=', state)]),
      ...(eventType === undefined ? [] : [row('event_type', '=', eventType)]),
      ...(entityId === undefined ? [] : [row('entity_id', '=', entityId)]),
      ...(from === undefined ? [] : [row('received_at', '>=', from)]),
      ...(until === undefined ? [] : [row('received_at', '<', until)]),
    ])
}

function isBeyond(place: MessagePlace | undefined, side: '<' | '>') {
  return sql<boolean>`(received_at, message_id) ${sql.raw(side)} (${place?.receivedAt}::timestamptz, ${place?.messageId}::text)`
}

export async function findMessage(tx: Transaction, key: MessageKey): Promise<Message | undefined> {
  const row = await tx.db
    .selectFrom('inbox')
    .selectAll()
    .where('provider', '=', key.provider)
    .where('message_id', '=', key.messageId)
    .executeTakeFirst()
  return row === undefined ? undefined : messageFrom(row)
}

/** How many wait to be processed, and how many for a person. */
export interface OpenMessages {
  readonly received: number
  readonly flagged: number
}

export async function countOpen(tx: Transaction): Promise<OpenMessages> {
  const rows = await tx.db
    .selectFrom('inbox')
    .select((row) => ['state', row.fn.countAll<bigint>().as('count')])
    .where('state', 'in', ['received', 'flagged'])
    .groupBy('state')
    .execute()
  const countOf = (state: MessageState) => Number(rows.find((row) => row.state === state)?.count ?? 0)
  return { received: countOf('received'), flagged: countOf('flagged') }
}

function messageFrom(row: Selectable<Tables['inbox']>): Message {
  return {
    provider: row.provider,
    messageId: row.message_id,
    eventType: row.event_type,
    entityId: row.entity_id ?? undefined,
    orderId: row.order_id ?? undefined,
    headers: row.headers,
    body: row.body,
    state: row.state,
    attempts: row.attempts,
    note: row.note ?? undefined,
    receivedAt: row.received_at,
    processedAt: row.processed_at ?? undefined,
    isErased: row.body === erasedBody,
  }
}
