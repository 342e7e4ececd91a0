import { isDeepStrictEqual } from 'node:util'
import type { Answer, LedgerUnderTest, Stored } from './ledger-under-test.ts'
import { NaiveLedger } from './naive-ledger.ts'
import type { Balance, HoldView, Operation, Outcome, Share } from './naive-types.ts'
import { type Entry, type Lot, viewOf } from './naive-wallet.ts'
import { nameOperation } from './name-operations.ts'
import type { History, OperationStep, RepeatStep } from './steps.ts'
import type { Tally } from './tally.ts'

/** What two ledgers said of the same thing, field by field. */
type Facts = Record<string, string>

/** The ledgers disagree. The message says of what, and what led there. */
export class Disagreement extends Error {
  override readonly name = 'Disagreement'
  /** Which of the histories that were played together. */
  readonly history: number

  constructor(history: number, message: string) {
    super(message)
    this.history = history
  }
}

export interface Stage {
  /** What the database's clock shows, step by step. */
  readonly clocks: readonly Date[]
  readonly other: LedgerUnderTest
  readonly tally: Tally
  /** How many histories the other ledger has seen before. */
  readonly played: number
  /** Whether the other ledger's own account of itself is read at the end. */
  readonly isAudited: boolean
}

/**
 * Plays histories on the naive ledger and on another one, each in wallets of its own, all in step: what is asked at one step is one
 * transaction.
 *
 * @throws Disagreement when the ledgers differ in anything
 */
export async function playTogether(histories: readonly History[], stage: Stage): Promise<void> {
  const { clocks, other } = stage
  const games = histories.map((history, index) => new Game(history, index, stage))
  for (const [step, clock] of clocks.entries()) {
    const asked = games.map((game) => game.ask(step))
    const all = asked.flat()
    const answers = all.length === 0 ? [] : await other.apply(all, clock)
    let heard = 0
    for (const [index, game] of games.entries()) {
      const count = asked[index]!.length
      game.hear(step, answers.slice(heard, heard + count))
      heard += count
    }
    for (const game of games) await game.compareReads(step)
  }
  const again = games.map((game) => game.askAgain())
  const answers = await other.apply(again.flat(), clocks.at(-1)!)
  let heard = 0
  for (const [index, game] of games.entries()) {
    const count = again[index]!.length
    game.hearAgain(again[index]!, answers.slice(heard, heard + count))
    heard += count
  }
  const stored = await other.stored(games.flatMap((game) => game.wallets))
  for (const game of games) game.compareStored(stored)
  if (!stage.isAudited) return
  for (const { wallet, what } of await other.differences())
    for (const game of games) game.differsByItself(wallet, what)
}

/** So many of what succeeded are asked again at the end. */
const askedAgainMax = 15

type Seen = ReturnType<NaiveLedger['read']>

class Game {
  readonly #naive = new NaiveLedger()
  readonly #history: History
  readonly #index: number
  readonly #stage: Stage
  /** Two customers with two units each. */
  readonly wallets: readonly string[]
  readonly #asked: Operation[] = []
  #batch: Operation[] = []
  /** What was answered when a key was bound. */
  readonly #wholeByKey = new Map<string, { readonly operation: Operation; readonly whole: unknown }>()
  /** What happened so far, one line an operation. */
  readonly #told: (() => string)[] = []

  constructor(history: History, index: number, stage: Stage) {
    this.#history = history
    this.#index = index
    this.#stage = stage
    this.wallets = ['A', 'B', 'C', 'D'].map((letter) => `${stage.played + index + 1}${letter}`)
  }

  /** What the history asks at a step. */
  ask(step: number): readonly Operation[] {
    const drawn = this.#history.operations.filter((one) => one.step === step)
    this.#batch = []
    const seen = new Map<string, Seen>()
    for (const { operation } of drawn) {
      const asked =
        operation.kind === 'repeat' ? this.#repeated(operation) : this.#named(operation, step, seen)
      if (asked === undefined) continue
      this.#batch.push(asked)
      this.#asked.push(asked)
    }
    return this.#batch
  }

