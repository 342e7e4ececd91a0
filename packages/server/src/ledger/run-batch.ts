import type { Request, Session } from '../database/database.ts'
import type { Uuid } from '../kernel/ids.ts'
import { invariant } from '../kernel/refusal.ts'
import type { LedgerContext } from './context.ts'
import { WalletDraft } from './draft.ts'
import { loadBatch } from './load.ts'
import type { Operation, Outcome } from './operations.ts'
import { writesOf } from './write.ts'

/** The outcomes are true once the writes are committed. */
export interface DecidedBatch {
  readonly outcomes: Outcome[]
  readonly writes: readonly Request[]
}

/**
 * Load and decide: many operations on a few wallets, in the session's transaction. Whoever calls it writes and commits.
 * One operation's refusal leaves its neighbours alone. Operations on one wallet are decided in their order here.
 */
export async function decideBatch(
  session: Session,
  operations: readonly Operation[],
  context: LedgerContext,
): Promise<DecidedBatch> {
  const loaded = await loadBatch(session, operations, context)
  const hasRepeats = new Set(operations.map((operation) => operation.key.id)).size < operations.length
  const drafts = new Map<Uuid, WalletDraft>()
  const outcomes = operations.map((operation): Outcome => {
    let draft = drafts.get(operation.walletId)
    if (draft === undefined) {
      const wallet = loaded.get(operation.walletId)
      invariant(wallet, 'every wallet that an operation names is loaded')
      draft = new WalletDraft(wallet, context.newId, hasRepeats)
      drafts.set(operation.walletId, draft)
    }
    return draft.apply(operation)
  })
  return { outcomes, writes: writesOf([...drafts.values()].flatMap((draft) => draft.changes() ?? [])) }
}
