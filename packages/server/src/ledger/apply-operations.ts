import type { Transaction } from '../database/database.ts'
import type { LedgerContext } from './context.ts'
import type { Operation, Outcome } from './operations.ts'
import { runBatch } from './run-batch.ts'

/**
 * The door for domain operations whose rows commit together with the credits. Lock the domain rows first; call this last, once.
 * Throw an outcome's refusal to roll everything back.
 */
export function applyOperations(
  tx: Transaction,
  operations: readonly Operation[],
  context: LedgerContext,
): Promise<Outcome[]> {
  return runBatch(tx, operations, context)
}
