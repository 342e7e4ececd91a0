/** A wallet as its journal tells it: what each entry did, and what each operation set. */
import type { Asked, AskedOperation, EntryRow } from './history.ts'
import { effectiveAtOf, type Transaction } from './journal.ts'
import { bucketStart } from './windows.ts'

const dayMs = 86_400_000

export type LotAccount = 'available' | 'held' | 'spent' | 'expired' | 'revoked'

export interface Lot extends Record<LotAccount, bigint> {
  readonly id: string
  readonly granted: bigint
  readonly priority: number
  readonly effectiveAt: Date
  readonly scope: readonly string[] | undefined
  readonly repaysDebt: boolean
  readonly lateReturnDays: number
  readonly orderId: string | undefined
  expiresAt: Date | undefined
  isFrozen: boolean
  pending: bigint
  pendingIsForgiven: boolean
}

export interface Share {
  readonly lotId: string
  readonly amount: bigint
}

export interface Hold {
  readonly id: string
  readonly asked: AskedOperation
  readonly shares: readonly Share[]
  readonly amount: bigint
  readonly placedAt: Date
  state: 'placed' | 'captured' | 'released' | 'lapsed'
  /** Spent out of its shares. */
  spent: bigint
  /** Captured, or charged at the lapse, in all. */
  captured: bigint
  /** Captures that were accepted, in all. */
  askedFor: bigint
  checkpoint: bigint
  expiresAt: Date
  endedAt: Date | undefined
}

export interface Debt {
  readonly transaction: bigint
  readonly made: bigint
  open: bigint
  readonly repaidBy: Share[]
}

/** A transaction that spent. */
export interface Spending {
  readonly paid: readonly Share[]
  readonly owed: bigint
  refunded: bigint
  readonly returned: Share[]
}

/** What counts in a limit: a charge, or a hold with what became of it. */
export interface Count {
  readonly name: string
  readonly window: string
  readonly bucket: Date
  readonly holdId: string | undefined
  amount: bigint
}

export class WalletState {
  readonly lots = new Map<string, Lot>()
  readonly holds = new Map<string, Hold>()
  readonly debts = new Map<bigint, Debt>()
  readonly spendings = new Map<bigint, Spending>()
  readonly counts: Count[] = []
  lastRecordedAt = new Date(0)

  get available(): bigint {
    return sum([...this.lots.values()].map((lot) => lot.available))
  }

  get held(): bigint {
    return sum([...this.lots.values()].map((lot) => lot.held))
  }

  get debt(): bigint {
    return sum([...this.debts.values()].map((debt) => debt.open))
  }

  openDebts(): Debt[] {
    return [...this.debts.values()].filter((debt) => debt.open > 0n)
  }

  inBurnOrder(): Lot[] {
    return [...this.lots.values()].sort(
      (a, b) =>
        a.priority - b.priority ||
        (a.expiresAt?.getTime() ?? Number.MAX_VALUE) - (b.expiresAt?.getTime() ?? Number.MAX_VALUE) ||
        (a.id < b.id ? -1 : 1),
    )
  }

  /** What the lots that can pay would give, in burn order. */
  payable(action: string | undefined, credits: bigint, at: Date): Share[] {
    if (this.debt > 0n) return []
    return takeInOrder(
      this.inBurnOrder()
        .filter((lot) => canPay(lot, action, at))
        .map((lot) => ({ lotId: lot.id, amount: lot.available })),
      credits,
    )
  }

  apply(transaction: Transaction): void {
    const { asked, operation, recordedAt } = transaction
    if (asked !== undefined && transaction.entries.some((entry) => entry.from_account === 'issued'))
      this.#addLot(transaction, asked)
    for (const entry of transaction.entries) this.#move(transaction, entry)
    if (operation === 'hold') this.#placeHold(transaction)
    else if (transaction.holdId !== undefined) this.#changeHold(transaction)
    const lot = this.lots.get(transaction.entries[0]?.lot_id ?? '')
    if (lot !== undefined && (operation === 'freeze' || operation === 'unfreeze'))
      lot.isFrozen = operation === 'freeze'
    if (lot !== undefined && operation === 'expire' && asked !== undefined && !isExpired(lot, recordedAt))
      lot.expiresAt = recordedAt
    const pending = BigInt(transaction.bound?.facts?.pending ?? 0n)
    if (lot !== undefined && operation === 'revoke' && pending > 0n) {
      lot.pending += pending
      lot.pendingIsForgiven = asked?.operation.spent === 'forgive'
    }
    this.#remember(transaction)
    this.lastRecordedAt = recordedAt
  }

