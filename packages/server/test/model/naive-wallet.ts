import type {
  Action,
  Balance,
  Category,
  HoldState,
  HoldView,
  Kind,
  LapsePolicy,
  Outcome,
  Refused,
  Share,
  Window,
} from './naive-types.ts'

export type LotAccount = 'available' | 'held' | 'spent' | 'expired' | 'revoked'
export type Account = LotAccount | 'issued' | 'debt'

export interface Lot {
  /** `A lot 1`, `A lot 2`, … in the order in which they were made in wallet `A`. */
  readonly id: string
  readonly ordinal: number
  readonly granted: bigint
  available: bigint
  held: bigint
  spent: bigint
  expired: bigint
  revoked: bigint
  readonly priority: number
  readonly category: Category
  readonly effectiveAt: Date
  /** Whether its start, if it lay in the future, is behind the wallet: what settling has done. */
  hasStarted: boolean
  expiresAt: Date | undefined
  readonly scope: readonly Action[] | undefined
  readonly repaysDebt: boolean
  readonly lateReturnDays: number
  isFrozen: boolean
  pending: bigint
  pendingIsForgiven: boolean
}

export interface Hold {
  readonly id: string
  readonly ordinal: number
  readonly action: Action | undefined
  state: HoldState
  readonly amount: bigint
  /** What was asked for when it was placed. */
  readonly wanted: bigint
  readonly took: readonly Share[]
  /** Spent out of what it took: the first of it. */
  fromTook: bigint
  /** Captured, or charged at the lapse, in all. */
  captured: bigint
  /** Captures asked for and accepted, in all. */
  asked: bigint
  /** The largest use that was reported and refused, what was asked before it included. */
  reported: bigint
  checkpoint: bigint
  readonly onLapse: LapsePolicy
  expiresAt: Date
}

/** What one lot paid of a transaction, or of the debt that it made. */
export interface Payment {
  readonly lot: string
  readonly credits: bigint
  back: bigint
}

export interface Transaction {
  readonly id: string
  readonly kind: Kind | 'lapse' | 'overdue'
  /** What it charged in all, and what of it was refunded. */
  charged: bigint
  refunded: bigint
  /** The debt that it made and that nobody repaid. */
  openDebt: bigint
  /** In the order in which they paid: its own lots, then those that repaid its debt. */
  payments: Payment[]
}

/** What counts in a limit. */
export interface Count {
  readonly name: string
  readonly window: Window
  readonly bucket: Date
  readonly hold: string | undefined
  credits: bigint
}

export interface Entry {
  /** Undefined when no lot is concerned: debt is made, repaid or refunded. */
  readonly lot: string | undefined
  readonly from: Account
  readonly to: Account
  readonly credits: bigint
  readonly effectiveAt: Date
}

export interface Wallet {
  readonly id: string
  lastChange: Date | undefined
  lots: Lot[]
  holds: Hold[]
  /** In order of time. */
  transactions: Transaction[]
  counts: Count[]
  entries: Entry[]
  /** What each key was bound to, and answered. */
  keys: Map<string, { readonly body: string; readonly outcome: Outcome }>
}

export function newWallet(id: string): Wallet {
  return {
    id,
    lastChange: undefined,
    lots: [],
    holds: [],
    transactions: [],
    counts: [],
    entries: [],
    keys: new Map(),
  }
}

/** Nothing that happens to the copy is seen in the original. */
export function copyOf(wallet: Wallet): Wallet {
  return {
    id: wallet.id,
    lastChange: wallet.lastChange,
    lots: wallet.lots.map((lot) => ({ ...lot })),
    holds: wallet.holds.map((hold) => ({ ...hold })),
    transactions: wallet.transactions.map((transaction) => ({
      ...transaction,
      payments: transaction.payments.map((payment) => ({ ...payment })),
    })),
    counts: wallet.counts.map((count) => ({ ...count })),
    entries: [...wallet.entries],
    keys: new Map(wallet.keys),
  }
}

