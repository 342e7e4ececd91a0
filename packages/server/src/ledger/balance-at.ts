import { sql } from 'kysely'
import type { Transaction } from '../database/database.ts'
import { type Credits, micros } from '../kernel/credits.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { LedgerContext } from './context.ts'
import { readWalletNow } from './read-wallet.ts'

/** What was in a wallet at a past instant. */
export interface PastBalance {
  readonly available: Credits
  readonly held: Credits
  readonly debt: Credits
}

/**
 * The sums of the entries that had happened by then. What time alone did counts from when it happened, also when it was recorded later, or is not
 * recorded yet.
 */
export async function readBalanceAt(
  tx: Transaction,
  id: Uuid,
  at: Date,
  context: LedgerContext,
): Promise<PastBalance> {
  const current = await readWalletNow(tx, id, { ...context, clock: () => at })
  if (current.updatedAt === undefined || current.updatedAt <= at) {
    const { available, held, debt } = current.wallet
    return { available, held, debt }
  }
  const { rows } = await sql<{ available: bigint | null; held: bigint | null; debt: bigint | null }>`
    select sum(case when to_account = 'available' then amount_micros when from_account = 'available' then -amount_micros end)::bigint as available,
      sum(case when to_account = 'held' then amount_micros when from_account = 'held' then -amount_micros end)::bigint as held,
      sum(case when from_account = 'debt' then amount_micros when to_account = 'debt' then -amount_micros end)::bigint as debt
    from entries where wallet_id = ${id} and coalesce(effective_at, recorded_at) <= ${at}`.execute(tx.db)
  const [sums] = rows
  return {
    available: micros(sums?.available ?? 0n),
    held: micros(sums?.held ?? 0n),
    debt: micros(sums?.debt ?? 0n),
  }
}
