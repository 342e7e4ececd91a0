/** How far the verification in the background has come: one row, which processes claim slices of. */
import { sql } from 'kysely'
import type { Transaction } from '../database/database.ts'
import type { Uuid } from '../kernel/ids.ts'
import { invariant } from '../kernel/refusal.ts'
import { addMs } from '../kernel/time.ts'

// Longer than any slice takes: who has not recorded it by then is gone, and the slice is anybody's again.
const leaseMs = 3_600_000

interface Round {
  /** Whether the caller has the next slice. */
  readonly isClaimed: boolean
  /** The slice begins after this wallet: undefined for the first of a round. */
  readonly after: Uuid | undefined
  readonly beganAt: Date
  readonly lastEndedAt: Date | undefined
}

export async function claimSlice(tx: Transaction): Promise<Round> {
  const claimed = await tx.db
    .updateTable('verification')
    .set({
      due_at: addMs(tx.now, leaseMs),
      round_began_at: sql<Date>`case when after_wallet_id is null then ${tx.now} else round_began_at end`,
    })
    .where('due_at', '<=', tx.now)
    .returningAll()
    .executeTakeFirst()
  const row = claimed ?? (await tx.db.selectFrom('verification').selectAll().executeTakeFirst())
  invariant(row, 'the row of the verification is there since its migration')
  return {
    isClaimed: claimed !== undefined,
    after: row.after_wallet_id ?? undefined,
    beganAt: row.round_began_at ?? tx.now,
    lastEndedAt: row.last_round_ended_at ?? undefined,
  }
}

export async function recordSlice(
  tx: Transaction,
  slice: { readonly next: Uuid | undefined; readonly differences: number; readonly dueAt: Date },
): Promise<void> {
  const { next, differences, dueAt } = slice
  const all = sql<number>`round_differences + ${differences}::integer`
  await tx.db
    .updateTable('verification')
    .set({
      after_wallet_id: next ?? null,
      due_at: dueAt,
      ...(next === undefined
        ? { round_differences: 0, last_round_ended_at: tx.now, last_round_differences: all }
        : { round_differences: all }),
    })
    .execute()
}
