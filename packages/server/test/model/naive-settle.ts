import { correctCounts } from './naive-limits.ts'
import { giveBackRest, newTransaction, repay, spendHeld, takeOverdue } from './naive-moves.ts'
import {
  type Hold,
  inBurnOrder,
  isExpired,
  type Lot,
  max,
  min,
  move,
  remainingOf,
  sum,
  type Wallet,
} from './naive-wallet.ts'

/** Does everything that time alone does up to now, in order of time. */
export function settle(wallet: Wallet, now: Date): void {
  for (;;) {
    const at = instantsOf(wallet)[0]
    if (at === undefined || at > now) return
    settleInstant(wallet, at)
  }
}

/** When something happens by time alone, soonest first. */
export function instantsOf(wallet: Wallet): Date[] {
  const expiries = wallet.lots.flatMap((lot) =>
    lot.available > 0n && lot.expiresAt !== undefined ? [lot.expiresAt] : [],
  )
  const lapses = wallet.holds.filter((hold) => hold.state === 'placed').map((hold) => hold.expiresAt)
  const starts = wallet.lots.filter((lot) => !lot.hasStarted).map((lot) => lot.effectiveAt)
  return [...expiries, ...lapses, ...starts].sort((a, b) => a.getTime() - b.getTime())
}

function settleInstant(wallet: Wallet, at: Date): void {
  for (const lot of inBurnOrder(wallet.lots)) {
    if (lot.available === 0n || !isExpired(lot, at)) continue
    move(wallet, lot, 'available', 'expired', lot.available, at)
    repay(wallet, at)
  }
  for (const hold of inLapseOrder(wallet.holds)) {
    if (hold.state !== 'placed' || hold.expiresAt > at) continue
    lapse(wallet, hold, at)
    takeOverdue(wallet, at)
    repay(wallet, at)
  }
  for (const lot of inBurnOrder(wallet.lots)) {
    if (lot.hasStarted || lot.effectiveAt > at) continue
    start(lot)
    repay(wallet, at)
  }
}

function inLapseOrder(holds: readonly Hold[]): Hold[] {
  return [...holds].sort((a, b) => a.expiresAt.getTime() - b.expiresAt.getTime() || a.ordinal - b.ordinal)
}

/** The lapse's transaction is known by its hold. */
export function lapseId(hold: string): string {
  return `lapse of ${hold}`
}

function lapse(wallet: Wallet, hold: Hold, at: Date): void {
  const transaction = newTransaction(wallet, lapseId(hold.id), 'lapse')
  const charged = chargedAtLapse(hold)
  spendHeld(wallet, hold, transaction, charged, at)
  hold.captured += charged
  giveBackRest(wallet, hold, at)
  hold.state = 'lapsed'
  correctCounts(wallet, hold)
}

function chargedAtLapse(hold: Hold): bigint {
  const remaining = sum(remainingOf(hold).map((share) => share.credits))
  switch (hold.onLapse) {
    case 'release':
      return 0n
    case 'charge_checkpoint':
      return min(max(hold.checkpoint - hold.captured, 0n), remaining)
    case 'charge_all':
      return remaining
  }
}

function start(lot: Lot): void {
  lot.hasStarted = true
}
