import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Database, Transaction } from '../database/database.ts'
import type { Uuid } from '../kernel/ids.ts'
import { invariant } from '../kernel/refusal.ts'
import { nextWallets, verifyWallets } from './verify-statement.ts'

/** Something stored that its entries, or another row, do not bear out. In millionths, whatever it counts: of credits, of entries, of milliseconds. */
export interface Difference {
  readonly walletId: Uuid
  readonly lotId: Uuid | undefined
  readonly what: string
  readonly stored: bigint
  readonly computed: bigint
}

export interface Verification {
  readonly wallets: bigint
  readonly lots: bigint
  readonly entries: bigint
  /** The first thousand. */
  readonly differences: readonly Difference[]
}

/** What one stretch of wallets showed. */
export interface VerifiedSlice extends Verification {
  /** Where the next one begins: undefined after the last. */
  readonly next: Uuid | undefined
}

/** More than anyone reads; the first are enough to start from. */
const differencesMax = 1000

/** Before and after the ids of all wallets. */
const firstId = '00000000-0000-0000-0000-000000000000'
const lastId = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

const sliceWallets = 1000

/** A slice ends early where wallets are long, so that none takes much longer than others; a wallet is never divided. */
const sliceEntriesMax = 200_000n

/** Recomputes the wallets after an id, which need not exist, from their entries. One moment of them is seen, in a ledger that goes on. */
export async function verifySlice(
  tx: Transaction,
  { after = firstId, wallets = sliceWallets }: { after?: Uuid | undefined; wallets?: number | undefined },
): Promise<VerifiedSlice> {
  const ids = await tx.run<{ id: Uuid; entry_count: bigint }>(nextWallets, [after, wallets])
  let entries = 0n
  const cut = ids.findIndex(({ entry_count: count }, index) => {
    entries += count
    return index > 0 && entries > sliceEntriesMax
  })
  const last = cut > 0 ? ids[cut - 1] : ids.length === wallets ? ids.at(-1) : undefined
  const rows = await tx.run<DifferenceRow>(verifyWallets, [after, last?.id ?? lastId, differencesMax])
  const counted = (what: string): bigint => {
    const count = rows.find((row) => row.wallet_id === null && row.what === what)
    invariant(count, 'each count has a row')
    return count.computed
  }
  return {
    wallets: counted('wallets'),
    lots: counted('lots'),
    entries: counted('entries'),
    differences: rows.flatMap(({ wallet_id: walletId, lot_id: lotId, ...figures }) =>
      walletId === null ? [] : { walletId, lotId: lotId ?? undefined, ...figures },
    ),
    next: last?.id,
  }
}

interface DifferenceRow {
  readonly wallet_id: Uuid | null
  readonly lot_id: Uuid | null
  readonly what: string
  readonly stored: bigint
  readonly computed: bigint
}

/** The whole ledger, slice by slice, each as of its own moment. */
export async function* verifySlices(
  database: Database,
  options: { readonly wallets?: number | undefined } = {},
): AsyncGenerator<VerifiedSlice> {
  let after: Uuid | undefined
  do {
    // PGlite works in this process: without a turn between slices the ledger would stand still until the last.
    // oxlint-disable-next-line no-await-in-loop
    await nextTurn()
    // One after the other: a verification takes one connection, and leaves the rest of the machine to the ledger.
    // oxlint-disable-next-line no-await-in-loop
    const slice = await database.slowSnapshot((tx) => verifySlice(tx, { ...options, after }))
    yield slice
    after = slice.next
  } while (after !== undefined)
}

/** The whole ledger at once, for small ones. */
export async function verify(database: Database): Promise<Verification> {
  let sum = noneVerified
  for await (const slice of verifySlices(database)) sum = plusSlice(sum, slice)
  return sum
}

export const noneVerified: Verification = { wallets: 0n, lots: 0n, entries: 0n, differences: [] }

export function plusSlice(sum: Verification, slice: VerifiedSlice): Verification {
  return {
    wallets: sum.wallets + slice.wallets,
    lots: sum.lots + slice.lots,
    entries: sum.entries + slice.entries,
    differences: [...sum.differences, ...slice.differences].slice(0, differencesMax),
  }
}

/** How much of the ledger lies before a wallet, from 0 to 1: ids of wallets are hashes, and lie evenly. */
export function shareBefore(walletId: Uuid | undefined): number {
  return walletId === undefined ? 1 : Number.parseInt(walletId.slice(0, 8), 16) / 2 ** 32
}
