import type { World } from '../world/world.ts'
import { Backend, type Message, type Result } from './backend.ts'
import { databaseError } from './errors.ts'
import type { Row } from './tables.ts'

interface Pending {
  readonly resolve: (rows: readonly (readonly Row[])[]) => void
  readonly reject: (error: Error) => void
}

/** A node's end of a connection. It can break at any moment: before a message arrives, while it is done, before its answer is there. */
export class Connection {
  readonly #world: World
  /** How far the database is. */
  readonly #delayMs: () => number
  readonly #backend: Backend
  readonly #pending = new Set<Pending>()
  #lastArrivalMs = 0
  #state: 'open' | 'broken' | 'abandoned' = 'open'

  constructor(world: World, delayMs: () => number) {
    this.#world = world
    this.#delayMs = delayMs
    this.#backend = new Backend(world.store, world.scheduler, world.random)
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** Whether an answer is waited for. */
  get isBusy(): boolean {
    return this.#pending.size > 0
  }

  /** All in one round trip. Fails with the first that failed. */
  send(messages: readonly Message[]): Promise<readonly (readonly Row[])[]> {
    if (this.#state === 'broken') return Promise.reject(brokenConnection())
    const { scheduler, random } = this.#world
    return new Promise((resolve, reject) => {
      const pending = { resolve, reject }
      this.#pending.add(pending)
      // Messages overtake each other on no connection.
      this.#lastArrivalMs = Math.max(this.#lastArrivalMs, scheduler.nowMs + this.#delayMs())
      scheduler.quietlyAfter(this.#lastArrivalMs - scheduler.nowMs, () =>
        // When nobody is there any more, what was on its way arrives, or not.
        this.isOpen || random.chance(0.5)
          ? this.#backend.receive(messages, (results) => this.#answer(pending, results))
          : undefined,
      )
    })
  }

  #answer(pending: Pending, results: readonly Result[]): void {
    this.#world.scheduler.after(this.#delayMs(), () => {
      if (!this.isOpen || !this.#pending.delete(pending)) {
        if (results.some((result) => result.ok && result.hasCommitted === true))
          this.#world.counts.unheardCommits += 1
        return
      }
      const rows: (readonly Row[])[] = []
      for (const result of results) {
        if (!result.ok) {
          pending.reject(result.error)
          return
        }
        rows.push(result.rows)
      }
      pending.resolve(rows)
    })
  }

  /** The network between the two fails: this side is told at once, the other finds out. */
  break(): void {
    if (!this.isOpen) return
    this.#state = 'broken'
    this.#backend.noticeThatNobodyIsThere(this.#world.random.between(0, 3000))
    for (const { reject } of this.#pending) reject(brokenConnection())
    this.#pending.clear()
  }

  /** The server ends: what it was doing is undone, and what it answered may not arrive. */
  endedByServer(): void {
    this.#backend.end()
    this.break()
  }

  /** This side's process is gone: nobody waits any more. */
  abandon(): void {
    if (!this.isOpen) return
    this.#state = 'abandoned'
    this.#backend.noticeThatNobodyIsThere(this.#world.random.between(0, 3000))
    this.#pending.clear()
  }

  close(): void {
    this.endedByServer()
  }
}

function brokenConnection(): Error {
  return databaseError('ECONNRESET', 'Connection terminated unexpectedly')
}
