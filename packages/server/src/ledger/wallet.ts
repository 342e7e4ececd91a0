import { type Credits, micros, total } from '../kernel/credits.ts'
import type { Uuid } from '../kernel/ids.ts'

/** A lot with something left in it, available or held. */
export interface OpenLot {
  readonly id: Uuid
  readonly available: Credits
  readonly held: Credits
  /** Lower burns first. */
  readonly priority: number
  readonly effectiveAt: Date
  /** No new charge or hold takes from it from this instant on; undefined for never. */
  readonly expiresAt: Date | undefined
  /** What few lots have; undefined for a lot that is like most. */
  readonly traits: LotTraits | undefined
}

/** What is uncommon in an open lot. */
export interface LotTraits {
  /** The actions that it may pay for; undefined for all. */
  readonly scope?: readonly string[] | undefined
  readonly isFrozen?: boolean | undefined
  /** Promotional credits, unless they were granted to do so, leave debt alone. */
  readonly keepsOutOfDebt?: boolean | undefined
  /** For how many days credits that return after the expiry live again. */
  readonly lateReturnDays?: number | undefined
  /** Revoked while they were held: taken when they are given back, or owed when they are captured. */
  readonly pending?: Credits | undefined
  readonly pendingIsForgiven?: boolean | undefined
}

export interface Wallet {
  readonly id: Uuid
  readonly available: Credits
  readonly held: Credits
  readonly debt: Credits
  /** In the order in which they burn: all of them, or the first when others wait. */
  readonly lots: readonly OpenLot[]
  /** The open lots that are not in `lots`; each burns after all that are. */
  readonly waiting: WaitingLots
  /** When the first live hold lapses; undefined when none is live. */
  readonly nextLapseAt: Date | undefined
  /** How many entries its journal has. */
  readonly entryCount: bigint
}

/** What is known of the lots that wait in their own table, so that a wallet with thousands has a short row. */
export interface WaitingLots {
  readonly count: number
  /** The four parts of what is available in them, as they were when the wallet was last written. */
  readonly spendable: Credits
  readonly scoped: Credits
  readonly upcoming: Credits
  readonly frozen: Credits
  /** When time alone changes one of them; undefined for never. */
  readonly dueAt: Date | undefined
}

export const noneWaiting: WaitingLots = {
  count: 0,
  spendable: micros(0n),
  scoped: micros(0n),
  upcoming: micros(0n),
  frozen: micros(0n),
  dueAt: undefined,
}

export type HoldState = 'placed' | 'captured' | 'released' | 'lapsed'

export type LapsePolicy = 'release' | 'charge_checkpoint' | 'charge_all'

/** Credits of one lot. */
export interface LotShare {
  readonly lotId: Uuid
  readonly amount: Credits
}

/** One share for each lot, in the order in which they come first. */
export function mergeShares(shares: readonly LotShare[]): readonly LotShare[] {
  if (shares.length < 2) return shares
  const amounts = new Map<Uuid, bigint>()
  for (const { lotId, amount } of shares) amounts.set(lotId, (amounts.get(lotId) ?? 0n) + amount)
  return [...amounts].map(([lotId, amount]) => ({ lotId, amount: micros(amount) }))
}

export interface Hold {
  readonly id: Uuid
  readonly state: HoldState
  /** What it set aside when it was placed. */
  readonly amount: Credits
  /** What it was to set aside beyond that and did not find: above zero only where it was observed. */
  readonly short: Credits
  /** What it took, lot by lot, in the order in which it is spent. */
  readonly shares: readonly LotShare[]
  /** Spent out of its shares so far, by captures or the lapse: the first of them. */
  readonly fromShares: Credits
  /** Captured, or charged at the lapse, in all: what was above the hold included. */
  readonly captured: Credits
  /** The captures that were asked for and accepted, in all. */
  readonly asked: Credits
  /** The largest use that was reported and refused, what was asked before it included. */
  readonly refused: Credits
  readonly checkpoint: Credits
  readonly onLapse: LapsePolicy
  /** The counters in which it counts. */
  readonly limits: readonly LimitBucket[]
  readonly action: string | undefined
  readonly description: string | undefined
  readonly catalogId: number | undefined
  readonly placedAt: Date
  readonly timeToLiveMs: number
  readonly expiresAt: Date
  readonly endedAt: Date | undefined
}

