import { type Credits, micros } from '../kernel/credits.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Entry } from './entry.ts'
import type { LotTraits, OpenLot, Wallet } from './wallet.ts'

/** A lot, open or used up: what was granted, and what came of it beside spending. What is not available, held, expired or revoked is spent. */
export interface Lot {
  readonly id: Uuid
  readonly granted: Credits
  readonly expired: Credits
  readonly revoked: Credits
  readonly priority: number
  readonly effectiveAt: Date
  readonly expiresAt: Date | undefined
  /** Without what only an open lot can have. */
  readonly traits: LotTraits | undefined
}

export function openLotOf(wallet: Wallet, lotId: Uuid): OpenLot | undefined {
  return wallet.lots.find((lot) => lot.id === lotId)
}

/** The lot with nothing in it, as it is put back among the open ones. */
export function emptyOpenLot({ id, priority, effectiveAt, expiresAt, traits }: Lot): OpenLot {
  return { id, available: micros(0n), held: micros(0n), priority, effectiveAt, expiresAt, traits }
}

export function spentOf(lot: Lot, open: OpenLot | undefined): Credits {
  return micros(lot.granted - lot.expired - lot.revoked - (open?.available ?? 0n) - (open?.held ?? 0n))
}

/** What of a lot changes beside its credits. */
export interface LotUpdate {
  readonly lotId: Uuid
  readonly expiresAt?: Date | undefined
  readonly isFrozen?: boolean | undefined
}

/** The lot after what happened: what entries added to its `expired` and `revoked`, and what else was set. */
export function lotAfter(
  lot: Lot,
  { entries, lotUpdates }: { entries: readonly Entry[]; lotUpdates: readonly LotUpdate[] },
): Lot {
  let { expired, revoked } = lot as { expired: bigint; revoked: bigint }
  for (const { lotId, from, to, amount } of entries) {
    if (lotId !== lot.id) continue
    if (to === 'expired') expired += amount
    if (from === 'expired') expired -= amount
    if (to === 'revoked') revoked += amount
  }
  let { expiresAt, traits } = lot
  for (const update of lotUpdates) {
    if (update.lotId !== lot.id) continue
    expiresAt = update.expiresAt ?? expiresAt
    if (update.isFrozen !== undefined) traits = traitsOf({ ...traits, isFrozen: update.isFrozen })
  }
  return { ...lot, expired: micros(expired), revoked: micros(revoked), expiresAt, traits }
}

/** Traits without what is undefined, or none when nothing is left: so that a lot like most has no traits. */
export function traitsOf(traits: LotTraits): LotTraits | undefined {
  const entries = Object.entries(traits).filter(
    ([, value]) => value !== undefined && value !== false && value !== 0n && value !== 0,
  )
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}
