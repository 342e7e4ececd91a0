import type { Transaction } from '../database/database.ts'
import { type Credits, micros } from '../kernel/credits.ts'
import type { IdInWallet } from '../kernel/ids.ts'
import { Fault } from '../kernel/refusal.ts'
import type { LedgerContext } from '../ledger/context.ts'
import { lockLots } from '../ledger/lock-lots.ts'
import type { LotView } from '../ledger/lot-view.ts'
import { readLot } from '../ledger/read-wallet.ts'
import { type Whereabouts, whereLotWent } from '../merges/where-lot-went.ts'
import type { Bought } from './payment.ts'

/** A lot with credits of a payment. */
export interface LotOfPayment extends IdInWallet {
  readonly lot: LotView
  /** What can be revoked of it, whatever became of it. */
  readonly revocable: Credits
}

/**
 * Where the credits that a payment bought are: in the lot that was granted, which is the last here, and before it in those of customers that its
 * customer was merged into. All wallets are locked, in the order of their ids.
 *
 * @throws Fault credits_on_their_way while a merge takes them elsewhere: that is over in a moment, and then it can be tried again
 */
export async function lockLotsOfPayment(
  tx: Transaction,
  { walletId, lotId }: Bought,
  ledger: LedgerContext,
): Promise<LotOfPayment[]> {
  const first = { walletId, id: lotId }
  const before = await whereLotWent(tx, first)
  const locked = await lockLots(tx, before.lots, ledger)
  // Under the lock nobody takes more; what was taken until now is known now.
  const after = await whereLotWent(tx, first)
  if (after.isOnItsWay || !isSame(before, after)) throw creditsOnTheirWay()
  return locked.map((one) => ({
    ...one,
    revocable: micros(one.lot.granted - one.lot.revoked - one.lot.pending),
  }))
}

/** The same lots as they are now, with nothing locked. */
export async function readLotsOfPayment(
  tx: Transaction,
  { walletId, lotId }: Bought,
  ledger: LedgerContext,
): Promise<LotView[]> {
  const { lots } = await whereLotWent(tx, { walletId, id: lotId })
  const found: LotView[] = []
  for (const id of lots) {
    // oxlint-disable-next-line no-await-in-loop
    const read = await readLot(tx, id, ledger)
    if (read !== undefined) found.push(read.lot)
  }
  return found
}

function isSame(before: Whereabouts, after: Whereabouts): boolean {
  return before.lots.length === after.lots.length
}

function creditsOnTheirWay(): Fault {
  return new Fault(
    'credits_on_their_way',
    'A merge is taking credits of this purchase to another customer. It is over in a moment: try again.',
    { retryable: true },
  )
}
