import type { Transaction } from '../database/database.ts'
import { applyOperations } from '../ledger/apply-operations.ts'
import type { LedgerContext } from '../ledger/context.ts'
import { lotOutOfTime } from '../ledger/errors.ts'
import { grantsOf, type Taking, type TakingKey } from './merge.ts'
import * as queries from './queries.ts'

/**
 * Grants what was taken to the other customer. Safe to repeat; undefined when it had arrived before.
 *
 * @throws walletFull, and then it stays on its way
 */
export async function bringCredits(
  tx: Transaction,
  key: TakingKey,
  context: LedgerContext,
): Promise<Taking | undefined> {
  const taking = await queries.lockTaking(tx, key)
  if (taking === undefined) return undefined
  await queries.markArrived(tx, key)
  // Should the other one have been merged away since, it goes on from there at once.
  await queries.setNextLook(tx, { mode: taking.mode, customer: taking.into }, tx.now)
  const outcomes = await applyOperations(tx, grantsOf(taking), context)
  for (const outcome of outcomes) {
    // What expired on its way would have expired where it was.
    if (!outcome.ok && outcome.refusal.code !== lotOutOfTime.definition.code) throw outcome.refusal
  }
  return taking
}
