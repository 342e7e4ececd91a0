import { type Asked, type EntryRow, entryName, type History } from './history.ts'
import type { Report } from './report.ts'

/** Entries that belong together. */
export interface Transaction {
  readonly walletId: string
  readonly number: bigint
  readonly operation: string
  readonly entries: readonly EntryRow[]
  /** The last entry, when a key is bound to the transaction. */
  readonly bound: EntryRow | undefined
  /** What was asked under that key. */
  readonly asked: Asked | undefined
  readonly holdId: string | undefined
  readonly about: bigint | undefined
  readonly recordedAt: Date
  readonly effectiveAt: Date
  readonly commit: number
}

/** A wallet's journal, transaction by transaction. Reports what is not in order in it. */
export function transactionsOf(
  entries: readonly EntryRow[],
  history: Pick<History, 'commitOf'>,
  askedByKey: ReadonlyMap<string, readonly Asked[]>,
  report: Report,
): Transaction[] {
  const transactions: Transaction[] = []
  let open: EntryRow[] = []
  let before: EntryRow | undefined
  for (const [index, entry] of entries.entries()) {
    if (entry.number !== BigInt(index + 1))
      report(`entry ${index + 1} is missing: the next is #${entry.number}`)
    if (before !== undefined && entry.recorded_at < before.recorded_at)
      report(`#${entry.number} is recorded before the one before it`)
    if (effectiveAtOf(entry) > entry.recorded_at)
      report(`#${entry.number} is effective after it was recorded`)
    if (entry.position === 0 && open.length > 0) {
      transactions.push(transactionOf(open, history, askedByKey, report))
      open = []
    }
    if (entry.position !== open.length)
      report(`#${entry.number} is at position ${entry.position} of its transaction`)
    open.push(entry)
    before = entry
  }
  if (open.length > 0) transactions.push(transactionOf(open, history, askedByKey, report))
  for (const [index, transaction] of transactions.entries())
    if (transaction.commit < (transactions[index - 1]?.commit ?? 0))
      report(`#${transaction.number} was committed before the one before it`)
  return transactions
}

function transactionOf(
  entries: readonly EntryRow[],
  { commitOf }: Pick<History, 'commitOf'>,
  askedByKey: ReadonlyMap<string, readonly Asked[]>,
  report: Report,
): Transaction {
  const [first] = entries
  const last = entries.at(-1)
  if (first === undefined || last === undefined) throw new Error('A transaction has entries.')
  const commits = new Set(entries.map((entry) => commitOf.get(entryName(entry.wallet_id, entry.number))))
  if (commits.size > 1) report(`#${first.number} was committed in parts`)
  for (const column of ['operation', 'hold_id', 'about_transaction'] as const)
    if (entries.some((entry) => entry[column] !== first[column]))
      report(`the entries of #${first.number} are of several ${column}s`)
  if (entries.some((entry) => entry.recorded_at.getTime() !== first.recorded_at.getTime()))
    report(`the entries of #${first.number} are recorded at several times`)
  if (entries.some((entry) => entry !== last && entry.key !== null))
    report(`#${first.number} has a key before its end`)
  const asked = last.key === null ? [] : (askedByKey.get(keyName(first.wallet_id, last.key)) ?? [])
  return {
    walletId: first.wallet_id,
    number: first.number,
    operation: first.operation,
    entries,
    bound: last.key === null ? undefined : last,
    asked: asked.find((one) => one.operation.key.fingerprint === last.fingerprint),
    holdId: first.hold_id ?? undefined,
    about: first.about_transaction ?? undefined,
    recordedAt: first.recorded_at,
    effectiveAt: effectiveAtOf(first),
    commit: [...commits][0] ?? 0,
  }
}

export function effectiveAtOf(entry: EntryRow): Date {
  return entry.effective_at ?? entry.recorded_at
}

export function keyName(walletId: string, key: string): string {
  return `${walletId} ${key}`
}
