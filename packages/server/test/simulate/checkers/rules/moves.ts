import type { Account } from '../history.ts'
import type { Transaction } from '../journal.ts'
import { isExpired, type Lot, min, type Share, type WalletState } from '../state.ts'

/** Credits on their way, as an entry tells it. */
export interface Move {
  readonly lotId: string | undefined
  readonly from: Account
  readonly to: Account
  readonly amount: bigint
}

/** What a transaction should have moved; or what is wrong with its having happened at all. */
export type Expected = readonly Move[] | string

export function moveOf(share: Share, from: Account, to: Account): Move {
  return { ...share, from, to }
}

export function debtMove(amount: bigint): Move[] {
  return amount > 0n ? [{ lotId: undefined, from: 'debt', to: 'spent', amount }] : []
}

export function movesOf({ entries }: Transaction): Move[] {
  return entries.flatMap((entry) =>
    entry.from_account === null || entry.to_account === null
      ? []
      : [
          {
            lotId: entry.lot_id ?? undefined,
            from: entry.from_account,
            to: entry.to_account,
            amount: entry.amount_micros,
          },
        ],
  )
}

export function wordsOf(moves: readonly Move[]): string {
  if (moves.length === 0) return 'nothing'
  return moves
    .map(({ lotId, from, to, amount }) => `${from} → ${to} ${amount} of ${lotId?.slice(-6) ?? 'none'}`)
    .join(', ')
}

/** What is given back, share by share: what is pending is revoked, and what comes too late expires or lives again. */
export function givenBack(
  state: WalletState,
  shares: readonly Share[],
  from: 'held' | 'spent',
  at: Date,
): Move[] {
  const pending = new Map<string, bigint>()
  const livesAgain = new Set<string>()
  return shares.flatMap(({ lotId, amount }) => {
    const lot = state.lots.get(lotId)
    if (lot === undefined) return []
    const revoked = min(amount, pending.get(lotId) ?? lot.pending)
    pending.set(lotId, (pending.get(lotId) ?? lot.pending) - revoked)
    const rest = amount - revoked
    const isLate = isExpired(lot, at) && !livesAgain.has(lotId)
    if (isLate && rest > 0n && lot.lateReturnDays > 0) livesAgain.add(lotId)
    const to = isLate && lot.lateReturnDays === 0 ? 'expired' : 'available'
    return [
      ...(revoked > 0n ? [moveOf({ lotId, amount: revoked }, from, 'revoked')] : []),
      ...(rest > 0n ? [moveOf({ lotId, amount: rest }, from, to)] : []),
    ]
  })
}

/** Whether what is due in a lot at this time or before is still undone. */
export function isOverdue(lot: Lot, now: Date): boolean {
  return lot.available > 0n && isExpired(lot, now)
}
