/** What several operations share. Each changes the wallet in place; a refusal throws the whole copy away. */
import { addDays } from './naive-calendar.ts'
import type { AbovePolicy, Action, Share } from './naive-types.ts'
import {
  canPay,
  canRepay,
  debtOf,
  type Hold,
  inBurnOrder,
  isExpired,
  type Lot,
  type LotAccount,
  lotOf,
  max,
  min,
  move,
  must,
  remainingOf,
  sum,
  type Transaction,
  type Wallet,
} from './naive-wallet.ts'

export function newTransaction(wallet: Wallet, id: string, kind: Transaction['kind']): Transaction {
  const transaction: Transaction = { id, kind, charged: 0n, refunded: 0n, openDebt: 0n, payments: [] }
  wallet.transactions.push(transaction)
  return transaction
}

export function spendableOn(wallet: Wallet, action: Action | undefined, at: Date): bigint {
  if (debtOf(wallet) > 0n) return 0n
  return sum(wallet.lots.filter((lot) => canPay(lot, action, at)).map((lot) => lot.available))
}

/** Takes as much as there is, up to `credits`, from the lots that can pay, in burn order. An owing wallet has nothing. */
export function take(
  wallet: Wallet,
  { credits, action, to, at }: { credits: bigint; action: Action | undefined; to: LotAccount; at: Date },
): Share[] {
  const shares: Share[] = []
  let missing = min(credits, spendableOn(wallet, action, at))
  for (const lot of inBurnOrder(wallet.lots)) {
    if (!canPay(lot, action, at)) continue
    const amount = min(missing, lot.available)
    if (amount === 0n) continue
    move(wallet, lot, 'available', to, amount, at)
    shares.push({ lot: lot.id, credits: amount })
    missing -= amount
  }
  return shares
}

export function pay(transaction: Transaction, shares: readonly Share[]): void {
  for (const share of shares) transaction.payments.push({ ...share, back: 0n })
}

export function owe(wallet: Wallet, transaction: Transaction, credits: bigint, at: Date): void {
  if (credits === 0n) return
  transaction.openDebt += credits
  wallet.entries.push({ lot: undefined, from: 'debt', to: 'spent', credits, effectiveAt: at })
}

export function oweLess(wallet: Wallet, transaction: Transaction, credits: bigint, at: Date): void {
  if (credits === 0n) return
  must(credits <= transaction.openDebt, 'no more debt is repaid than is open')
  transaction.openDebt -= credits
  wallet.entries.push({ lot: undefined, from: 'spent', to: 'debt', credits, effectiveAt: at })
}

/** Whatever can repay does: in burn order, oldest debt first. */
export function repay(wallet: Wallet, at: Date): void {
  for (const lot of inBurnOrder(wallet.lots)) {
    if (!canRepay(lot, at)) continue
    for (const transaction of wallet.transactions) {
      const amount = min(lot.available, transaction.openDebt)
      if (amount === 0n) continue
      move(wallet, lot, 'available', 'spent', amount, at)
      oweLess(wallet, transaction, amount, at)
      pay(transaction, [{ lot: lot.id, credits: amount }])
    }
  }
}

/** Gives credits back to their lot: what is pending is revoked; of an expired lot the rest expires, unless late returns live again. */
export function giveBack(wallet: Wallet, lot: Lot, from: 'held' | 'spent', credits: bigint, at: Date): void {
  const revoked = min(credits, lot.pending)
  move(wallet, lot, from, 'revoked', revoked, at)
  lot.pending -= revoked
  const rest = credits - revoked
  if (rest === 0n) return
  if (!isExpired(lot, at)) {
    move(wallet, lot, from, 'available', rest, at)
  } else if (lot.lateReturnDays > 0) {
    move(wallet, lot, from, 'available', rest, at)
    lot.expiresAt = addDays(at, lot.lateReturnDays)
  } else {
    move(wallet, lot, from, 'expired', rest, at)
  }
}

/** Spends the first of what a hold still has. */
export function spendHeld(
  wallet: Wallet,
  hold: Hold,
  transaction: Transaction,
  credits: bigint,
  at: Date,
): Share[] {
  const shares: Share[] = []
  let missing = credits
  for (const share of remainingOf(hold)) {
    const amount = min(missing, share.credits)
    if (amount === 0n) continue
    const lot = lotOf(wallet, share.lot)
    move(wallet, lot, 'held', 'spent', amount, at)
    hold.fromTook += amount
    missing -= amount
    shares.push({ lot: lot.id, credits: amount })
  }
  must(missing === 0n, 'a hold is not spent beyond what it has')
  transaction.charged += credits
  pay(transaction, shares)
  return shares
}

/** Gives back all that a hold still has. */
export function giveBackRest(wallet: Wallet, hold: Hold, at: Date): Share[] {
  const rest = remainingOf(hold)
  for (const share of rest) giveBack(wallet, lotOf(wallet, share.lot), 'held', share.credits, at)
  return rest
}

/** What was to be revoked when it came back, and no longer comes back, is taken from spent: in transactions of their own. */
export function takeOverdue(wallet: Wallet, at: Date): void {
  for (const lot of inBurnOrder(wallet.lots)) {
    const overdue = max(lot.pending - lot.held, 0n)
    if (overdue === 0n) continue
    lot.pending -= overdue
    move(wallet, lot, 'spent', 'revoked', overdue, at)
    const transaction = newTransaction(wallet, `overdue of ${lot.id}`, 'overdue')
    if (!lot.pendingIsForgiven) owe(wallet, transaction, overdue, at)
  }
}

/** Charges what is above a hold: as far as there is something spendable, and by the policy `owe` the rest as debt. */
export function chargeAbove(
  wallet: Wallet,
  hold: Hold,
  transaction: Transaction,
  { credits, above, at }: { credits: bigint; above: AbovePolicy; at: Date },
): { readonly shares: Share[]; readonly charged: bigint } {
  const shares = take(wallet, { credits, action: hold.action, to: 'spent', at })
  const paid = sum(shares.map((share) => share.credits))
  pay(transaction, shares)
  const owed = above === 'owe' ? credits - paid : 0n
  owe(wallet, transaction, owed, at)
  transaction.charged += paid + owed
  return { shares, charged: paid + owed }
}
