import type { Statement } from '../../../src/database/database.ts'
import type { Random } from '../world/random.ts'
import type { Scheduler } from '../world/scheduler.ts'
import { databaseError } from './errors.ts'
import { execute } from './statements.ts'
import type { Store } from './store.ts'
import type { Row } from './tables.ts'
import type { Execution, StoreTransaction } from './transaction.ts'

/** What a client sends: a statement with its values, or a word about the transaction. */
export type Message =
  | { readonly kind: 'begin' | 'commit' | 'rollback' }
  | { readonly kind: 'snapshot' }
  | { readonly kind: 'statement'; readonly statement: Statement; readonly values: readonly unknown[] }

export type Result =
  | { readonly ok: true; readonly rows: readonly Row[]; readonly hasCommitted?: boolean }
  | { readonly ok: false; readonly error: Error }

interface Group {
  readonly messages: readonly Message[]
  readonly results: Result[]
  readonly answer: (results: readonly Result[]) => void
}

/** The server's end of one connection: does one message after the other, also when nobody is there any more to hear of it. */
export class Backend {
  readonly #store: Store
  readonly #scheduler: Scheduler
  readonly #random: Random
  readonly #groups: Group[] = []
  #transaction: StoreTransaction | undefined
  #hasFailed = false
  #isBusy = false
  #isEnded = false

  constructor(store: Store, scheduler: Scheduler, random: Random) {
    this.#store = store
    this.#scheduler = scheduler
    this.#random = random
  }

  receive(messages: readonly Message[], answer: Group['answer']): void {
    if (this.#isEnded) return
    this.#groups.push({ messages, results: [], answer })
    if (!this.#isBusy) this.#next()
  }

  /** Whatever is under way is undone. */
  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#endTransaction()
  }

  /** The network is gone: what has arrived is done all the same, then the server notices. */
  noticeThatNobodyIsThere(afterMs: number): void {
    this.#scheduler.quietlyAfter(afterMs, () => this.end())
  }

  #next(): void {
    const [group] = this.#groups
    if (group === undefined || this.#isEnded) {
      this.#isBusy = false
      return
    }
    this.#isBusy = true
    const message = group.messages[group.results.length]
    if (message === undefined) {
      this.#groups.shift()
      group.answer(group.results)
      this.#next()
      return
    }
    this.#perform(message)
  }

  #perform(message: Message): void {
    if (message.kind === 'statement') {
      if (this.#hasFailed) this.#done(failed(databaseError('25P02', 'current transaction is aborted')))
      else if (this.#transaction === undefined) this.#done(failed(new Error('no transaction was begun')))
      else this.#start(this.#transaction, message)
      return
    }
    // A transaction within a transaction is none: the database warns, and goes on.
    if (message.kind === 'begin') this.#transaction ??= this.#store.begin()
    else if (message.kind === 'snapshot') this.#transaction = this.#store.snapshot()
    else {
      const commits = message.kind === 'commit' && !this.#hasFailed && this.#transaction !== undefined
      if (commits && this.#transaction !== undefined) this.#store.commit(this.#transaction)
      this.#endTransaction()
      this.#done({ ok: true, rows: [], hasCommitted: commits })
      return
    }
    this.#done({ ok: true, rows: [] })
  }

  #start(
    transaction: StoreTransaction,
    { statement, values }: Extract<Message, { kind: 'statement' }>,
  ): void {
    let execution: Execution
    try {
      execution = execute(transaction, statement, values)
    } catch (error) {
      this.#scheduler.fail(error)
      return
    }
    this.#goOn(transaction, execution)
  }

  #goOn(transaction: StoreTransaction, execution: Execution): void {
    if (this.#isEnded) return
    try {
      for (;;) {
        const step = execution.next()
        if (step.done === true) {
          this.#done({ ok: true, rows: step.value })
          return
        }
        const lock = this.#store.locks.take(transaction, step.value, () =>
          this.#scheduler.quietlyAfter(this.#random.between(0, 1), () => this.#goOn(transaction, execution)),
        )
        if (lock === 'waits') return
        if (lock === 'deadlock') throw databaseError('40P01', 'deadlock detected')
      }
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) {
        this.#scheduler.fail(error)
        return
      }
      this.#hasFailed = true
      // What it had locked is free again, though nobody has said rollback yet.
      if (this.#transaction !== undefined) this.#store.rollback(this.#transaction)
      this.#done(failed(error))
    }
  }

  #done(result: Result): void {
    this.#groups[0]?.results.push(result)
    // Others come in between, or not.
    if (this.#random.chance(0.7)) this.#next()
    else this.#scheduler.quietlyAfter(this.#random.between(0, 2), () => this.#next())
  }

  #endTransaction(): void {
    if (this.#transaction !== undefined) this.#store.rollback(this.#transaction)
    this.#transaction = undefined
    this.#hasFailed = false
  }
}

function failed(error: Error): Result {
  return { ok: false, error }
}
