import type { AskedOperation } from '../history.ts'
import type { Transaction } from '../journal.ts'
import { sum, type WalletState } from '../state.ts'
import { isInWindow } from '../windows.ts'
import { debtMove, type Expected, moveOf } from './moves.ts'

/** A charge, or the placing of a hold: all that was asked for, from the lots that can pay, in burn order; what is observed takes what is there. */
export function spending(
  state: WalletState,
  operation: AskedOperation,
  now: Date,
  to: 'spent' | 'held',
): Expected {
  const { credits = 0n, action, isObserved = false } = operation
  const shares = state.payable(action, credits, now)
  const missing = credits - sum(shares.map((share) => share.amount))
  if (missing > 0n && !isObserved)
    return `${missing} of ${credits} are not covered${state.debt > 0n ? ', for the wallet owes' : ''}`
  const limit = isObserved ? undefined : exceededLimit(state, operation, now)
  if (limit !== undefined) return limit
  return shares.map((share) => moveOf(share, 'available', to))
}

/** Counted anew, from all that was ever charged and held. */
function exceededLimit(
  state: WalletState,
  { limits = [], credits = 0n }: AskedOperation,
  now: Date,
): string | undefined {
  for (const { name, window, max } of limits) {
    const used = sum(
      state.counts
        .filter(
          (count) => count.name === name && count.window === window && isInWindow(window, count.bucket, now),
        )
        .map((count) => count.amount),
    )
    if (used + credits > max)
      return `${used} of ${max} were used under the limit ${window} ${name}, and ${credits} were asked for`
  }
  return undefined
}

export function grant({ entries }: Transaction, { credits = 0n }: AskedOperation): Expected {
  const lotId = entries[0]?.lot_id ?? undefined
  return [{ lotId, from: 'issued', to: 'available', amount: credits }]
}

export function adjustment(
  state: WalletState,
  transaction: Transaction,
  operation: AskedOperation,
): Expected {
  const { credits = 0n } = operation
  if (credits > 0n) return grant(transaction, operation)
  const shares = state.payable(undefined, -credits, transaction.recordedAt)
  if (sum(shares.map((share) => share.amount)) < -credits) return `${-credits} are not there to be taken`
  return shares.map((share) => moveOf(share, 'available', 'revoked'))
}

/** What is above a hold: charged as far as there is something, and owed where that was chosen; refused where nothing was, unless it is observed. */
export function excess(
  state: WalletState,
  { above = 'refuse', isObserved = false }: AskedOperation,
  action: string | undefined,
  credits: bigint,
  now: Date,
): Expected {
  if (credits === 0n) return []
  if (above === 'refuse' && !isObserved) return `${credits} more were captured than are held`
  const shares = state.payable(action, credits, now)
  const missing = credits - sum(shares.map((share) => share.amount))
  return [
    ...shares.map((share) => moveOf(share, 'available', 'spent')),
    ...(above === 'owe' ? debtMove(missing) : []),
  ]
}
