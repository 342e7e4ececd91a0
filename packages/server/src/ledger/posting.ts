import { type Credits, micros, smaller, zeroCredits } from '../kernel/credits.ts'
import type { Uuid } from '../kernel/ids.ts'
import { invariant } from '../kernel/refusal.ts'
import { addMs, dayMs } from '../kernel/time.ts'
import type { Account, Bound, Entry } from './entry.ts'
import { type LotUpdate, openLotOf, traitsOf } from './lot.ts'
import {
  burnsBefore,
  canRepay,
  type Debt,
  isExpired,
  type LotShare,
  type OpenLot,
  type Wallet,
} from './wallet.ts'

/** What a transaction is for, said on each of its entries. */
export interface About {
  readonly operation: Entry['operation']
  readonly at: Date
  readonly holdId?: Uuid | undefined
  readonly aboutTransaction?: bigint | undefined
  readonly action?: string | undefined
  readonly description?: string | undefined
  readonly actor?: string | undefined
  readonly catalogId?: number | undefined
}

/** Credits of one lot on their way between two accounts. */
export interface Move {
  /** Undefined where debt is made or repaid: that is of no lot. */
  readonly lotId: Uuid | undefined
  readonly from: Account
  readonly to: Account
  readonly amount: Credits
}

/**
 * Transactions being written into one wallet's journal. It starts from a wallet and changes none: `wallet`, `debts` and `entries` are
 * what comes of it.
 */
export class Posting {
  wallet: Wallet
  /** The open ones that are known, and those that an operation names, oldest first. */
  debts: readonly Debt[]
  readonly entries: Entry[] = []
  readonly lotUpdates: LotUpdate[] = []
  #about: About | undefined
  #position = 0
  #transaction = 0n

  constructor(wallet: Wallet, debts: readonly Debt[]) {
    this.wallet = wallet
    this.debts = debts
  }

  /** Starts a transaction and answers its number. */
  begin(about: About): bigint {
    this.#about = about
    this.#position = 0
    this.#transaction = this.wallet.entryCount + 1n
    return this.#transaction
  }

  /** An amount of nothing leaves no entry. */
  move(move: Move): void {
    if (move.amount === 0n) return
    this.wallet = moved(this.wallet, move)
    this.#append(move)
  }

  /** The key stands on the last entry of the operation's own transaction, with what was answered. */
  bind(place: number, bound: Bound): void {
    const entry = this.entries[place]
    invariant(entry, 'an operation leaves an entry')
    this.entries[place] = { ...entry, bound }
  }

  /** A line for what moved nothing, unless the transaction has entries already. */
  note(lotId?: Uuid): void {
    if (this.#position > 0) return
    this.wallet = { ...this.wallet, entryCount: this.wallet.entryCount + 1n }
    this.#append({ lotId, from: undefined, to: undefined, amount: zeroCredits })
  }

  #append({ lotId, from, to, amount }: Pick<Entry, 'lotId' | 'from' | 'to' | 'amount'>): void {
    const about = this.#about
    invariant(about, 'entries belong to a transaction')
    this.entries.push({
      number: this.wallet.entryCount,
      position: this.#position,
      operation: about.operation,
      lotId,
      from,
      to,
      amount,
      holdId: about.holdId,
      aboutTransaction: about.aboutTransaction,
      action: about.action,
      description: about.description,
      actor: about.actor,
      catalogId: about.catalogId,
      effectiveAt: about.at,
      bound: undefined,
    })
    this.#position += 1
  }

  /** Puts a lot among the open ones, in its place in the burn order. */
  open(lot: OpenLot): void {
    this.wallet = { ...this.wallet, lots: inserted(this.wallet.lots, lot) }
  }

