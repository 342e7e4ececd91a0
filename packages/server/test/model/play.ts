import type { LedgerUnderTest } from './ledger-under-test.ts'
import { NaiveLedger } from './naive-ledger.ts'
import type { Balance, HoldView, Operation, Outcome, Share } from './naive-types.ts'
import type { Entry, Lot } from './naive-wallet.ts'
import { nameOperation, nextClock, walletIds } from './name-operations.ts'
import type { History, OperationStep } from './steps.ts'
import type { Tally } from './tally.ts'

/** What two ledgers said of the same thing, field by field. */
type Facts = Record<string, string>

/** The ledgers disagree. The message says of what, and what led there. */
export class Disagreement extends Error {
  override readonly name = 'Disagreement'
}

/** Plays a history on the naive ledger and on another one; throws a Disagreement when they differ in anything. */
export async function play(history: History, other: LedgerUnderTest, tally: Tally): Promise<void> {
  const game = new Game(history, other, tally)
  for (const step of history.steps) {
    game.clock = nextClock(step.time, game.clock, game.naive)
    await game.apply(step.operations)
    if (step.isRead) await game.compareReads()
  }
  await game.compareReads()
  await game.compareJournals()
}

class Game {
  readonly naive = new NaiveLedger()
  readonly #other: LedgerUnderTest
  readonly #tally: Tally
  readonly #windows: History['windows']
  readonly #asked: Operation[] = []
  /** What happened so far, one line an operation. */
  readonly #told: string[] = []
  clock: Date

  constructor(history: History, other: LedgerUnderTest, tally: Tally) {
    this.clock = history.startsAt
    this.#windows = history.windows
    this.#other = other
    this.#tally = tally
  }

  async apply(steps: readonly OperationStep[]): Promise<void> {
    const operations: Operation[] = []
    for (const step of steps) {
      const operation = this.#nameOrRepeat(step)
      if (operation === undefined) continue
      operations.push(operation)
      this.#asked.push(operation)
    }
    this.#told.push(`at ${this.clock.toISOString()}`)
    const expected = this.naive.apply(operations, this.clock)
    const answered = await this.#other.apply(operations, this.clock)
    for (const [index, operation] of operations.entries()) {
      this.#told.push(`  ${textOf(operation)} → ${summaryOf(expected[index])}`)
      this.#count(operation, expected[index])
      this.#compare('the outcome', factsOfOutcome(expected[index]), factsOfOutcome(answered[index]))
    }
  }

  #nameOrRepeat(step: OperationStep): Operation | undefined {
    if (step.kind === 'repeat') {
      const earlier = this.#asked.at(-1 - (step.fromNewest % Math.max(this.#asked.length, 1)))
      if (earlier === undefined || !step.isChanged) return earlier
      return { ...earlier, body: `${earlier.body}, changed` }
    }
    const unkeyed = nameOperation(step, this.naive, this.clock, this.#windows)
    if (unkeyed === undefined) return undefined
    return { ...unkeyed, key: `key ${this.#asked.length + 1}`, body: textOf(unkeyed) }
  }

  #count(operation: Operation, outcome: Outcome | undefined): void {
    const { kind } = operation
    this.#tally.add('operation', kind)
    if (outcome === undefined) return
    if (!outcome.ok) {
      this.#tally.add('refusal', outcome.code)
      this.#tally.add('outcome', kind, outcome.code)
      return
    }
    const { hold, owed, wouldRefuse, balance } = outcome.receipt
    this.#tally.add('outcome', kind, 'ok')
    if (wouldRefuse !== undefined) this.#tally.add('observed', kind, wouldRefuse)
    if (owed !== 0n) this.#tally.add('debt', kind, owed > 0n ? 'makes it' : 'makes it less')
    if (balance.debt > 0n) this.#tally.add('debt', 'is left')
    if (kind === 'capture' && hold !== undefined) this.#tally.add('capture leaves a hold', hold.state)
  }

  async compareReads(): Promise<void> {
    for (const wallet of walletIds) {
      const balance = await this.#other.balance(wallet, this.clock)
      const about = `the balance of ${wallet}`
      this.#compare(about, factsOfBalance(this.naive.balance(wallet, this.clock)), factsOfBalance(balance))
      const known = this.naive.wallet(wallet).holds.length
      for (const hold of this.naive.holds(wallet, this.clock).slice(0, known)) {
        const seen = await this.#other.hold(wallet, hold.id, this.clock)
        this.#compare(hold.id, factsOfHold(hold), seen === undefined ? {} : factsOfHold(seen))
      }
    }
  }

  async compareJournals(): Promise<void> {
    for (const wallet of walletIds) {
      const entries = await this.#other.entries(wallet)
      const { lots, holds } = this.naive.wallet(wallet)
      for (const { lot = 'no lot', from, to } of this.naive.entries(wallet))
        this.#tally.add('moved', lot === 'no lot' ? lot : 'a lot', from, '→', to)
      for (const hold of holds) if (hold.state === 'lapsed') this.#tally.add('lapsed', hold.onLapse)
      this.#compare(
        `the journal of ${wallet}`,
        factsOfJournal(this.naive.entries(wallet)),
        factsOfJournal(entries),
      )
      this.#compare(`the lots of ${wallet}`, factsOfLots(lots), factsOfLots(lotsFrom(entries, lots)))
    }
  }

  #compare(about: string, expected: Facts, answered: Facts): void {
    const names = new Set([...Object.keys(expected), ...Object.keys(answered)])
    const differences = [...names].filter((name) => expected[name] !== answered[name])
    if (differences.length === 0) return
    const lines = differences.map(
      (name) =>
        `  ${name}: the naive ledger says ${expected[name] ?? '–'}, the other ${answered[name] ?? '–'}`,
    )
    throw new Disagreement([...this.#told, `${about} differs:`, ...lines].join('\n'))
  }
}

