import type { Selectable } from 'kysely'
import type { Transaction } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import { type Credits, micros } from '../kernel/credits.ts'
import type { Mode, Uuid } from '../kernel/ids.ts'
import type { Money } from '../kernel/money.ts'
import type { Key } from '../ledger/operations.ts'
import type { RefundRequest } from './refund-request.ts'

/** Requests with what is known of their refunds: it is the provider's state that counts. */
function requests(tx: Transaction) {
  return tx.db
    .selectFrom('refund_requests')
    .leftJoin('refunds', (join) =>
      join
        .onRef('refunds.provider', '=', 'refund_requests.provider')
        .onRef('refunds.payment_id', '=', 'refund_requests.payment_id')
        .on((on) =>
          on.or([
            on('refunds.request_id', '=', on.ref('refund_requests.id')),
            on('refunds.refund_id', '=', on.ref('refund_requests.refund_id')),
          ]),
        ),
    )
    .selectAll('refund_requests')
    .select([
      'refunds.state as refund_state',
      'refunds.refund_id as known_refund_id',
      'refunds.amount_minor as refunded_minor',
      'refunds.currency as refunded_currency',
    ])
}

type Row = Selectable<Tables['refund_requests']> & {
  readonly refund_state: Selectable<Tables['refunds']>['state'] | null
  readonly known_refund_id: string | null
  readonly refunded_minor: bigint | null
  readonly refunded_currency: string | null
}

const failedAtProvider =
  'The payment provider could not give the money back. Look at the refund in its dashboard.'

function requestFrom(row: Row): RefundRequest {
  const state = row.refund_state ?? (row.failure === null ? 'asked' : 'failed')
  const isRefunded = state === 'succeeded' && row.refunded_minor !== null && row.refunded_currency !== null
  return {
    id: row.id,
    mode: row.mode as Mode,
    provider: row.provider,
    paymentId: row.payment_id,
    orderId: row.order_id,
    kind: row.kind,
    amount: isRefunded
      ? { amountMinor: row.refunded_minor ?? 0n, currency: row.refunded_currency ?? '' }
      : { amountMinor: row.amount_minor, currency: row.currency },
    credits: row.credits_micros === null ? undefined : micros(row.credits_micros),
    reason: row.reason ?? undefined,
    actor: row.actor ?? undefined,
    state,
    failure: state === 'failed' ? (row.failure ?? failedAtProvider) : undefined,
    refundId: row.known_refund_id ?? row.refund_id ?? undefined,
    sends: row.sends,
    looks: row.looks,
    createdAt: row.created_at,
  }
}

export async function findRequest(tx: Transaction, id: Uuid): Promise<RefundRequest | undefined> {
  const row = await requests(tx).where('refund_requests.id', '=', id).executeTakeFirst()
  return row === undefined ? undefined : requestFrom(row)
}

export interface KeyedRequest {
  readonly request: RefundRequest
  readonly fingerprint: bigint
}

export async function findRequestByKey(
  tx: Transaction,
  { orderId, keyId }: { readonly orderId: Uuid; readonly keyId: Uuid },
): Promise<KeyedRequest | undefined> {
  const row = await requests(tx)
    .where('refund_requests.order_id', '=', orderId)
    .where('refund_requests.key', '=', keyId)
    .executeTakeFirst()
  return row === undefined ? undefined : { request: requestFrom(row), fingerprint: row.fingerprint }
}

/** Oldest first. */
export async function listRequestsOf(
  tx: Transaction,
  { provider, paymentId }: { readonly provider: string; readonly paymentId: string },
): Promise<RefundRequest[]> {
  const rows = await requests(tx)
    .where('refund_requests.provider', '=', provider)
    .where('refund_requests.payment_id', '=', paymentId)
    .orderBy('refund_requests.created_at')
    .orderBy('refund_requests.id')
    .execute()
  return rows.map(requestFrom)
}

export interface NewRequest
  extends Pick<
    RefundRequest,
    'id' | 'mode' | 'provider' | 'paymentId' | 'orderId' | 'kind' | 'amount' | 'credits' | 'reason' | 'actor'
  > {
  readonly key: Key
  readonly lookAt: Date
}

export async function insertRequest(tx: Transaction, request: NewRequest): Promise<void> {
  await tx.db
    .insertInto('refund_requests')
    .values({
      id: request.id,
      mode: request.mode,
      provider: request.provider,
      payment_id: request.paymentId,
      order_id: request.orderId,
      kind: request.kind,
      amount_minor: request.amount.amountMinor,
      currency: request.amount.currency,
      credits_micros: request.credits ?? null,
      reason: request.reason ?? null,
      actor: request.actor ?? null,
      key: request.key.id,
      fingerprint: request.key.fingerprint,
      sends: 1,
      look_at: request.lookAt,
      created_at: tx.now,
    })
    .execute()
}

export async function setAsked(
  tx: Transaction,
  id: Uuid,
  { amount, credits }: { readonly amount: Money; readonly credits: Credits | undefined },
): Promise<void> {
  await tx.db
    .updateTable('refund_requests')
    .set({ amount_minor: amount.amountMinor, credits_micros: credits ?? null })
    .where('id', '=', id)
    .execute()
}

export async function setRefund(tx: Transaction, id: Uuid, refundId: string): Promise<void> {
  await tx.db.updateTable('refund_requests').set({ refund_id: refundId }).where('id', '=', id).execute()
}

export async function setFailure(tx: Transaction, id: Uuid, failure: string): Promise<void> {
  await tx.db.updateTable('refund_requests').set({ failure, look_at: null }).where('id', '=', id).execute()
}

/** Undefined where nothing is to be looked after any more. */
export async function setLook(
  tx: Transaction,
  id: Uuid,
  { looks, lookAt }: { readonly looks: number; readonly lookAt: Date | undefined },
): Promise<void> {
  await tx.db
    .updateTable('refund_requests')
    .set({ looks, look_at: lookAt ?? null })
    .where('id', '=', id)
    .where('failure', 'is', null)
    .execute()
}

/** Counts one more sending, unless somebody else has counted one since the request was read. Answers whether it did. */
export async function countSend(
  tx: Transaction,
  { id, sends }: Pick<RefundRequest, 'id' | 'sends'>,
  lookAt: Date,
): Promise<boolean> {
  const { numUpdatedRows } = await tx.db
    .updateTable('refund_requests')
    .set({ sends: sends + 1, look_at: lookAt })
    .where('id', '=', id)
    .where('sends', '=', sends)
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}

/** Those that are due, put off until then: whoever takes them looks after them meanwhile. */
export async function takeDue(
  tx: Transaction,
  {
    provider,
    mode,
    limit,
    until,
  }: {
    readonly provider: string
    readonly mode: Mode
    readonly limit: number
    readonly until: Date
  },
): Promise<Uuid[]> {
  const due = await tx.db
    .selectFrom('refund_requests')
    .select('id')
    .where('look_at', '<=', tx.now)
    .where('provider', '=', provider)
    .where('mode', '=', mode)
    .orderBy('look_at')
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .execute()
  const ids = due.map(({ id }) => id)
  if (ids.length > 0)
    await tx.db.updateTable('refund_requests').set({ look_at: until }).where('id', 'in', ids).execute()
  return ids
}
