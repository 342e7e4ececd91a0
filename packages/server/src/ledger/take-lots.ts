import type { Transaction } from '../database/database.ts'
import type { Credits } from '../kernel/credits.ts'
import { type Uuid, type WalletOwner, walletId } from '../kernel/ids.ts'
import { invariant } from '../kernel/refusal.ts'
import { addMs } from '../kernel/time.ts'
import { applyOperations } from './apply-operations.ts'
import type { LedgerContext } from './context.ts'
import type { LotView } from './lot-view.ts'
import type { Key } from './operations.ts'
import { readOpenLots } from './read-wallet.ts'
import * as statements from './statements.ts'

export interface TakeLots {
  readonly owner: WalletOwner
  /** Lots that stay whatever is in them. */
  readonly staying: ReadonlySet<Uuid>
  readonly keyOf: (lotId: Uuid) => Key
  /** Stands on the entries. */
  readonly reason: string
}

export interface TakenLot {
  readonly lot: LotView
  /** What was available in it, and is revoked now. */
  readonly credits: Credits
}

/** A lot that expires sooner than the transaction ends would be taken out of what has expired. */
const expiringWithinMs = 60_000

/**
 * Takes what is available in a wallet's lots, so that it can be granted elsewhere: each lot is revoked by just so much. Frozen lots stay, and those that
 * are about to expire; of a wallet that owes everything stays. The caller's rows are locked by now, and no other wallet's.
 */
export async function takeLots(
  tx: Transaction,
  { owner, staying, keyOf, reason }: TakeLots,
  context: LedgerContext,
): Promise<TakenLot[]> {
  const id = walletId(owner)
  await tx.run(statements.lockWallets, [[id]])
  const { wallet, lots, now } = await readOpenLots(tx, id, context)
  if (wallet.debt > 0n) return []
  const soon = addMs(now, expiringWithinMs)
  const taken = lots.filter(
    ({ id: lotId, available, isFrozen, expiresAt }) =>
      available > 0n && !isFrozen && !staying.has(lotId) && (expiresAt === undefined || expiresAt > soon),
  )
  if (taken.length === 0) return []
  const outcomes = await applyOperations(
    tx,
    taken.map((lot) => ({
      kind: 'revoke',
      walletId: id,
      key: keyOf(lot.id),
      lotId: lot.id,
      credits: lot.available,
      spent: 'forgive',
      reason,
    })),
    context,
  )
  for (const [index, outcome] of outcomes.entries()) {
    if (!outcome.ok) throw outcome.refusal
    const expiresAt = taken[index]?.expiresAt
    invariant(expiresAt === undefined || outcome.receipt.at < expiresAt, 'nothing expired is taken')
  }
  return taken.map((lot) => ({ lot, credits: lot.available }))
}