function textOf(operation: object): string {
  const fields = Object.entries(operation).filter(
    ([name, value]) => value !== undefined && name !== 'kind' && name !== 'body',
  )
  const text = fields.map(([name, value]) => `${name} ${JSON.stringify(value, plain)}`).join(', ')
  return `${'kind' in operation ? String(operation.kind) : ''} ${text}`
}

function plain(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value
}

function summaryOf(outcome: Outcome | undefined): string {
  if (outcome === undefined) return 'nothing'
  if (!outcome.ok) return outcome.code
  const { transaction, credits, hold, owed } = outcome.receipt
  const about = [`${transaction}: ${credits}`, hold === undefined ? '' : `${hold.id} ${hold.state}`]
  if (owed !== 0n) about.push(`owed ${owed}`)
  return about.filter((part) => part !== '').join(', ')
}

function factsOfOutcome(outcome: Outcome | undefined): Facts {
  if (outcome === undefined) return {}
  if (!outcome.ok) return { outcome: outcome.code, ...prefixed('facts', outcome.shortage ?? {}) }
  const { transaction, kind, at, credits, shares, hold, owed, wouldRefuse, balance } = outcome.receipt
  return {
    outcome: 'ok',
    transaction,
    kind,
    at: at.toISOString(),
    credits: String(credits),
    shares: sharesText(shares),
    owed: String(owed),
    wouldRefuse: wouldRefuse ?? 'nothing',
    ...(hold === undefined ? {} : factsOfHold(hold)),
    ...factsOfBalance(balance),
  }
}

/** What each lot has of them, in the order in which they come first. */
function sharesText(shares: readonly Share[]): string {
  const byLot = new Map<string, bigint>()
  for (const { lot, credits } of shares) byLot.set(lot, (byLot.get(lot) ?? 0n) + credits)
  return [...byLot].flatMap(([lot, credits]) => (credits === 0n ? [] : [`${lot}: ${credits}`])).join(', ')
}

function factsOfBalance(balance: Balance): Facts {
  const { available, held, debt, spendable, scoped, upcoming, frozen } = balance
  return prefixed('balance', { available, held, debt, spendable, scoped, upcoming, frozen })
}

function factsOfHold({ expiresAt, ...rest }: HoldView): Facts {
  const { id, state, amount, captured, uncollected, remaining } = rest
  return prefixed('hold', {
    id,
    state,
    amount,
    captured,
    uncollected,
    remaining,
    expiresAt: expiresAt.toISOString(),
  })
}

function prefixed(prefix: string, fields: object): Facts {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [`${prefix} ${name}`, String(value)]),
  )
}

/** What moved from where to where at each instant: how many entries it took is not the rules' business. */
function factsOfJournal(entries: readonly Entry[]): Facts {
  const sums = new Map<string, bigint>()
  for (const { lot = 'no lot', from, to, credits, effectiveAt } of entries) {
    const name = `${lot}: ${from} → ${to} at ${effectiveAt.toISOString()}`
    sums.set(name, (sums.get(name) ?? 0n) + credits)
  }
  return Object.fromEntries([...sums].map(([name, credits]) => [name, String(credits)]))
}

const lotAccounts = ['available', 'held', 'spent', 'expired', 'revoked'] as const

type LotSums = Pick<Lot, 'id' | 'granted' | (typeof lotAccounts)[number]>

function factsOfLots(lots: readonly LotSums[]): Facts {
  return Object.assign(
    {},
    ...lots.map((lot) => {
      const { id, granted, available, held, spent, expired, revoked } = lot
      return prefixed(id, { granted, available, held, spent, expired, revoked })
    }),
  ) as Facts
}

/** The lots' sums as a journal adds up. */
function lotsFrom(entries: readonly Entry[], lots: readonly Lot[]): LotSums[] {
  return lots.map(({ id }) => {
    const into = (account: string) => sumOf(entries, (entry) => entry.lot === id && entry.to === account)
    const outOf = (account: string) => sumOf(entries, (entry) => entry.lot === id && entry.from === account)
    const [available, held, spent, expired, revoked] = lotAccounts.map(
      (account) => into(account) - outOf(account),
    ) as [bigint, bigint, bigint, bigint, bigint]
    return { id, granted: outOf('issued'), available, held, spent, expired, revoked }
  })
}

function sumOf(entries: readonly Entry[], which: (entry: Entry) => boolean): bigint {
  return entries.filter(which).reduce((all, entry) => all + entry.credits, 0n)
}