/** One counter's bucket of time. */
export interface LimitBucket {
  readonly name: string
  readonly startsAt: Date
}

/** What a hold still has of its shares. */
export function remainingShares(hold: Hold): LotShare[] {
  let spent: bigint = hold.fromShares
  return hold.shares.flatMap(({ lotId, amount }) => {
    const gone = spent < amount ? spent : amount
    spent -= gone
    return amount > gone ? [{ lotId, amount: micros(amount - gone) }] : []
  })
}

/** The operator's loss on a hold: use that was reported, and charged to nobody. */
export function uncollectedOf(hold: Hold): Credits {
  const used = hold.asked > hold.refused ? hold.asked : hold.refused
  return micros(used > hold.captured ? used - hold.captured : 0n)
}

/** Debt that one transaction made. */
export interface Debt {
  /** The number of the transaction's first entry. */
  readonly transaction: bigint
  readonly amount: Credits
  /** What of it is not yet repaid. */
  readonly open: Credits
  /** Which lots repaid it, in order. */
  readonly repaidBy: readonly LotShare[]
}

/** Burn order: priority, then soonest expiry, then oldest. Lots' ids are in order of time. */
export function burnsBefore(a: OpenLot, b: OpenLot): boolean {
  if (a.priority !== b.priority) return a.priority < b.priority
  const aExpires = a.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY
  const bExpires = b.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY
  if (aExpires !== bExpires) return aExpires < bExpires
  return a.id < b.id
}

export function inBurnOrder(lots: readonly OpenLot[]): OpenLot[] {
  return lots.toSorted((a, b) => (burnsBefore(a, b) ? -1 : 1))
}

export function oldestFirst(debts: readonly Debt[]): Debt[] {
  return debts.toSorted((a, b) => Number(a.transaction - b.transaction))
}

export function isExpired(lot: OpenLot, now: Date): boolean {
  return lot.expiresAt !== undefined && lot.expiresAt <= now
}

/** Whether a new charge or hold for the action may take from the lot. */
export function canPay(lot: OpenLot, action: string | undefined, now: Date): boolean {
  if (lot.effectiveAt > now || isExpired(lot, now)) return false
  const { traits } = lot
  if (traits === undefined) return true
  if (traits.isFrozen === true) return false
  return traits.scope === undefined || (action !== undefined && traits.scope.includes(action))
}

/** Whether the lot repays what the wallet owes. */
export function canRepay(lot: OpenLot, now: Date): boolean {
  return canPay(lot, undefined, now) && lot.traits?.keepsOutOfDebt !== true
}

export interface Balance {
  readonly available: Credits
  readonly held: Credits
  readonly debt: Credits
  /** What any action could use now; the next three are the rest of `available`. */
  readonly spendable: Credits
  /** In lots that only some actions may use. */
  readonly scoped: Credits
  /** In lots that start later. */
  readonly upcoming: Credits
  /** In lots that are frozen. */
  readonly frozen: Credits
}

/** The balance of a settled wallet. */
export function balanceOf({ available, held, debt, lots, waiting }: Wallet, now: Date): Balance {
  let scoped: bigint = waiting.scoped
  let upcoming: bigint = waiting.upcoming
  let frozen: bigint = waiting.frozen
  for (const lot of lots) {
    const part = partOf(lot, now)
    if (part === 'frozen') frozen += lot.available
    else if (part === 'upcoming') upcoming += lot.available
    else if (part === 'scoped') scoped += lot.available
  }
  const spendable = micros(available - scoped - upcoming - frozen)
  return {
    available,
    held,
    debt,
    spendable,
    scoped: micros(scoped),
    upcoming: micros(upcoming),
    frozen: micros(frozen),
  }
}

/** What an open lot's available credits are to most actions. */
export function partOf(lot: OpenLot, now: Date): 'spendable' | 'scoped' | 'upcoming' | 'frozen' {
  if (lot.traits?.isFrozen === true) return 'frozen'
  if (lot.effectiveAt > now) return 'upcoming'
  return lot.traits?.scope === undefined ? 'spendable' : 'scoped'
}

/** What the action could spend now, of the lots that are loaded. An owing wallet spends nothing. */
export function spendableOn(wallet: Wallet, action: string | undefined, now: Date): Credits {
  if (wallet.debt > 0n) return micros(0n)
  return total(wallet.lots.filter((lot) => canPay(lot, action, now)).map((lot) => lot.available))
}