  #repeated({ fromNewest, change }: RepeatStep): Operation | undefined {
    const earlier = this.#asked.at(-1 - (fromNewest % Math.max(this.#asked.length, 1)))
    if (earlier === undefined || change === 'none') return earlier
    if (change === 'body') return { ...earlier, body: `${earlier.body}, changed` }
    return { ...earlier, wallet: this.wallets.find((wallet) => wallet !== earlier.wallet)! }
  }

  #named(
    drawn: Exclude<OperationStep, RepeatStep>,
    step: number,
    seen: Map<string, Seen>,
  ): Operation | undefined {
    const { clocks } = this.#stage
    const read = (wallet: string): Seen => {
      const known = seen.get(wallet) ?? this.#naive.read(wallet, clocks[step]!)
      seen.set(wallet, known)
      return known
    }
    const unkeyed = nameOperation(drawn, {
      ledger: this.#naive,
      read,
      wallets: this.wallets,
      windows: this.#history.windows,
      place: { clocks, step },
    })
    if (unkeyed === undefined) return undefined
    return { ...unkeyed, key: `${this.wallets[0]} key ${this.#asked.length + 1}`, body: textOf(unkeyed) }
  }

  /** What the other ledger answered to what was just asked. */
  hear(step: number, answers: readonly Answer[]): void {
    const clock = this.#stage.clocks[step]!
    if (this.#batch.length > 0) this.#told.push(() => `at ${clock.toISOString()}`)
    const expected = this.#naive.apply(this.#batch, clock)
    for (const [index, operation] of this.#batch.entries()) {
      const outcome = expected[index]!
      const answer = answers[index]
      this.#told.push(() => `  ${textOf(operation)} → ${summaryOf(outcome)}`)
      this.#count(operation, outcome)
      if (!isDeepStrictEqual(outcome, answer?.outcome))
        this.#compare('the outcome', factsOfOutcome(outcome), factsOfOutcome(answer?.outcome))
      if (outcome.ok) this.#compareReplay(operation, answer)
    }
  }

  #compareReplay(operation: Operation, answer: Answer | undefined): void {
    const key = `${operation.wallet} ${operation.key}`
    const bound = this.#wholeByKey.get(key)
    if (bound === undefined) {
      this.#wholeByKey.set(key, { operation, whole: answer?.whole })
      return
    }
    this.#stage.tally.add('replayed', operation.kind)
    if (isDeepStrictEqual(bound.whole, answer?.whole)) return
    const [first, again] = [bound.whole, answer?.whole].map((whole) => JSON.stringify(whole, plain))
    this.#disagree(`the same key was answered otherwise:\n  ${first}\n  ${again}`)
  }

  /** The last of what succeeded, and some of the first. */
  askAgain(): readonly Operation[] {
    const bound = [...this.#wholeByKey.values()].map(({ operation }) => operation)
    return bound.length <= askedAgainMax ? bound : [...bound.slice(0, 5), ...bound.slice(5 - askedAgainMax)]
  }

  hearAgain(operations: readonly Operation[], answers: readonly Answer[]): void {
    for (const [index, operation] of operations.entries()) this.#compareReplay(operation, answers[index])
  }

  #count(operation: Operation, outcome: Outcome): void {
    const { tally } = this.#stage
    const { kind } = operation
    tally.add('operation', kind)
    if (!outcome.ok) {
      tally.add('refusal', outcome.code)
      tally.add('outcome', kind, outcome.code)
      return
    }
    const { hold, owed, wouldRefuse, balance } = outcome.receipt
    tally.add('outcome', kind, 'ok')
    if (wouldRefuse !== undefined) tally.add('observed', kind, wouldRefuse)
    if (owed !== 0n) tally.add('debt', kind, owed > 0n ? 'makes it' : 'makes it less')
    if (balance.debt > 0n) tally.add('debt', 'is left')
    if (kind === 'capture' && hold !== undefined) tally.add('capture leaves a hold', hold.state)
  }

  async compareReads(step: number): Promise<void> {
    const clock = this.#stage.clocks[step]!
    for (const read of this.#history.reads)
      if (read.step === step) await this.#compareRead(this.wallets[read.wallet]!, clock)
  }

  async #compareRead(wallet: string, clock: Date): Promise<void> {
    const { other, tally } = this.#stage
    tally.add('read')
    const balance = await other.balance(wallet, clock)
    const about = `the balance of ${wallet} at ${clock.toISOString()}`
    this.#compare(about, factsOfBalance(this.#naive.balance(wallet, clock)), factsOfBalance(balance))
    for (const hold of this.#naive.holds(wallet, clock).slice(-1)) {
      const seen = await other.hold(wallet, hold.id, clock)
      this.#compare(`${hold.id} at ${clock.toISOString()}`, factsOfHold(hold), seen ? factsOfHold(seen) : {})
    }
  }

  /** All that is left behind. */
  compareStored(stored: ReadonlyMap<string, Stored>): void {
    const { tally } = this.#stage
    for (const wallet of this.wallets) {
      const { lots, holds, transactions, entries: expected } = this.#naive.wallet(wallet)
      const { numbers, entries, holds: seen, waitingLots } = stored.get(wallet)!
      if (numbers.some((number, index) => number !== BigInt(index + 1)))
        this.#disagree(`the journal of ${wallet} is not numbered 1, 2, 3, … but ${numbers.join(', ')}`)
      this.#compare(`the journal of ${wallet}`, factsOfJournal(expected), factsOfJournal(entries))
      this.#compare(`the lots of ${wallet}`, factsOfLots(lots), factsOfLots(lotsFrom(entries, lots)))
      for (const [index, hold] of holds.map(viewOf).entries())
        this.#compare(`stored, ${hold.id}`, factsOfHold(hold), seen[index] ? factsOfHold(seen[index]) : {})
      for (const { lot = 'no lot', from, to } of expected)
        tally.add('moved', lot === 'no lot' ? lot : 'a lot', from, '→', to)
      for (const hold of holds) if (hold.state === 'lapsed') tally.add('lapsed', hold.onLapse)
      for (const { kind } of transactions) if (kind === 'overdue') tally.add('pending was overdue')
      if (waitingLots > 0) tally.add('wallet ends with lots that wait')
    }
    tally.add('history')
  }

  /** The other ledger says of itself that it does not add up. */
  differsByItself(wallet: string, what: string): void {
    if (this.wallets.includes(wallet))
      this.#disagree(`the other ledger differs from itself in ${wallet}: ${what}`)
  }

  #compare(about: string, expected: Facts, answered: Facts): void {
    const names = new Set([...Object.keys(expected), ...Object.keys(answered)])
    const differences = [...names].filter((name) => expected[name] !== answered[name])
    if (differences.length === 0) return
    const lines = differences.map(
      (name) =>
        `  ${name}: the naive ledger says ${expected[name] ?? '–'}, the other ${answered[name] ?? '–'}`,
    )
    this.#disagree([`${about} differs:`, ...lines].join('\n'))
  }

  #disagree(how: string): never {
    throw new Disagreement(this.#index, [...this.#told.map((line) => line()), how].join('\n'))
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
  if (!outcome.ok) return { outcome: outcome.code, ...prefixed('facts', outcome.facts ?? {}) }
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
