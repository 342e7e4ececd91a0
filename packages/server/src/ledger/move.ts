import { add, type Credits, micros, smaller, subtract } from '../kernel/credits.ts'
import type { Uuid } from '../kernel/ids.ts'
import { invariant } from '../kernel/refusal.ts'
import type { Account, Entry } from './entry.ts'
import { burnsBefore, type LotShare, type OpenLot, type Wallet } from './wallet.ts'

/** Credits of one lot on their way between two accounts. */
export interface Move {
  readonly lotId: Uuid
  readonly from: Account
  readonly to: Account
  readonly amount: Credits
}

/** When and in which transaction a move happens. */
export interface Occasion {
  readonly operation: Entry['operation']
  readonly transactionId: Uuid
  readonly at: Date
}

/** What a move is for. */
export interface About {
  readonly holdId?: Uuid | undefined
  readonly action: string | undefined
  readonly description: string | undefined
  readonly catalogId: number | undefined
}

/** The entry of a move. */
export function movement({ lotId, from, to, amount }: Move, occasion: Occasion, about?: About): Entry {
  return {
    transactionId: occasion.transactionId,
    operation: occasion.operation,
    lotId,
    from,
    to,
    amount,
    holdId: about?.holdId,
    action: about?.action,
    description: about?.description,
    catalogId: about?.catalogId,
    effectiveAt: occasion.at,
    bound: undefined,
  }
}

/** The wallet after a move of one of its open lots. A lot with nothing left leaves the row. */
export function move(wallet: Wallet, { lotId, from, to, amount }: Move): Wallet {
  const available = change('available', from, to, amount)
  const held = change('held', from, to, amount)
  const lots = wallet.lots
    .map((lot) =>
      lot.id === lotId
        ? { ...lot, available: plus(lot.available, available), held: plus(lot.held, held) }
        : lot,
    )
    .filter((lot) => lot.available > 0n || lot.held > 0n)
  return { ...wallet, lots, available: plus(wallet.available, available), held: plus(wallet.held, held) }
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

/** The wallet with a new lot in its place in the burn order. */
export function addLot(wallet: Wallet, lot: OpenLot): Wallet {
  const place = wallet.lots.findIndex((open) => burnsBefore(lot, open))
  const lots = place < 0 ? [...wallet.lots, lot] : wallet.lots.toSpliced(place, 0, lot)
  return { ...wallet, lots, available: add(wallet.available, lot.available) }
}

/** How much of `wanted` each of `shares` gives, in their order, and what they do not cover. */
export function takeInOrder(
  shares: readonly LotShare[],
  wanted: Credits,
): { taken: LotShare[]; missing: Credits } {
  const taken: LotShare[] = []
  let missing = wanted
  for (const { lotId, amount } of shares) {
    if (missing === 0n) break
    const part = smaller(amount, missing)
    if (part === 0n) continue
    taken.push({ lotId, amount: part })
    missing = subtract(missing, part)
  }
  return { taken, missing }
}
