import { type Audit, stateAfter } from './audit.ts'
import { chargedAtLapse, restOf } from './rules/holds.ts'
import { isExpired, remainingOf, sum, type WalletState } from './state.ts'

/** What readers were shown, though no job had run: nothing of what is over, and all of what came back. */
export function checkShown(
  { history, books }: Audit,
  report: (message: string, walletId?: string) => void,
): void {
  for (const { walletId, reason } of history.notShown)
    report(`a balance could not be shown: ${reason}`, walletId)
  for (const { walletId, now, commitsThen, balance } of history.shown) {
    const book = books.get(walletId)
    if (book === undefined) continue
    const state = stateAfter(book, commitsThen)
    // The later of the clock and the last change, as for a write.
    if (now < state.lastRecordedAt) report('a balance was shown as of a time before the last entry', walletId)
    const at = now
    const live = [...state.holds.values()].filter((hold) => hold.state === 'placed' && hold.expiresAt > at)
    const held = sum(live.flatMap((hold) => remainingOf(hold).map((share) => share.amount)))
    if (balance.held !== held)
      report(`${balance.held} held were shown at ${at.toISOString()}, and it was ${held}`, walletId)
    const available = availableAt(state, at)
    if (available !== undefined && balance.available !== available)
      report(
        `${balance.available} available were shown at ${at.toISOString()}, and it was ${available}`,
        walletId,
      )
    const parts = sum([balance.spendable, balance.scoped, balance.upcoming, balance.frozen])
    if (parts !== balance.available)
      report(`parts of ${parts} were shown of ${balance.available} available`, walletId)
  }
}

/** Undefined where debt or what is pending makes it more than a sum. */
function availableAt(state: WalletState, at: Date): bigint | undefined {
  const lots = [...state.lots.values()]
  if (state.debt > 0n && lots.some((lot) => lot.held > 0n || (lot.repaysDebt && lot.available > 0n)))
    return undefined
  if (lots.some((lot) => lot.pending > 0n)) return undefined
  const kept = sum(lots.filter((lot) => !isExpired(lot, at)).map((lot) => lot.available))
  const lapsed = [...state.holds.values()].filter((hold) => hold.state === 'placed' && hold.expiresAt <= at)
  const back = lapsed.flatMap((hold) =>
    restOf(remainingOf(hold), chargedAtLapse(hold)).map(({ lotId, amount }) => {
      const lot = state.lots.get(lotId)
      const isLate = lot !== undefined && isExpired(lot, hold.expiresAt)
      if (lot === undefined || (isLate && lot.lateReturnDays === 0)) return 0n
      // A day at least, which is longer than anybody waits here.
      return isLate || !isExpired(lot, at) ? amount : 0n
    }),
  )
  return kept + sum(back)
}