  #addLot({ entries, recordedAt }: Transaction, { operation }: Asked): void {
    const [first] = entries
    if (first === undefined || first.lot_id === null) return
    const effectiveAt = operation.effectiveAt ?? recordedAt
    const isAdjustment = operation.kind === 'adjust'
    const category =
      operation.category ??
      (operation.source === 'purchase' || operation.source === 'plan' ? 'paid' : 'promotional')
    this.lots.set(first.lot_id, {
      id: first.lot_id,
      granted: first.amount_micros,
      available: 0n,
      held: 0n,
      spent: 0n,
      expired: 0n,
      revoked: 0n,
      priority: operation.priority ?? 0,
      effectiveAt,
      scope: operation.scope,
      repaysDebt: !isAdjustment && (operation.repaysDebt ?? category === 'paid'),
      lateReturnDays: operation.lateReturnDays ?? 0,
      orderId: operation.orderId,
      expiresAt: expiryOf(operation, effectiveAt),
      isFrozen: false,
      pending: 0n,
      pendingIsForgiven: false,
    })
  }

  #move({ operation, number, about, asked }: Transaction, entry: EntryRow): void {
    const { from_account: from, to_account: to, amount_micros: amount } = entry
    const at = effectiveAtOf(entry)
    if (from === 'debt') this.#owe(number, amount)
    const repaid = to === 'debt' && about !== undefined ? this.debts.get(about) : undefined
    if (repaid !== undefined) repaid.open -= amount
    const lot = entry.lot_id === null ? undefined : this.lots.get(entry.lot_id)
    if (lot === undefined || from === null || to === null) return
    if (isLotAccount(from)) lot[from] -= amount
    if (isLotAccount(to)) lot[to] += amount
    if (to === 'available' && (from === 'held' || from === 'spent') && isExpired(lot, at))
      lot.expiresAt = new Date(at.getTime() + lot.lateReturnDays * dayMs)
    // What was pending is taken when it comes back, or collected right after it did not; a revocation asked for takes of it nothing.
    if (to === 'revoked' && asked?.operation.kind !== 'revoke' && asked?.operation.kind !== 'adjust')
      lot.pending -= amount
    if (operation === 'repay' && from === 'available' && about !== undefined)
      this.debts.get(about)?.repaidBy.push({ lotId: lot.id, amount })
  }

  #owe(transaction: bigint, amount: bigint): void {
    const { made, open } = this.debts.get(transaction) ?? { made: 0n, open: 0n }
    this.debts.set(transaction, { transaction, made: made + amount, open: open + amount, repaidBy: [] })
  }

  #placeHold({ holdId, asked, entries, recordedAt }: Transaction): void {
    if (holdId === undefined || asked === undefined) return
    const shares = sharesOf(entries.filter((entry) => entry.to_account === 'held'))
    const { operation } = asked
    this.holds.set(holdId, {
      id: holdId,
      asked: operation,
      shares,
      amount: sum(shares.map((share) => share.amount)),
      placedAt: recordedAt,
      state: 'placed',
      spent: 0n,
      captured: 0n,
      askedFor: 0n,
      checkpoint: 0n,
      expiresAt: new Date(recordedAt.getTime() + (operation.timeToLiveMs ?? 0)),
      endedAt: undefined,
    })
  }

  #changeHold({ holdId, asked, operation, entries, recordedAt, effectiveAt }: Transaction): void {
    const hold = this.holds.get(holdId ?? '')
    if (hold === undefined) return
    const wasPlaced = hold.state === 'placed'
    const remaining = sum(remainingOf(hold).map((share) => share.amount))
    const fromHold = sum(entries.filter(isFromHeldToSpent).map((entry) => entry.amount_micros))
    const spent = sum(
      entries.filter((entry) => entry.to_account === 'spent').map((entry) => entry.amount_micros),
    )
    hold.spent += fromHold
    switch (operation) {
      case 'capture':
        hold.captured += spent
        hold.askedFor +=
          asked?.operation.credits ?? (wasPlaced ? remaining : max(hold.amount - hold.askedFor, 0n))
        if (wasPlaced && asked?.operation.isFinal !== false) this.#end(hold, 'captured', recordedAt)
        break
      case 'release':
        this.#end(hold, 'released', recordedAt)
        break
      case 'lapse':
        hold.captured += spent
        this.#end(hold, 'lapsed', effectiveAt)
        break
      case 'checkpoint':
        hold.checkpoint = max(hold.checkpoint, asked?.operation.credits ?? 0n)
        break
      case 'extend': {
        const until = new Date(recordedAt.getTime() + (asked?.operation.timeToLiveMs ?? 0))
        if (until > hold.expiresAt) hold.expiresAt = until
        break
      }
      default:
    }
    // What a late capture charges corrects no count.
    if (!wasPlaced) return
    const amount = hold.captured + sum(remainingOf(hold).map((share) => share.amount))
    for (const count of this.counts) if (count.holdId === hold.id) count.amount = amount
  }

  #end(hold: Hold, state: Hold['state'], at: Date): void {
    hold.state = state
    hold.endedAt = at
  }

  /** What later transactions may refer to. */
  #remember({ number, operation, entries, asked, about, holdId, recordedAt }: Transaction): void {
    if (operation === 'charge' || operation === 'capture' || operation === 'lapse') {
      const paid = entries.filter((entry) => entry.to_account === 'spent')
      const owed = sum(paid.filter((entry) => entry.lot_id === null).map((entry) => entry.amount_micros))
      this.spendings.set(number, { paid: sharesOf(paid), owed, refunded: 0n, returned: [] })
    }
    const refunded = operation === 'refund' && about !== undefined ? this.spendings.get(about) : undefined
    if (refunded !== undefined) {
      refunded.refunded += sum(entries.map((entry) => entry.amount_micros))
      refunded.returned.push(...mergeShares(sharesOf(entries)))
    }
    if (operation === 'charge' || operation === 'hold') {
      const amount = sum(entries.map((entry) => entry.amount_micros))
      for (const { name, window } of asked?.operation.limits ?? [])
        this.counts.push({ name, window, bucket: bucketStart(window, recordedAt), holdId, amount })
    }
  }
}

