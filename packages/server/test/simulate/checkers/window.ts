import type { Audit } from './audit.ts'
import type { LotTraits, WaitingLotRow, WalletRow } from './history.ts'
import { type Lot, sum } from './state.ts'

const lotsInRowMax = 16

interface OpenLot {
  readonly id: string
  readonly available: bigint
  readonly held: bigint
  readonly expiresMs: bigint | undefined
  readonly flags: number
  readonly traits: LotTraits | undefined
}

/** A wallet's open lots: the first of the burn order in its row, the rest in their table, each once. */
export function checkWindow(
  { history, books }: Audit,
  report: (message: string, walletId?: string) => void,
): void {
  for (const row of history.rows.wallets) {
    const say = (message: string) => report(message, row.id)
    const lots = books.get(row.id)?.state.lots
    if (lots === undefined) continue
    const inRow = lotsInRow(row)
    const waiting = history.rows.waitingLots.filter((lot) => lot.wallet_id === row.id)
    const stored = [...inRow, ...waiting.map(waitingLot)]
    if (inRow.length > lotsInRowMax) say(`${inRow.length} lots are in the row`)
    if (new Set(stored.map((lot) => lot.id)).size !== stored.length) say('a lot is stored twice')
    for (const lot of stored) checkLot(lot, lots.get(lot.id), say)
    for (const lot of lots.values())
      if (lot.available + lot.held > 0n && !stored.some((one) => one.id === lot.id))
        say(
          `lot ${lot.id.slice(-6)} has ${lot.available} available and ${lot.held} held, and is in neither place`,
        )
    checkOrder(inRow, waiting, lots, say)
    checkSums(row, waiting, say)
  }
}

function lotsInRow(row: WalletRow): OpenLot[] {
  return row.lot_ids.map((id, index) => ({
    id,
    available: row.lot_available_micros[index] ?? -1n,
    held: row.lot_held_micros[index] ?? -1n,
    expiresMs: row.lot_expires_ms[index] ?? undefined,
    flags: row.lot_flags[index] ?? -1,
    traits: row.lot_traits?.[id],
  }))
}

function waitingLot(row: WaitingLotRow): OpenLot {
  return {
    id: row.id,
    available: row.available_micros,
    held: row.held_micros,
    expiresMs: row.expires_ms ?? undefined,
    flags: row.flags,
    traits: row.traits ?? undefined,
  }
}

function checkLot(stored: OpenLot, lot: Lot | undefined, say: (message: string) => void): void {
  const name = `lot ${stored.id.slice(-6)}`
  if (lot === undefined) {
    say(`${name} is open, and never was granted`)
    return
  }
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['available', stored.available, lot.available],
    ['held', stored.held, lot.held],
    ['expiry', stored.expiresMs, lot.expiresAt === undefined ? undefined : BigInt(lot.expiresAt.getTime())],
    ['freezing', (stored.flags & 2) !== 0, lot.isFrozen],
    ['repaying', (stored.flags & 1) === 0, lot.repaysDebt],
    ['scope', stored.traits?.scope?.join(), lot.scope?.join()],
    ['pending', BigInt(stored.traits?.pending ?? 0), lot.pending],
  ]
  for (const [what, is, should] of pairs)
    if (is !== should)
      say(`${name}’s ${what} is stored as ${String(is)}, and by the journal it is ${String(should)}`)
}

/** Each in the row burns before the next, and before all that wait. */
function checkOrder(
  inRow: readonly OpenLot[],
  waiting: readonly WaitingLotRow[],
  lots: ReadonlyMap<string, Lot>,
  say: (message: string) => void,
): void {
  const known = (id: string) => lots.get(id)
  for (const [index, { id }] of inRow.entries()) {
    const lot = known(id)
    const later = [...inRow.slice(index + 1, index + 2), ...(index === inRow.length - 1 ? waiting : [])]
    for (const other of later.map((one) => known(one.id)))
      if (lot !== undefined && other !== undefined && !burnsBefore(lot, other))
        say('the lots do not stand in burn order')
  }
}

function burnsBefore(a: Lot, b: Lot): boolean {
  if (a.priority !== b.priority) return a.priority < b.priority
  const [first, second] = [a, b].map((lot) => lot.expiresAt?.getTime() ?? Number.MAX_VALUE) as [
    number,
    number,
  ]
  return first === second ? a.id < b.id : first < second
}

/** What the row says of those that wait. */
function checkSums(row: WalletRow, waiting: readonly WaitingLotRow[], say: (message: string) => void): void {
  const { count, spendable, scoped, upcoming, frozen } = row.waiting ?? {
    count: 0,
    spendable: '0',
    scoped: '0',
    upcoming: '0',
    frozen: '0',
  }
  if (count !== waiting.length) say(`${waiting.length} lots wait, and the row says ${count}`)
  const all = sum([spendable, scoped, upcoming, frozen].map(BigInt))
  const there = sum(waiting.map((lot) => lot.available_micros))
  if (all !== there) say(`${there} wait, and the row says ${all}`)
}
