import { type Credits, subtract, zeroCredits } from '../kernel/credits.ts'
import type { NewId, Uuid } from '../kernel/ids.ts'
import { invariant } from '../kernel/refusal.ts'
import type { Entry } from './entry.ts'
import { type Move, move, movement, type Occasion } from './move.ts'
import { type Hold, isExpired, type Wallet } from './wallet.ts'

/** A wallet with what time alone did to it applied: what the next reader must see, whether or not a job has run. */
export interface Settled {
  readonly wallet: Wallet
  readonly entries: readonly Entry[]
  /** The holds that lapsed, ended. */
  readonly lapsed: readonly Hold[]
}

/**
 * Applies, in order of time, the holds that lapsed and the lots that expired up to `now`.
 *
 * A lapsed hold gives back what it took; what it gives back to a lot that has expired by then is expired.
 *
 * @param due the wallet's live holds whose time is over at `now`; others are passed over
 */
export function settle(wallet: Wallet, due: readonly Hold[], now: Date, newId: NewId): Settled {
  const lapsing = due.filter((hold) => hold.state === 'placed' && hold.expiresAt <= now)
  const expiring = wallet.lots.filter((lot) => lot.available > 0n && isExpired(lot, now))
  if (lapsing.length === 0 && expiring.length === 0) return { wallet, entries: [], lapsed: [] }

  const moments = [
    ...lapsing.map((hold) => ({ at: hold.expiresAt, hold })),
    ...lapsing.flatMap((hold) =>
      hold.shares.map((share) => ({ at: expiryOf(wallet, share.lotId), lotId: share.lotId })),
    ),
    ...expiring.map((lot) => ({ at: lot.expiresAt, lotId: lot.id })),
  ].flatMap(({ at, ...what }) => (at !== undefined && at <= now ? [{ at, ...what }] : []))
  moments.sort((a, b) => a.at.getTime() - b.at.getTime())

  let current = wallet
  const entries: Entry[] = []
  const lapsed: Hold[] = []
  for (const moment of moments) {
    if ('hold' in moment) {
      const ended = giveBack(current, moment.hold, {
        operation: 'lapse',
        transactionId: newId(),
        at: moment.at,
      })
      current = ended.wallet
      entries.push(...ended.entries)
      lapsed.push({ ...moment.hold, state: 'lapsed', endedAt: moment.at })
    } else if ('lotId' in moment) {
      const expired = expireLot(current, moment.lotId, moment.at, newId)
      current = expired.wallet
      entries.push(...expired.entries)
    }
  }
  return { wallet: current, entries, lapsed }
}

function expiryOf(wallet: Wallet, lotId: Uuid): Date | undefined {
  return wallet.lots.find((lot) => lot.id === lotId)?.expiresAt
}

function expireLot(
  wallet: Wallet,
  lotId: Uuid,
  at: Date,
  newId: NewId,
): { wallet: Wallet; entries: readonly Entry[] } {
  const amount = wallet.lots.find((lot) => lot.id === lotId)?.available ?? zeroCredits
  if (amount === 0n) return { wallet, entries: [] }
  const expiry: Move = { lotId, from: 'available', to: 'expired', amount }
  const entry = movement(expiry, { operation: 'expire', transactionId: newId(), at })
  return { wallet: move(wallet, expiry), entries: [entry] }
}

/** Moves what a hold still has back to its lots, or on to `expired` for those whose time is over. */
export function giveBack(
  wallet: Wallet,
  hold: Hold,
  occasion: Occasion,
  alreadySpent: ReadonlyMap<Uuid, Credits> = new Map(),
): { wallet: Wallet; entries: readonly Entry[] } {
  let current = wallet
  const entries: Entry[] = []
  for (const share of hold.shares) {
    const amount = subtract(share.amount, alreadySpent.get(share.lotId) ?? zeroCredits)
    if (amount === 0n) continue
    const lot = current.lots.find((open) => open.id === share.lotId)
    invariant(lot, 'a lot that is held is open')
    const back: Move = {
      lotId: share.lotId,
      from: 'held',
      to: isExpired(lot, occasion.at) ? 'expired' : 'available',
      amount,
    }
    current = move(current, back)
    entries.push(movement(back, occasion, { ...hold, holdId: hold.id }))
  }
  return { wallet: current, entries }
}
