import type { Selectable } from 'kysely'
import type { Transaction } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import type { Mode, Uuid } from '../kernel/ids.ts'
import type { Payment } from '../payments/payment.ts'
import { paymentFrom } from '../payments/queries.ts'
import type { DisputeState, RefundState } from '../providers/told.ts'
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
  return reconciliationFrom(row)
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

/** Up to where everything is settled: the beginning of the last walk that came to its end. */
export async function findWatermark(tx: Transaction, { provider, mode }: Walked): Promise<Date | undefined> {
  const row = await tx.db
    .selectFrom('reconciliations')
    .select('began_at')
    .where('provider', '=', provider)
    .where('mode', '=', mode)
    .where('is_dry_run', '=', false)
    .where('ended_at', 'is not', null)
    .where('error', 'is', null)
    .orderBy('began_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.began_at
}

/** When a walk last began, whoever did it and whatever came of it. */
export async function findLastBegun(tx: Transaction, { provider, mode }: Walked): Promise<Date | undefined> {
  const row = await tx.db
    .selectFrom('reconciliations')
    .select('began_at')
    .where('provider', '=', provider)
    .where('mode', '=', mode)
    .orderBy('began_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.began_at
}

/** The ids of payments that had not come to their end when they were last heard of. */
export async function listUnderWay(tx: Transaction, { provider, mode }: Walked): Promise<string[]> {
  const rows = await tx.db
    .selectFrom('payments')
    .select('payment_id')
    .where('provider', '=', provider)
    .where('mode', '=', mode)
    .where('state', '=', 'processing')
    .execute()
  return rows.map((row) => row.payment_id)
}

export async function listRefundsUnderWay(tx: Transaction, { provider, mode }: Walked): Promise<string[]> {
  const rows = await tx.db
    .selectFrom('refunds')
    .select('refund_id')
    .where('provider', '=', provider)
    .where('mode', '=', mode)
    .where('state', 'in', ['pending', 'review'])
    .execute()
  return rows.map((row) => row.refund_id)
}

export async function listUndecided(tx: Transaction, { provider, mode }: Walked): Promise<string[]> {
  const rows = await tx.db
    .selectFrom('disputes')
    .select('dispute_id')
    .where('provider', '=', provider)
    .where('mode', '=', mode)
    .where('state', 'in', ['open', 'expired'])
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

export async function findDisputeState(
  tx: Transaction,
  { provider }: Walked,
  disputeId: string,
): Promise<DisputeState | undefined> {
  const row = await tx.db
    .selectFrom('disputes')
    .select('state')
    .where('provider', '=', provider)
    .where('dispute_id', '=', disputeId)
    .executeTakeFirst()
  return row?.state
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

/** Succeeded payments of the time walked over, a page by their ids. */
export async function listSucceeded(
  tx: Transaction,
  { provider, mode }: Walked,
  { from, after, limit }: { readonly from: Date; readonly after: string; readonly limit: number },
): Promise<Payment[]> {
  const rows = await tx.db
    .selectFrom('payments')
    .selectAll()
    .where('provider', '=', provider)
    .where('mode', '=', mode)
    .where('state', '=', 'succeeded')
    .where('created_at', '>=', from)
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
