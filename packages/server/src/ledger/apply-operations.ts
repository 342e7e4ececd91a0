import type { Transaction } from '../database/database.ts'
import type { LedgerContext } from './context.ts'
import type { Operation, Outcome } from './operations.ts'
import { decideBatch } from './run-batch.ts'

/**
 * The door for domain operations whose rows commit together with the credits. Lock the domain rows first; call this last, once.
 * Throw an outcome's refusal to roll everything back.
 */
export async function applyOperations(
  tx: Transaction,
  operations: readonly Operation[],
  context: LedgerContext,
): Promise<Outcome[]> {
  const { outcomes, writes } = await decideBatch(tx, operations, context)
  await tx.runAll(writes)
  return outcomes
}
