import { type Credits, total } from '../kernel/credits.ts'
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
}

export interface Wallet {
  readonly id: Uuid
  readonly available: Credits
  readonly held: Credits
  readonly debt: Credits
  /** In the order in which they burn. */
  readonly lots: readonly OpenLot[]
  /** When the first live hold lapses; undefined when none is live. */
  readonly nextLapseAt: Date | undefined
}

export type HoldState = 'placed' | 'captured' | 'released' | 'lapsed'

/** Credits of one lot. */
export interface LotShare {
  readonly lotId: Uuid
  readonly amount: Credits
}

export interface Hold {
  readonly id: Uuid
  readonly state: HoldState
  readonly amount: Credits
  readonly captured: Credits
  /** What it took, lot by lot, in the order in which it will be spent. */
  readonly shares: readonly LotShare[]
  readonly action: string | undefined
  readonly description: string | undefined
  readonly catalogId: number | undefined
  readonly placedAt: Date
  readonly expiresAt: Date
  readonly endedAt: Date | undefined
}

/** Burn order: priority, then soonest expiry, then oldest. Lots' ids are in order of time. */
export function burnsBefore(a: OpenLot, b: OpenLot): boolean {
  if (a.priority !== b.priority) return a.priority < b.priority
  const aExpires = a.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY
  const bExpires = b.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY
  if (aExpires !== bExpires) return aExpires < bExpires
  return a.id < b.id
}

export function isExpired(lot: OpenLot, now: Date): boolean {
  return lot.expiresAt !== undefined && lot.expiresAt <= now
}

/** Whether a new charge or hold may take from the lot. */
export function canPay(lot: OpenLot, now: Date): boolean {
  return lot.effectiveAt <= now && !isExpired(lot, now)
}

export interface Balance {
  readonly available: Credits
  readonly held: Credits
  readonly debt: Credits
  /** What an action could use now. */
  readonly spendable: Credits
  /** In lots that start later. */
  readonly upcoming: Credits
}

/** The balance of a settled wallet. */
export function balanceOf(wallet: Wallet, now: Date): Balance {
  const upcoming = total(wallet.lots.filter((lot) => lot.effectiveAt > now).map((lot) => lot.available))
  const spendable = total(wallet.lots.filter((lot) => canPay(lot, now)).map((lot) => lot.available))
  return { available: wallet.available, held: wallet.held, debt: wallet.debt, spendable, upcoming }
}