  /** Sets a lot's expiry or whether it is frozen, whether or not it is open. */
  update({ lotId, expiresAt, isFrozen }: LotUpdate): void {
    this.lotUpdates.push({ lotId, expiresAt, isFrozen })
    const lot = openLotOf(this.wallet, lotId)
    if (lot === undefined) return
    this.#replace(lot, {
      ...lot,
      expiresAt: expiresAt ?? lot.expiresAt,
      traits: isFrozen === undefined ? lot.traits : traitsOf({ ...lot.traits, isFrozen }),
    })
  }

  /** What of an open lot's held credits is to be taken when it is given back. */
  setPending(lot: OpenLot, pending: Credits, isForgiven: boolean | undefined): void {
    const pendingIsForgiven = pending > 0n && isForgiven
    this.#replace(lot, { ...lot, traits: traitsOf({ ...lot.traits, pending, pendingIsForgiven }) })
  }

  #replace(lot: OpenLot, next: OpenLot): void {
    const others = this.wallet.lots.filter((other) => other.id !== lot.id)
    this.wallet = { ...this.wallet, lots: inserted(others, next) }
  }

  /** Credits of an open lot return to it: what was revoked meanwhile is taken, and a lot that has expired does not live again by itself. */
  giveBack(lotId: Uuid, from: 'held' | 'spent', amount: Credits): void {
    const at = this.#at()
    const lot = openLotOf(this.wallet, lotId)
    invariant(lot, 'credits are given back to an open lot')
    const pending = lot.traits?.pending ?? zeroCredits
    const revoked = smaller(pending, amount)
    if (revoked > 0n) this.setPending(lot, micros(pending - revoked), lot.traits?.pendingIsForgiven)
    this.move({ lotId, from, to: 'revoked', amount: revoked })
    const rest = micros(amount - revoked)
    if (rest === 0n) return
    const lateReturnDays = lot.traits?.lateReturnDays ?? 0
    const isLate = isExpired(lot, at)
    if (isLate && lateReturnDays > 0) this.update({ lotId, expiresAt: addMs(at, lateReturnDays * dayMs) })
    this.move({ lotId, from, to: isLate && lateReturnDays === 0 ? 'expired' : 'available', amount: rest })
  }

  /** Makes debt, in the name of the present transaction. */
  owe(amount: Credits): void {
    if (amount === 0n) return
    this.move({ lotId: undefined, from: 'debt', to: 'spent', amount })
    this.debts = [...this.debts, { transaction: this.#transaction, amount, open: amount, repaidBy: [] }]
  }

  /** Makes what a transaction owes smaller. */
  forgive(transaction: bigint, amount: Credits): void {
    this.move({ lotId: undefined, from: 'spent', to: 'debt', amount })
    this.#repaid(transaction, amount, [])
  }

  /** Takes from spent, or lets owe, what was revoked while it was held and has been captured since. */
  collectPending(at: Date): void {
    for (const { id, held, traits } of this.wallet.lots) {
      const amount = micros((traits?.pending ?? 0n) - held)
      if (amount <= 0n) continue
      this.begin({ operation: 'revoke', at })
      this.move({ lotId: id, from: 'spent', to: 'revoked', amount })
      if (traits?.pendingIsForgiven !== true) this.owe(amount)
      const lot = openLotOf(this.wallet, id)
      invariant(lot, 'a lot with something pending is open')
      this.setPending(lot, held, traits?.pendingIsForgiven)
    }
    this.dropEmpty()
  }

  /** A lot that was opened to give back to it, and kept nothing of it. */
  dropEmpty(): void {
    if (this.wallet.lots.every(hasContent)) return
    this.wallet = { ...this.wallet, lots: this.wallet.lots.filter(hasContent) }
  }

  /** Lets the lots that can repay do so, oldest debt first. */
  repay(at: Date): void {
    if (this.wallet.debt === 0n) return
    for (const lot of this.wallet.lots.filter((one) => canRepay(one, at))) {
      let left = lot.available
      for (const debt of this.debts.filter((one) => one.open > 0n)) {
        const amount = smaller(left, debt.open)
        if (amount === 0n) break
        left = micros(left - amount)
        this.begin({ operation: 'repay', at, aboutTransaction: debt.transaction })
        this.move({ lotId: lot.id, from: 'available', to: 'spent', amount })
        this.move({ lotId: undefined, from: 'spent', to: 'debt', amount })
        this.#repaid(debt.transaction, amount, [{ lotId: lot.id, amount }])
      }
    }
  }

  #repaid(transaction: bigint, amount: Credits, by: readonly LotShare[]): void {
    this.debts = this.debts.map((debt) =>
      debt.transaction === transaction
        ? { ...debt, open: micros(debt.open - amount), repaidBy: [...debt.repaidBy, ...by] }
        : debt,
    )
  }

  #at(): Date {
    invariant(this.#about, 'a transaction was begun')
    return this.#about.at
  }
}

/** The wallet after a move, and its entry. A lot with nothing left leaves it. */
function moved(wallet: Wallet, { lotId, from, to, amount }: Move): Wallet {
  const available = change('available', from, to, amount)
  const held = change('held', from, to, amount)
  const next = {
    ...wallet,
    entryCount: wallet.entryCount + 1n,
    available: plus(wallet.available, available),
    held: plus(wallet.held, held),
    // What is owed is what is missing in the account.
    debt: plus(wallet.debt, -change('debt', from, to, amount)),
  }
  if (available === 0n && held === 0n) return next
  const place = wallet.lots.findIndex((lot) => lot.id === lotId)
  const lot = wallet.lots[place]
  invariant(lot, 'what moves is in an open lot')
  const after = { ...lot, available: plus(lot.available, available), held: plus(lot.held, held) }
  return {
    ...next,
    lots: hasContent(after) ? wallet.lots.with(place, after) : wallet.lots.toSpliced(place, 1),
  }
}

/** With something in it, or something to be taken from it. */
function hasContent(lot: OpenLot): boolean {
  return lot.available > 0n || lot.held > 0n || (lot.traits?.pending ?? 0n) > 0n
}

function change(account: Account, from: Account, to: Account, amount: Credits): bigint {
  if (to === account) return amount
  return from === account ? 0n - amount : 0n
}

function plus(credits: Credits, difference: bigint): Credits {
  const sum = micros(credits + difference)
  invariant(sum >= 0n, 'no sum of a wallet or a lot is negative')
  return sum
}

function inserted(lots: readonly OpenLot[], lot: OpenLot): readonly OpenLot[] {
  const place = lots.findIndex((open) => burnsBefore(lot, open))
  return place < 0 ? [...lots, lot] : lots.toSpliced(place, 0, lot)
}

/** How much of `wanted` each of `shares` gives, in their order, and what they do not cover. */
export function takeInOrder(
  shares: Iterable<LotShare>,
  wanted: Credits,
): { taken: LotShare[]; missing: Credits; sum: Credits } {
  const taken: LotShare[] = []
  let missing: bigint = wanted
  for (const { lotId, amount } of shares) {
    if (missing === 0n) break
    const part = amount < missing ? amount : micros(missing)
    if (part === 0n) continue
    taken.push({ lotId, amount: part })
    missing -= part
  }
  return { taken, missing: micros(missing), sum: micros(wanted - missing) }
}
