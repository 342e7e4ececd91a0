import { type Audit, type Book, stateAfter } from './audit.ts'
import type { AskedOperation, History, Run } from './history.ts'
import { refund, revocable } from './rules/lots.ts'
import type { Expected } from './rules/moves.ts'
import { spending } from './rules/spend.ts'
import type { WalletState } from './state.ts'

/** Refusals that could not be right, however what ran at the same time is ordered. */
export function checkRefusals(
  { history, books }: Audit,
  report: (message: string, walletId?: string) => void,
): void {
  for (const run of history.runs) {
    const { result } = run
    const asked = history.asked[run.asked]
    if (result?.kind !== 'refusal' || asked === undefined) continue
    const { operation } = asked
    const book = books.get(operation.walletId)
    if (book === undefined) continue
    const problem = isWrong(result.code, operation, { history, book, run })
    if (problem !== undefined)
      report(
        `${operation.kind} under key ${operation.key.id} was refused (${result.code}): ${problem}`,
        operation.walletId,
      )
  }
}

function isWrong(
  code: string,
  operation: AskedOperation,
  { history, book, run }: { history: History; book: Book; run: Run },
): string | undefined {
  const atStart = () => stateAfter(book, run.commitsAtStart)
  switch (code) {
    case 'hold_not_found':
      return atStart().holds.has(operation.holdId ?? '') ? 'the hold was there' : undefined
    case 'lot_not_found':
      return atStart().lots.has(operation.lotId ?? '') ? 'the lot was there' : undefined
    case 'charge_not_found':
      return atStart().spendings.has(operation.transaction ?? 0n) ? 'the charge was there' : undefined
    case 'hold_already_ended': {
      const hold = book.state.holds.get(operation.holdId ?? '')
      if (isObservedCapture(operation) && hold?.state === 'lapsed') return 'it was observed'
      const isLive = hold?.state === 'placed' && hold.expiresAt > (run.databaseTimeAtEnd ?? new Date(0))
      return isLive ? 'the hold lives' : undefined
    }
    case 'capture_exceeds_hold': {
      if (isObservedCapture(operation)) return 'it was observed'
      const hold = history.rows.holds.find((row) => row.id === operation.holdId)
      const isKept = hold !== undefined && hold.refused_micros >= (operation.credits ?? 0n)
      return isKept ? undefined : 'what was reported of the hold is forgotten'
    }
    case 'insufficient_credits':
    case 'limit_exceeded':
    case 'refund_exceeds_charge':
    case 'revoke_exceeds_lot':
      return couldBeDone(operation, book, run)
    default:
      return undefined
  }
}

function isObservedCapture({ kind, isObserved }: AskedOperation): boolean {
  return kind === 'capture' && isObserved === true
}

/** Whether by the rules it could be done, at each moment at which it may have been decided. */
function couldBeDone(operation: AskedOperation, book: Book, run: Run): string | undefined {
  const { databaseTimeAtStart: from, databaseTimeAtEnd: to = from } = run
  // A clock that stepped back in between leaves too many moments.
  if (!run.wasClockSteady) return undefined
  const isPossible = (state: WalletState) =>
    isUndisturbed(state, to) &&
    [from, to].every((at) => {
      const now = at > state.lastRecordedAt ? at : state.lastRecordedAt
      return typeof ruleFor(operation, state, now) !== 'string'
    })
  const state = stateAfter(book, run.commitsAtStart)
  if (!isPossible(state)) return undefined
  for (const transaction of book.transactions) {
    if (transaction.commit <= run.commitsAtStart || transaction.commit > (run.commitsThen ?? 0)) continue
    state.apply(transaction)
    if (!isPossible(state)) return undefined
  }
  return 'by the rules it could be done all the time'
}

/** Whether nothing is about to happen by itself that makes less possible: no debt, nothing to be taken, no lapse that charges. */
function isUndisturbed(state: WalletState, until: Date): boolean {
  if (state.debt > 0n || [...state.lots.values()].some((lot) => lot.pending > 0n)) return false
  return [...state.holds.values()].every((hold) => hold.state !== 'placed' || hold.expiresAt > until)
}

function ruleFor(operation: AskedOperation, state: WalletState, now: Date): Expected {
  switch (operation.kind) {
    case 'charge':
    case 'hold':
      return spending(state, operation, now, 'spent')
    case 'refund':
      return refund(state, { about: operation.transaction, recordedAt: now }, operation)
    case 'revoke':
      return revocable(state, operation)
    default:
      return 'this is not known'
  }
}
