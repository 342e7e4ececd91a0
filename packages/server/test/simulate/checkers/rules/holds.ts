import type { AskedOperation } from '../history.ts'
import type { Transaction } from '../journal.ts'
import { type Hold, max, min, remainingOf, type Share, sum, takeInOrder, type WalletState } from '../state.ts'
import { type Expected, givenBack, moveOf } from './moves.ts'
import { excess } from './spend.ts'

export function capture(
  state: WalletState,
  { holdId, recordedAt }: Transaction,
  operation: AskedOperation,
): Expected {
  const hold = state.holds.get(holdId ?? '')
  if (hold === undefined || holdId !== operation.holdId) return 'there is no such hold'
  if (hold.state === 'lapsed') return lateCapture(state, hold, operation, recordedAt)
  if (hold.state !== 'placed') return `the hold was ${hold.state} before`
  const remaining = remainingOf(hold)
  const held = sum(remaining.map((share) => share.amount))
  const credits = operation.credits ?? held
  const taken = takeInOrder(remaining, credits)
  const more = excess(state, operation, hold.asked.action, max(credits - held, 0n), recordedAt)
  if (typeof more === 'string') return more
  const rest = operation.isFinal === false ? [] : restOf(remaining, min(credits, held))
  return [
    ...taken.map((share) => moveOf(share, 'held', 'spent')),
    ...more,
    ...givenBack(state, rest, 'held', recordedAt),
  ]
}

/** What the lapse charged counts. */
function lateCapture(state: WalletState, hold: Hold, operation: AskedOperation, now: Date): Expected {
  const { above = 'refuse', isObserved = false } = operation
  if (above === 'refuse' && !isObserved) return 'the hold lapsed before'
  const credits = operation.credits ?? max(hold.amount - hold.askedFor, 0n)
  const due = max(hold.askedFor + credits - hold.captured, 0n)
  return excess(state, operation, hold.asked.action, due, now)
}

export function release(state: WalletState, { holdId, recordedAt }: Transaction): Expected {
  const hold = state.holds.get(holdId ?? '')
  if (hold?.state !== 'placed') return `a hold ends once: it was ${hold?.state ?? 'never placed'} before`
  return givenBack(state, remainingOf(hold), 'held', recordedAt)
}

export function lapse(state: WalletState, { holdId, effectiveAt }: Transaction): Expected {
  const hold = state.holds.get(holdId ?? '')
  if (hold?.state !== 'placed') return `a hold ends once: it was ${hold?.state ?? 'never placed'} before`
  if (hold.expiresAt.getTime() !== effectiveAt.getTime())
    return `it lapses at ${hold.expiresAt.toISOString()}, not at ${effectiveAt.toISOString()}`
  const remaining = remainingOf(hold)
  const charged = chargedAtLapse(hold)
  return [
    ...takeInOrder(remaining, charged).map((share) => moveOf(share, 'held', 'spent')),
    ...givenBack(state, restOf(remaining, charged), 'held', effectiveAt),
  ]
}

export function chargedAtLapse(hold: Hold): bigint {
  const held = sum(remainingOf(hold).map((share) => share.amount))
  switch (hold.asked.onLapse ?? 'release') {
    case 'charge_all':
      return held
    case 'charge_checkpoint':
      return min(held, max(hold.checkpoint - hold.captured, 0n))
    default:
      return 0n
  }
}

/** What is left of shares when so much of them is gone. */
export function restOf(shares: readonly Share[], gone: bigint): Share[] {
  let left = gone
  return shares.flatMap(({ lotId, amount }) => {
    const part = min(left, amount)
    left -= part
    return amount > part ? [{ lotId, amount: amount - part }] : []
  })
}

export function isPlaced(state: WalletState, { holdId }: Transaction): Expected {
  const hold = state.holds.get(holdId ?? '')
  return hold?.state === 'placed' ? [] : `the hold was ${hold?.state ?? 'never placed'} before`
}
