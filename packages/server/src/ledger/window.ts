/** A wallet with thousands of lots keeps the first few of its burn order in its row; the others wait in a table of their own. */
import { micros } from '../kernel/credits.ts'
import type { Uuid } from '../kernel/ids.ts'
import { earlier } from '../kernel/time.ts'
import { noneWaiting, type OpenLot, partOf, type WaitingLots, type Wallet } from './wallet.ts'

/** A charge's WAL was measured at 553 bytes with one lot in the row, 613 with 8, 808 with 32. */
export const lotsInRowMax = 16

/** What is stored of a wallet's open lots. */
export interface StoredLots {
  readonly inRow: readonly OpenLot[]
  readonly waiting: WaitingLots
  /** New in the waiting table, or changed there. */
  readonly toWait: readonly OpenLot[]
  /** No longer in the waiting table. */
  readonly noLongerWaiting: readonly Uuid[]
}

/**
 * Splits the open lots between row and table.
 *
 * @param before as loaded: when lots still wait unseen, the row's lots at that time tell where they begin
 * @param seen the waiting lots that were loaded, which is all of them or none
 */
export function storeLots(
  wallet: Wallet,
  before: readonly OpenLot[],
  seen: ReadonlyMap<Uuid, OpenLot>,
  now: Date,
): StoredLots {
  const isPartial = wallet.waiting.count > 0
  const inRow = wallet.lots.slice(0, isPartial ? windowWithUnseen(wallet.lots, before) : lotsInRowMax)
  const rest = wallet.lots.slice(inRow.length)
  const open = new Set(rest.map((lot) => lot.id))
  return {
    inRow,
    waiting: rest.reduce((sum, lot) => plusLot(sum, lot, now), isPartial ? wallet.waiting : noneWaiting),
    toWait: rest.filter((lot) => !isSame(seen.get(lot.id), lot)),
    noLongerWaiting: [...seen.keys()].filter((id) => !open.has(id)),
  }
}

/** Only lots that burn no later than the last of those which were in the row are known to burn before all that wait unseen. */
function windowWithUnseen(lots: readonly OpenLot[], before: readonly OpenLot[]): number {
  const known = new Set(before.map((lot) => lot.id))
  const last = lots.findLastIndex((lot) => known.has(lot.id))
  return Math.min(last + 1, lotsInRowMax)
}

function plusLot(sum: WaitingLots, lot: OpenLot, now: Date): WaitingLots {
  const part = partOf(lot, now)
  const changesAt = lot.available === 0n ? undefined : lot.effectiveAt > now ? lot.effectiveAt : lot.expiresAt
  return {
    ...sum,
    count: sum.count + 1,
    [part]: micros(sum[part] + lot.available),
    dueAt: earlier(sum.dueAt, changesAt),
  }
}

function isSame(a: OpenLot | undefined, b: OpenLot): boolean {
  return (
    a !== undefined &&
    a.available === b.available &&
    a.held === b.held &&
    a.expiresAt?.getTime() === b.expiresAt?.getTime() &&
    a.traits === b.traits
  )
}
