/** The statements behind what is shown of payments: of orders, and in lists. */
import { sql } from 'kysely'
import type { Transaction } from '../database/database.ts'
import type { Mode, Uuid } from '../kernel/ids.ts'
import type { Payment, Standing } from './payment.ts'
import { paymentFrom } from './queries.ts'

export interface PaymentsFilter {
  readonly mode: Mode
  /** Any, unless given. */
  readonly standing: Standing | undefined
  readonly limit: number
  /** The last one of the page before. */
  readonly before: { readonly receivedAt: Date; readonly paymentId: string } | undefined
}

/** Those that the provider told of, the last one that came first. */
export async function listPayments(
  tx: Transaction,
  { mode, standing, limit, before }: PaymentsFilter,
): Promise<Payment[]> {
  const rows = await tx.db
    .selectFrom('payments')
    .selectAll()
    .where('mode', '=', mode)
    .where((row) => (standing === undefined ? row.lit(true) : row('standing', '=', standing)))
    .where((row) =>
      before === undefined
        ? row.lit(true)
        : sql<boolean>`(received_at, payment_id) < (${before.receivedAt}::timestamptz, ${before.paymentId})`,
    )
    .orderBy('received_at', 'desc')
    .orderBy('payment_id', 'desc')
    .limit(limit)
    .execute()
  return rows.map(paymentFrom)
}

export interface WaitingPayments {
  readonly unassigned: number
  readonly flagged: number
}

/** How many wait for a person. */
export async function countWaiting(tx: Transaction, mode: Mode): Promise<WaitingPayments> {
  const rows = await tx.db
    .selectFrom('payments')
    .select((row) => ['standing', row.fn.countAll<bigint>().as('count')])
    .where('mode', '=', mode)
    .where('standing', 'in', ['unassigned', 'flagged'])
    .groupBy('standing')
    .execute()
  const countOf = (standing: Standing) => Number(rows.find((row) => row.standing === standing)?.count ?? 0)
  return { unassigned: countOf('unassigned'), flagged: countOf('flagged') }
}

/** Those that succeeded, of the orders. */
export async function listPaidOf(tx: Transaction, orderIds: readonly Uuid[]): Promise<Payment[]> {
  if (orderIds.length === 0) return []
  const rows = await tx.db
    .selectFrom('payments')
    .selectAll()
    .where('order_id', 'in', [...orderIds])
    .where('state', '=', 'succeeded')
    .orderBy('received_at')
    .orderBy('payment_id')
    .execute()
  return rows.map(paymentFrom)
}