function expiryOf({ expiry }: AskedOperation, effectiveAt: Date): Date | undefined {
  if (expiry === undefined) return undefined
  if ('at' in expiry) return expiry.at
  if ('afterDays' in expiry) return new Date(effectiveAt.getTime() + expiry.afterDays * dayMs)
  const month = new Date(
    Date.UTC(effectiveAt.getUTCFullYear(), effectiveAt.getUTCMonth() + expiry.afterMonths, 1),
  )
  const days = new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + 1, 0)).getUTCDate()
  const day = Math.min(effectiveAt.getUTCDate(), days)
  return new Date(month.getTime() + (day - 1) * dayMs + (effectiveAt.getTime() % dayMs))
}

function isLotAccount(account: string): account is LotAccount {
  return ['available', 'held', 'spent', 'expired', 'revoked'].includes(account)
}

function isFromHeldToSpent(entry: EntryRow): boolean {
  return entry.from_account === 'held' && entry.to_account === 'spent'
}

export function isExpired(lot: Lot, at: Date): boolean {
  return lot.expiresAt !== undefined && lot.expiresAt <= at
}

export function canPay(lot: Lot, action: string | undefined, at: Date): boolean {
  if (lot.isFrozen || lot.effectiveAt > at || isExpired(lot, at)) return false
  return lot.scope === undefined || (action !== undefined && lot.scope.includes(action))
}

export function canRepay(lot: Lot, at: Date): boolean {
  return lot.repaysDebt && lot.scope === undefined && canPay(lot, undefined, at)
}

export function remainingOf(hold: Hold): Share[] {
  if (hold.state !== 'placed') return []
  let gone = hold.spent
  return hold.shares.flatMap(({ lotId, amount }) => {
    const part = min(gone, amount)
    gone -= part
    return amount > part ? [{ lotId, amount: amount - part }] : []
  })
}

export function sharesOf(entries: readonly EntryRow[]): Share[] {
  return entries.flatMap(({ lot_id: lotId, amount_micros: amount }) =>
    lotId === null ? [] : [{ lotId, amount }],
  )
}

/** One share for each lot, in the order in which they come first. */
export function mergeShares(shares: readonly Share[]): Share[] {
  const amounts = new Map<string, bigint>()
  for (const { lotId, amount } of shares) amounts.set(lotId, (amounts.get(lotId) ?? 0n) + amount)
  return [...amounts].map(([lotId, amount]) => ({ lotId, amount }))
}

export function takeInOrder(shares: readonly Share[], credits: bigint): Share[] {
  let missing = credits
  return shares.flatMap(({ lotId, amount }) => {
    const part = min(amount, missing)
    missing -= part
    return part > 0n ? [{ lotId, amount: part }] : []
  })
}

export function isSame(a: readonly Share[], b: readonly Share[]): boolean {
  return (
    a.length === b.length &&
    a.every((share, index) => share.lotId === b[index]?.lotId && share.amount === b[index].amount)
  )
}

export function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((all, one) => all + one, 0n)
}

export function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

export function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
