import type { Asked, EntryRow, History } from './history.ts'
import { keyName, type Transaction, transactionsOf } from './journal.ts'
import { isOverdue, movesOf, wordsOf } from './rules/moves.ts'
import { expected } from './rules/rules.ts'
import { canRepay, WalletState } from './state.ts'

/** An operation's transaction with what followed from it at once, and the settling before it. */
export interface Step {
  readonly transaction: Transaction
  /** How the wallet stood once all had followed. */
  readonly balance: { readonly available: bigint; readonly held: bigint; readonly debt: bigint } & Parts
}

interface Parts {
  readonly spendable: bigint
  readonly scoped: bigint
  readonly upcoming: bigint
  readonly frozen: bigint
}

export interface Book {
  readonly walletId: string
  readonly transactions: readonly Transaction[]
  /** By key. */
  readonly steps: ReadonlyMap<string, Step>
  /** At the end. */
  readonly state: WalletState
}

export interface Audit {
  readonly history: History
  readonly askedByKey: ReadonlyMap<string, readonly Asked[]>
  readonly books: ReadonlyMap<string, Book>
}

type Report = (checker: string, message: string, walletId?: string) => void

/** Reads every wallet's journal from its first entry, and holds each transaction against the rules. */
export function auditOf(history: History, report: Report): Audit {
  const askedByKey = Map.groupBy(history.asked, ({ operation }) =>
    keyName(operation.walletId, operation.key.id),
  )
  const entriesByWallet = Map.groupBy(history.rows.entries, (entry) => entry.wallet_id)
  const books = new Map<string, Book>()
  for (const { id } of history.rows.wallets) {
    const entries = (entriesByWallet.get(id) ?? []).toSorted((a, b) => Number(a.number - b.number))
    books.set(id, readBook(id, entries, { history, askedByKey, report }))
  }
  for (const id of entriesByWallet.keys())
    if (!books.has(id)) report('journal', 'entries are in a wallet that does not exist', id)
  return { history, askedByKey, books }
}

/** The wallet's state after so many commits. */
export function stateAfter({ transactions }: Book, commits: number): WalletState {
  const state = new WalletState()
  for (const transaction of transactions) if (transaction.commit <= commits) state.apply(transaction)
  return state
}

function readBook(
  walletId: string,
  entries: readonly EntryRow[],
  { history, askedByKey, report }: Pick<Audit, 'history' | 'askedByKey'> & { report: Report },
): Book {
  const transactions = transactionsOf(entries, history, askedByKey, (message) =>
    report('journal', message, walletId),
  )
  const state = new WalletState()
  const steps = new Map<string, Step>()
  for (const [index, transaction] of transactions.entries()) {
    const say = (checker: string, message: string) =>
      report(checker, `#${transaction.number} ${transaction.operation}: ${message}`, walletId)
    if (transaction.bound !== undefined) checkIsSettled(state, transaction, say)
    checkAgainstRules(state, transaction, say)
    state.apply(transaction)
    checkAccounts(state, transaction, say)
    const next = transactions[index + 1]
    const keyed = lastKeyed(transactions, index)
    if (keyed === undefined || (next !== undefined && follows(next, keyed))) continue
    const balance = {
      available: state.available,
      held: state.held,
      debt: state.debt,
      ...partsOf(state, transaction.recordedAt),
    }
    if (keyed.bound?.key !== null && keyed.bound !== undefined && !steps.has(keyed.bound.key ?? ''))
      steps.set(keyed.bound.key ?? '', { transaction: keyed, balance })
    if (transaction === keyed || follows(transaction, keyed)) checkNothingIsLeft(state, transaction, say)
  }
  return { walletId, transactions, steps, state }
}

/** The operation that the transaction at this place belongs to: it, or one that it follows from. */
function lastKeyed(transactions: readonly Transaction[], index: number): Transaction | undefined {
  for (let place = index; place >= 0; place -= 1) {
    const one = transactions[place]
    if (one?.bound !== undefined) return one
  }
  return undefined
}

/** What an operation brings about is recorded with it; what time does comes later. */
function follows(next: Transaction, keyed: Transaction): boolean {
  return next.bound === undefined && next.recordedAt.getTime() === keyed.recordedAt.getTime()
}

type Say = (checker: string, message: string) => void

function checkAgainstRules(state: WalletState, transaction: Transaction, say: Say): void {
  if (transaction.bound !== undefined && transaction.asked === undefined) {
    say('keys', 'nobody asked for it under this key with this body')
    return
  }
  if (transaction.asked !== undefined && transaction.asked.operation.kind !== transaction.operation)
    say('keys', `a ${transaction.asked.operation.kind} was asked for`)
  const moves = movesOf(transaction)
  const should = expected(state, transaction)
  if (typeof should === 'string') say('rules', should)
  else if (wordsOf(should) !== wordsOf(moves))
    say('rules', `moved ${wordsOf(moves)}; by the rules ${wordsOf(should)}`)
}

/** Whatever time alone does was done before an operation was decided. */
function checkIsSettled(state: WalletState, { recordedAt }: Transaction, say: Say): void {
  for (const lot of state.lots.values())
    if (isOverdue(lot, recordedAt))
      say('time', `lot ${lot.id.slice(-6)} has expired, and ${lot.available} are still in it`)
  for (const hold of state.holds.values())
    if (hold.state === 'placed' && hold.expiresAt <= recordedAt)
      say('time', `hold ${hold.id.slice(-6)} should have lapsed at ${hold.expiresAt.toISOString()}`)
  if (state.debt === 0n) return
  for (const lot of state.lots.values())
    if (lot.available > 0n && canRepay(lot, recordedAt))
      say('debts', `lot ${lot.id.slice(-6)} should have repaid`)
}

function checkNothingIsLeft(state: WalletState, { recordedAt }: Transaction, say: Say): void {
  for (const lot of state.lots.values()) {
    if (lot.pending > lot.held) say('debts', `of lot ${lot.id.slice(-6)} more is pending than is held`)
    if (state.debt > 0n && lot.available > 0n && canRepay(lot, recordedAt))
      say('debts', `lot ${lot.id.slice(-6)} does not repay what is owed`)
  }
}

/** At every prefix of the journal. */
function checkAccounts(state: WalletState, { entries }: Transaction, say: Say): void {
  for (const id of new Set(entries.map((entry) => entry.lot_id))) {
    if (id === null) continue
    const lot = state.lots.get(id)
    if (lot === undefined) {
      say('conservation', `lot ${id.slice(-6)} was never granted`)
      continue
    }
    const { available, held, spent, expired, revoked, granted } = lot
    for (const [account, amount] of Object.entries({ available, held, spent, expired, revoked }))
      if (amount < 0n) say('conservation', `lot ${id.slice(-6)} has ${amount} ${account}`)
    if (available + held + spent + expired + revoked !== granted)
      say('conservation', `the accounts of lot ${id.slice(-6)} do not add up to ${granted}`)
  }
  for (const debt of state.debts.values())
    if (debt.open < 0n) say('conservation', `the debt of #${debt.transaction} is repaid more than whole`)
}

function partsOf(state: WalletState, at: Date): Parts {
  const parts = { spendable: 0n, scoped: 0n, upcoming: 0n, frozen: 0n }
  for (const lot of state.lots.values()) {
    const part = lot.isFrozen
      ? 'frozen'
      : lot.effectiveAt > at
        ? 'upcoming'
        : lot.scope === undefined
          ? 'spendable'
          : 'scoped'
    parts[part] += lot.available
  }
  return parts
}