/** Thrown, so that a refused operation leaves nothing behind. */
export class Refusal extends Error {
  readonly refused: Refused
  constructor(code: Refused['code'], facts?: Refused['facts']) {
    super(code)
    this.refused = { ok: false, code, ...(facts === undefined ? {} : { facts }) }
  }
}

export function must(condition: boolean, promise: string): asserts condition {
  if (!condition) throw new Error(`The naive ledger broke its own rule: ${promise}.`)
}

export function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

export function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

export function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((all, one) => all + one, 0n)
}

export function inBurnOrder(lots: readonly Lot[]): Lot[] {
  return [...lots].sort((a, b) => {
    if (a.priority !== b.priority) return a.priority - b.priority
    const aExpiry = a.expiresAt?.getTime() ?? Number.MAX_VALUE
    const bExpiry = b.expiresAt?.getTime() ?? Number.MAX_VALUE
    if (aExpiry !== bExpiry) return aExpiry - bExpiry
    return a.ordinal - b.ordinal
  })
}

export function isExpired(lot: Lot, at: Date): boolean {
  return lot.expiresAt !== undefined && lot.expiresAt <= at
}

export function isUpcoming(lot: Lot, at: Date): boolean {
  return lot.effectiveAt > at
}

export function canPay(lot: Lot, action: Action | undefined, at: Date): boolean {
  if (lot.isFrozen || isUpcoming(lot, at) || isExpired(lot, at)) return false
  return lot.scope === undefined || (action !== undefined && lot.scope.includes(action))
}

export function canRepay(lot: Lot, at: Date): boolean {
  if (lot.isFrozen || isUpcoming(lot, at) || isExpired(lot, at)) return false
  return lot.scope === undefined && lot.repaysDebt
}

export function lotOf(wallet: Wallet, id: string): Lot {
  const lot = wallet.lots.find((one) => one.id === id)
  if (lot === undefined) throw new Refusal('lot_not_found')
  return lot
}

export function debtOf(wallet: Wallet): bigint {
  return sum(wallet.transactions.map((transaction) => transaction.openDebt))
}

export function balanceOf(wallet: Wallet, at: Date): Balance {
  const balance = {
    available: 0n,
    held: 0n,
    debt: debtOf(wallet),
    spendable: 0n,
    scoped: 0n,
    upcoming: 0n,
    frozen: 0n,
  }
  for (const lot of wallet.lots) {
    balance.available += lot.available
    balance.held += lot.held
    if (lot.isFrozen) balance.frozen += lot.available
    else if (isUpcoming(lot, at)) balance.upcoming += lot.available
    else if (lot.scope !== undefined) balance.scoped += lot.available
    else balance.spendable += lot.available
  }
  return balance
}

/** What a hold still has of what it took, in the order in which it is spent. */
export function remainingOf(hold: Hold): Share[] {
  if (hold.state !== 'placed') return []
  const remaining: Share[] = []
  let spent = hold.fromTook
  for (const { lot, credits } of hold.took) {
    const gone = min(spent, credits)
    spent -= gone
    if (credits > gone) remaining.push({ lot, credits: credits - gone })
  }
  return remaining
}

export function viewOf(hold: Hold): HoldView {
  return {
    id: hold.id,
    state: hold.state,
    amount: hold.amount,
    captured: hold.captured,
    uncollected: max(max(hold.asked, hold.reported) - hold.captured, 0n),
    remaining: sum(remainingOf(hold).map((share) => share.credits)),
    expiresAt: hold.expiresAt,
  }
}

/** One movement of a lot's credits. */
export function move(
  wallet: Wallet,
  lot: Lot,
  from: LotAccount,
  to: LotAccount,
  credits: bigint,
  effectiveAt: Date,
): void {
  if (credits === 0n) return
  must(credits > 0n && lot[from] >= credits, `${lot.id} has ${credits} ${from}`)
  lot[from] -= credits
  lot[to] += credits
  wallet.entries.push({ lot: lot.id, from, to, credits, effectiveAt })
}
