import type { Audit, Book } from './audit.ts'
import type { History } from './history.ts'
import { isSame, mergeShares, type Share, sum } from './state.ts'

type Say = (message: string) => void

/** Every stored sum is what the journal adds up to. */
export function checkRows(
  { history, books }: Audit,
  report: (message: string, walletId?: string) => void,
): void {
  for (const book of books.values()) {
    const say = (message: string) => report(message, book.walletId)
    checkWallet(history, book, say)
    checkLots(history, book, say)
    checkHolds(history, book, say)
    checkDebts(history, book, say)
    checkRefunds(history, book, say)
    checkCounts(history, book, say)
  }
}

type Comparable = string | number | bigint | boolean | Date | null | undefined

function differ(say: Say, what: string, stored: Comparable, computed: Comparable): void {
  const [a, b] = [stored, computed].map((value) =>
    value instanceof Date ? value.toISOString() : String(value ?? 'none'),
  )
  if (a !== b) say(`${what} is stored as ${a}, and by the journal it is ${b}`)
}

function checkWallet({ rows }: History, { walletId, state, transactions }: Book, say: Say): void {
  const row = rows.wallets.find((wallet) => wallet.id === walletId)
  if (row === undefined) return
  differ(say, 'available', row.available_micros, state.available)
  differ(say, 'held', row.held_micros, state.held)
  differ(say, 'debt', row.debt_micros, state.debt)
  const last = transactions.at(-1)
  differ(
    say,
    'the number of entries',
    row.entry_count,
    (last?.number ?? 1n) - 1n + BigInt(last?.entries.length ?? 0),
  )
  if (last !== undefined && row.updated_at < last.recordedAt)
    say('the wallet was changed before its last entry')
  const lapses = [...state.holds.values()]
    .filter((hold) => hold.state === 'placed')
    .map((hold) => Number(hold.expiresAt))
  const first = lapses.length === 0 ? undefined : Math.min(...lapses)
  // It may be too early: then somebody looks and finds nothing. It must not be too late.
  if (first !== undefined && (row.next_lapse_at === null || Number(row.next_lapse_at) > first))
    say('the wallet does not know when its next hold lapses')
}

function checkLots({ rows }: History, { walletId, state }: Book, say: Say): void {
  const stored = rows.lots.filter((row) => row.wallet_id === walletId)
  differ(say, 'the number of lots', stored.length, state.lots.size)
  for (const row of stored) {
    const lot = state.lots.get(row.id)
    if (lot === undefined) {
      say(`lot ${row.id.slice(-6)} is stored, and never was granted`)
      continue
    }
    const name = `lot ${row.id.slice(-6)}’s`
    differ(say, `${name} grant`, row.granted_micros, lot.granted)
    differ(say, `${name} expired`, row.expired_micros, lot.expired)
    differ(say, `${name} revoked`, row.revoked_micros, lot.revoked)
    differ(say, `${name} expiry`, row.expires_at, lot.expiresAt)
    differ(say, `${name} start`, row.effective_at, lot.effectiveAt)
    differ(say, `${name} freezing`, row.is_frozen, lot.isFrozen)
    differ(say, `${name} priority`, row.priority, lot.priority)
    differ(say, `${name} scope`, row.scope?.join(), lot.scope?.join())
    differ(say, `${name} repaying`, row.repays_debt, lot.repaysDebt)
  }
}

function checkHolds({ rows }: History, { walletId, state }: Book, say: Say): void {
  const stored = rows.holds.filter((row) => row.wallet_id === walletId)
  differ(say, 'the number of holds', stored.length, state.holds.size)
  for (const row of stored) {
    const hold = state.holds.get(row.id)
    if (hold === undefined) {
      say(`hold ${row.id.slice(-6)} is stored, and never was placed`)
      continue
    }
    const name = `hold ${row.id.slice(-6)}’s`
    differ(say, `${name} state`, row.state, hold.state)
    differ(say, `${name} amount`, row.amount_micros, hold.amount)
    differ(say, `${name} shortage`, row.short_micros ?? 0n, (hold.asked.credits ?? 0n) - hold.amount)
    differ(say, `${name} captured`, row.captured_micros, hold.captured)
    differ(say, `${name} captured out of it`, row.from_shares_micros, hold.spent)
    differ(say, `${name} asked for`, row.asked_micros, hold.askedFor)
    differ(say, `${name} checkpoint`, row.checkpoint_micros, hold.checkpoint)
    differ(say, `${name} expiry`, row.expires_at, hold.expiresAt)
    differ(say, `${name} end`, row.ended_at, hold.endedAt)
    if (!isSame(sharesFrom(row.lot_ids, row.lot_amounts_micros), hold.shares))
      say(`${name} shares are not what it took`)
  }
}

function checkDebts({ rows }: History, { walletId, state }: Book, say: Say): void {
  const stored = rows.debts.filter((row) => row.wallet_id === walletId)
  differ(say, 'the number of debts', stored.length, state.debts.size)
  for (const row of stored) {
    const debt = state.debts.get(row.transaction)
    differ(say, `the debt of #${row.transaction}`, row.amount_micros, debt?.made)
    differ(say, `what is open of the debt of #${row.transaction}`, row.open_micros, debt?.open)
    if (!isSame(sharesFrom(row.repaid_lot_ids, row.repaid_micros), debt?.repaidBy ?? []))
      say(`who repaid the debt of #${row.transaction} is stored otherwise`)
  }
}

function checkRefunds({ rows }: History, { walletId, state }: Book, say: Say): void {
  const stored = new Map(
    rows.refunds.filter((row) => row.wallet_id === walletId).map((row) => [row.transaction, row]),
  )
  for (const [transaction, spending] of state.spendings) {
    const row = stored.get(transaction)
    differ(say, `what is refunded of #${transaction}`, row?.refunded_micros ?? 0n, spending.refunded)
    const returned = sharesFrom(row?.returned_lot_ids ?? [], row?.returned_micros ?? [])
    if (!isSame(inOrder(returned), inOrder(spending.returned)))
      say(`where the refund of #${transaction} went is stored otherwise`)
  }
}

function inOrder(shares: readonly Share[]): Share[] {
  return mergeShares(shares).toSorted((a, b) => (a.lotId < b.lotId ? -1 : 1))
}

function checkCounts({ rows }: History, { walletId, state }: Book, say: Say): void {
  const computed = Map.groupBy(
    state.counts,
    ({ window, name, bucket }) => `${window} ${name} ${bucket.toISOString()}`,
  )
  const stored = rows.counts.filter((row) => row.wallet_id === walletId)
  const names = new Set([
    ...computed.keys(),
    ...stored.map((row) => `${row.name} ${row.starts_at.toISOString()}`),
  ])
  for (const name of names) {
    const row = stored.find((one) => `${one.name} ${one.starts_at.toISOString()}` === name)
    differ(
      say,
      `the count under ${name}`,
      row?.used_micros ?? 0n,
      sum((computed.get(name) ?? []).map((count) => count.amount)),
    )
  }
}

function sharesFrom(lotIds: readonly string[], amounts: readonly bigint[]): Share[] {
  return lotIds.map((lotId, index) => ({ lotId, amount: amounts[index] ?? 0n }))
}
