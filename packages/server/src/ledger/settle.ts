import { type Credits, micros, smaller, total, zeroCredits } from '../kernel/credits.ts'
import type { Entry } from './entry.ts'
import { countChange, type LimitChange } from './limits.ts'
import type { LotUpdate } from './lot.ts'
import { Posting, takeInOrder } from './posting.ts'
import {
  canRepay,
  type Debt,
  type Hold,
  isExpired,
  type OpenLot,
  remainingShares,
  type Wallet,
} from './wallet.ts'

/** A wallet with what time alone did to it applied: what the next reader must see, whether or not a job has run. */
export interface Settled {
  readonly wallet: Wallet
  readonly debts: readonly Debt[]
  readonly entries: readonly Entry[]
  /** The holds that lapsed, ended. */
  readonly lapsed: readonly Hold[]
  readonly limitChanges: readonly LimitChange[]
  readonly lotUpdates: readonly LotUpdate[]
}

/**
 * Applies up to `now`, each at its own instant: lots that expire, holds that lapse, lots that start and repay.
 *
 * @param due the wallet's live holds whose time is over at `now`; others are passed over
 */
export function settle(wallet: Wallet, debts: readonly Debt[], due: readonly Hold[], now: Date): Settled {
  let lapsing = due.filter((hold) => hold.state === 'placed' && hold.expiresAt <= now)
  if (lapsing.length === 0 && !changesByTime(wallet, now))
    return { wallet, debts, entries: [], lapsed: [], limitChanges: [], lotUpdates: [] }
  lapsing = lapsing.toSorted(
    (a, b) => a.expiresAt.getTime() - b.expiresAt.getTime() || (a.id < b.id ? -1 : 1),
  )

  const posting = new Posting(wallet, debts)
  const lapsed: Hold[] = []
  const limitChanges: LimitChange[] = []
  for (;;) {
    const expiring = earliest(posting.wallet.lots, (lot) => (lot.available > 0n ? lot.expiresAt : undefined))
    const starting = posting.wallet.debt === 0n ? undefined : earliest(posting.wallet.lots, startsToRepayAt)
    const hold = lapsing[0]
    const at = [expiring?.at, hold?.expiresAt, starting?.at]
      .filter((instant) => instant !== undefined && instant <= now)
      .toSorted((a, b) => Number(a) - Number(b))[0]
    if (at === undefined) break
    // At the same instant: expiries before lapses before starts.
    if (expiring?.at.getTime() === at.getTime()) expire(posting, expiring.lot, at)
    else if (hold?.expiresAt.getTime() === at.getTime()) {
      const ended = lapse(posting, hold)
      lapsed.push(ended)
      limitChanges.push(...countChange(hold, ended))
      lapsing = lapsing.slice(1)
    }
    posting.repay(at)
  }
  const { wallet: settled, debts: left, entries, lotUpdates } = posting
  return { wallet: settled, debts: left, entries, lapsed, limitChanges, lotUpdates }
}

function changesByTime({ lots, debt }: Wallet, now: Date): boolean {
  return lots.some((lot) => lot.available > 0n && (isExpired(lot, now) || (debt > 0n && canRepay(lot, now))))
}

interface Change {
  readonly lot: OpenLot
  readonly at: Date
}

/** The first in time, and of those in burn order. */
function earliest(
  lots: readonly OpenLot[],
  instantOf: (lot: OpenLot) => Date | undefined,
): Change | undefined {
  let first: Change | undefined
  for (const lot of lots) {
    const at = instantOf(lot)
    if (at !== undefined && (first === undefined || at < first.at)) first = { lot, at }
  }
  return first
}

function startsToRepayAt(lot: OpenLot): Date | undefined {
  return lot.available > 0n && canRepay(lot, lot.effectiveAt) ? lot.effectiveAt : undefined
}

function expire(posting: Posting, lot: OpenLot, at: Date): void {
  posting.begin({ operation: 'expire', at })
  posting.move({ lotId: lot.id, from: 'available', to: 'expired', amount: lot.available })
}

/** Ends the hold by its policy: charges what it says of what is still held, and gives back the rest. */
function lapse(posting: Posting, hold: Hold): Hold {
  const at = hold.expiresAt
  const remaining = remainingShares(hold)
  const { taken, sum } = takeInOrder(
    remaining,
    smaller(chargedAtLapse(hold), total(remaining.map((share) => share.amount))),
  )
  posting.begin({ ...hold, operation: 'lapse', at, holdId: hold.id })
  for (const share of taken) posting.move({ ...share, from: 'held', to: 'spent' })
  const ended: Hold = {
    ...hold,
    state: 'lapsed',
    fromShares: micros(hold.fromShares + sum),
    captured: micros(hold.captured + sum),
    endedAt: at,
  }
  for (const share of remainingShares(ended)) posting.giveBack(share.lotId, 'held', share.amount)
  posting.note()
  posting.collectPending(at)
  return ended
}

function chargedAtLapse(hold: Hold): Credits {
  switch (hold.onLapse) {
    case 'release':
      return zeroCredits
    case 'charge_checkpoint':
      return micros(hold.checkpoint > hold.captured ? hold.checkpoint - hold.captured : 0n)
    case 'charge_all':
      return hold.amount
  }
}
