import { type Selectable, sql } from 'kysely'
import type { Transaction } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import type { Mode, Uuid } from '../kernel/ids.ts'
import { addMs, dayMs } from '../kernel/time.ts'
import type { Payment } from '../payments/payment.ts'
import { paymentFrom } from '../payments/queries.ts'
import type { Walk } from '../providers/provider.ts'
import type { ProviderDispute, RefundState } from '../providers/told.ts'
import { type Finding, noReads, type Reads, type Reconciliation } from './reconciliation.ts'

export interface Walked {
  readonly provider: string
  readonly mode: Mode
}

export async function insertReconciliation(
  tx: Transaction,
  { provider, mode }: Walked,
  { id, from, isDryRun }: { readonly id: Uuid; readonly from: Date; readonly isDryRun: boolean },
): Promise<void> {
  await tx.db
    .insertInto('reconciliations')
    .values({ id, provider, mode, from_at: from, began_at: tx.now, is_dry_run: isDryRun })
    .execute()
}

export async function endReconciliation(
  tx: Transaction,
  id: Uuid,
  ended: { readonly reads: Reads; readonly findings: readonly Finding[]; readonly error: string | undefined },
): Promise<Reconciliation> {
  const row = await tx.db
    .updateTable('reconciliations')
    .set({
      ended_at: tx.now,
      reads: JSON.stringify(ended.reads),
      findings: JSON.stringify(ended.findings),
      error: ended.error ?? null,
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
  await forgetOld(tx)
  return reconciliationFrom(row)
}

const keptMs = 90 * dayMs

/** Those long past; what they found is with its payments. A few each time. */
async function forgetOld(tx: Transaction): Promise<void> {
  await sql`delete from reconciliations where id in (
    select id from reconciliations where began_at < ${addMs(tx.now, -keptMs)} order by began_at limit 100)`.execute(
    tx.db,
  )
}

/** Newest first. */
export async function listReconciliations(
  tx: Transaction,
  { provider, mode }: Walked,
  limit: number,
): Promise<Reconciliation[]> {
  const rows = await tx.db
    .selectFrom('reconciliations')
    .selectAll()
    .where('provider', '=', provider)
    .where('mode', '=', mode)
    .orderBy('began_at', 'desc')
    .limit(limit)
    .execute()
  return rows.map(reconciliationFrom)
}

/** The last one that ended; one that only looked tells nothing of how the books are. */
export async function findLastEnded(
  tx: Transaction,
  { provider, mode }: Walked,
): Promise<Reconciliation | undefined> {
  const row = await ended(tx, { provider, mode }).selectAll().executeTakeFirst()
  return row === undefined ? undefined : reconciliationFrom(row)
}

/** When the last one ended that settled all it looked at. */
export async function findLastSuccess(
  tx: Transaction,
  { provider, mode }: Walked,
): Promise<Date | undefined> {
  const row = await ended(tx, { provider, mode })
    .select('ended_at')
    .where('error', 'is', null)
    .executeTakeFirst()
  return row?.ended_at ?? undefined
}

function ended(tx: Transaction, { provider, mode }: Walked) {
  return tx.db
    .selectFrom('reconciliations')
    .where('provider', '=', provider)
    .where('mode', '=', mode)
    .where('is_dry_run', '=', false)
    .where('ended_at', 'is not', null)
    .orderBy('began_at', 'desc')
    .limit(1)
}

/** Up to where everything is settled; undefined before the first walk came anywhere. */
export async function findWatermark(tx: Transaction, { provider, mode }: Walked): Promise<Date | undefined> {
  const row = await tx.db
    .selectFrom('watermarks')
    .select('settled_until')
    .where('provider', '=', provider)
    .where('mode', '=', mode)
    .executeTakeFirst()
  return row?.settled_until ?? undefined
}

/** Never back. */
export async function advanceWatermark(
  tx: Transaction,
  { provider, mode }: Walked,
  until: Date,
): Promise<void> {
  await tx.db
    .insertInto('watermarks')
    .values({ provider, mode, settled_until: until, walked_at: tx.now })
    .onConflict((conflict) =>
      conflict.columns(['provider', 'mode']).doUpdateSet({
        settled_until: sql`greatest(watermarks.settled_until, excluded.settled_until)`,
        walked_at: tx.now,
      }),
    )
    .execute()
}

/** Whether a walk is due, and the caller's: of several that ask at once, one's. */
export async function claimWalk(
  tx: Transaction,
  { provider, mode }: Walked,
  { lastBefore }: { readonly lastBefore: Date },
): Promise<boolean> {
  await tx.db
    .insertInto('watermarks')
    .values({ provider, mode, settled_until: null, walked_at: null })
    .onConflict((conflict) => conflict.columns(['provider', 'mode']).doNothing())
    .execute()
  const row = await tx.db
    .updateTable('watermarks')
    .set({ walked_at: tx.now })
    .where('provider', '=', provider)
    .where('mode', '=', mode)
    .where((mark) => mark.or([mark('walked_at', 'is', null), mark('walked_at', '<=', lastBefore)]))
    .returning('provider')
    .executeTakeFirst()
  return row !== undefined
}

/** That a walk is still at work: nobody else begins one. */
export async function giveSign(tx: Transaction, { provider, mode }: Walked): Promise<void> {
  await tx.db
    .updateTable('watermarks')
    .set({ walked_at: tx.now })
    .where('provider', '=', provider)
    .where('mode', '=', mode)
    .execute()
}

// More than a walk should ask for one by one; the next ones take the rest.
const askedMax = 1000

/**
 * What is asked for by its id is asked for later and later: when a tenth of its age has passed since it was last heard of. A payment that its customer left standing
 * is under way for good, and must not be a call of every walk.
 */
function isToBeAskedFor(tx: Transaction, madeBefore: Date) {
  return sql<boolean>`(created_at is null or created_at < ${madeBefore})
    and (as_of is null or ${tx.now}::timestamptz - as_of >= (${tx.now}::timestamptz - coalesce(created_at, received_at)) / 10)`
}

/** The ids of payments that had not come to their end when they were last heard of. */
export async function listUnderWay(
  tx: Transaction,
  { provider, mode }: Walked,
  madeBefore: Date,
): Promise<string[]> {
  const rows = await tx.db
    .selectFrom('payments')
    .select('payment_id')
    .where('provider', '=', provider)
    .where('mode', '=', mode)
    .where('state', '=', 'processing')
    .where(isToBeAskedFor(tx, madeBefore))
    .limit(askedMax)
    .execute()
  return rows.map((row) => row.payment_id)
}

export async function listRefundsUnderWay(
  tx: Transaction,
  { provider, mode }: Walked,
  madeBefore: Date,
): Promise<string[]> {
  const rows = await tx.db
    .selectFrom('refunds')
    .select('refund_id')
    .where('provider', '=', provider)
    .where('mode', '=', mode)
    .where('state', 'in', ['pending', 'review'])
    .where(isToBeAskedFor(tx, madeBefore))
    .limit(askedMax)
    .execute()
  return rows.map((row) => row.refund_id)
}

export async function listUndecided(
  tx: Transaction,
  { provider, mode }: Walked,
  madeBefore: Date,
): Promise<string[]> {
  const rows = await tx.db
    .selectFrom('disputes')
    .select('dispute_id')
    .where('provider', '=', provider)
    .where('mode', '=', mode)
    .where('state', 'in', ['open', 'expired'])
    .where(isToBeAskedFor(tx, madeBefore))
    .limit(askedMax)
    .execute()
  return rows.map((row) => row.dispute_id)
}

export async function findRefundState(
  tx: Transaction,
  { provider }: Walked,
  refundId: string,
): Promise<RefundState | undefined> {
  const row = await tx.db
    .selectFrom('refunds')
    .select('state')
    .where('provider', '=', provider)
    .where('refund_id', '=', refundId)
    .executeTakeFirst()
  return row?.state
}

export async function findDispute(
  tx: Transaction,
  { provider }: Walked,
  disputeId: string,
): Promise<Pick<ProviderDispute, 'state' | 'stage'> | undefined> {
  return tx.db
    .selectFrom('disputes')
    .select(['state', 'stage'])
    .where('provider', '=', provider)
    .where('dispute_id', '=', disputeId)
    .executeTakeFirst()
}

export interface AwaitingCredits {
  readonly paymentId: string
  readonly providerCustomerId: string
  readonly entitlementId: string
}

/** Paid purchases whose credits are still to come from the provider's credit system. */
export async function listAwaitingCredits(
  tx: Transaction,
  { provider, mode }: Walked,
): Promise<AwaitingCredits[]> {
  const rows = await tx.db
    .selectFrom('payments')
    .innerJoin('orders', 'orders.id', 'payments.order_id')
    .innerJoin('provider_entitlements', (join) =>
      join
        .onRef('provider_entitlements.provider', '=', 'orders.provider')
        .onRef('provider_entitlements.mode', '=', 'orders.mode')
        .onRef('provider_entitlements.unit', '=', 'orders.unit'),
    )
    .select(['payments.payment_id', 'payments.provider_customer_id', 'provider_entitlements.entitlement_id'])
    .where('payments.standing', '=', 'awaiting_credits')
    .where('payments.provider', '=', provider)
    .where('payments.mode', '=', mode)
    .execute()
  return rows.flatMap((row) =>
    row.provider_customer_id === null
      ? []
      : {
          paymentId: row.payment_id,
          providerCustomerId: row.provider_customer_id,
          entitlementId: row.entitlement_id,
        },
  )
}

/** Succeeded payments of the window, a page by their ids. */
export async function listSucceeded(
  tx: Transaction,
  { provider, mode }: Walked,
  { from, to, after, limit }: Walk & { readonly after: string; readonly limit: number },
): Promise<Payment[]> {
  const rows = await tx.db
    .selectFrom('payments')
    .selectAll()
    .where('provider', '=', provider)
    .where('mode', '=', mode)
    .where('state', '=', 'succeeded')
    .where('created_at', '>=', from)
    .$if(to !== undefined, (query) => query.where('created_at', '<=', to ?? from))
    .where('payment_id', '>', after)
    .orderBy('payment_id')
    .limit(limit)
    .execute()
  return rows.map(paymentFrom)
}

function reconciliationFrom(row: Selectable<Tables['reconciliations']>): Reconciliation {
  return {
    id: row.id,
    from: row.from_at,
    beganAt: row.began_at,
    endedAt: row.ended_at ?? undefined,
    reads: { ...noReads, ...(row.reads as Partial<Reads>) },
    findings: row.findings as Finding[],
    error: row.error ?? undefined,
    isDryRun: row.is_dry_run,
  }
}
