import { setImmediate as nextTurn } from 'node:timers/promises'
import type { LaneConnection } from '../database/database.ts'
import { closedFault, databaseConflict } from '../database/faults.ts'
import { Fault } from '../kernel/refusal.ts'
import type { LedgerContext } from './context.ts'
import { overloaded } from './errors.ts'
import { FairQueue } from './fair-queue.ts'
import type { LedgerObserver } from './observer.ts'
import type { Operation, Outcome, Receipt } from './operations.ts'
import { decideBatch } from './run-batch.ts'

export interface Lanes {
  /** Answered after the commit that made it true. */
  submit(operation: Operation): Promise<Receipt>
  /** How many operations wait. */
  waiting(): number
  /** Waits for what is queued, then closes the connections. */
  close(): Promise<void>
}

interface Waiting {
  readonly operation: Operation
  readonly resolve: (receipt: Receipt) => void
  readonly reject: (error: unknown) => void
}

/** One commit for as many; more only makes each caller's answer wait for the others' writing. */
const batchSizeMax = 500

/** Measured on two cores: below about so many waiting one connection is best, above two are. */
const anotherLaneFrom = 100

/** A transaction that lost against others was rolled back whole, and is run again. */
const repeatsMax = 3

/** What an operation that found the queue full is told to wait, in seconds: many batches' time. */
const retryAfterSeconds = 1

/**
 * A queue before a few connections. While batches are in flight the next ones gather, so that under load hundreds of operations share
 * one commit, and alone an operation waits for nothing. A wallet is in one batch at a time, so that batches never wait for each other's locks.
 */
export function createLanes(
  connections: readonly LaneConnection[],
  context: LedgerContext,
  queueMax: number,
  observer?: LedgerObserver,
): Lanes {
  const queue = new FairQueue<Waiting>()
  const idle = [...connections]
  const running = new Set<Promise<void>>()
  let isStarting = false
  let isClosed = false

  /**
   * Sets idle connections to work in the next turn of the event loop, when everybody who can ask now has asked: whoever was just answered asks again
   * at once, and the first of them alone in a batch would make all others wait for its commit.
   */
  function start(): void {
    if (isStarting || idle.length === 0 || queue.readySize === 0) return
    isStarting = true
    void nextTurn().then(() => {
      isStarting = false
      while (queue.readySize >= (running.size === 0 ? 1 : anotherLaneFrom)) {
        const connection = idle.pop()
        if (connection === undefined) return
        run(connection)
      }
    })
  }

  /** Takes what is ready, but leaves their part to idle connections that are worth setting to work too. */
  function run(connection: LaneConnection): void {
    const lanesWorthHaving = Math.max(1, Math.floor(queue.readySize / anotherLaneFrom))
    const batch = queue.take(batchSizeMax, Math.min(lanesWorthHaving, idle.length + 1))
    const lane = runAndAnswer(connection, batch).finally(() => {
      queue.giveBack(batch)
      running.delete(lane)
      idle.push(connection)
      start()
    })
    running.add(lane)
  }

  async function runAndAnswer(connection: LaneConnection, batch: readonly Waiting[]): Promise<void> {
    const operations = batch.map((waiting) => waiting.operation)
    const startedMs = performance.now()
    let outcomes: Outcome[]
    try {
      outcomes = await commit(connection, operations)
    } catch (error) {
      await failBatch(connection, batch, error)
      return
    }
    observer?.committed(operations, outcomes, performance.now() - startedMs)
    for (const [index, waiting] of batch.entries()) {
      const outcome = outcomes[index]
      if (outcome?.ok === true) waiting.resolve(outcome.receipt)
      else waiting.reject(outcome?.refusal)
    }
  }

  /** An operation that the database refuses fails alone: its neighbours are run again without it. */
  async function failBatch(
    connection: LaneConnection,
    batch: readonly Waiting[],
    error: unknown,
  ): Promise<void> {
    if (batch.length === 1 || error instanceof Fault) {
      for (const waiting of batch) waiting.reject(error)
      return
    }
    const middle = Math.ceil(batch.length / 2)
    await runAndAnswer(connection, batch.slice(0, middle))
    await runAndAnswer(connection, batch.slice(middle))
  }

  async function commit(connection: LaneConnection, operations: readonly Operation[]): Promise<Outcome[]> {
    for (let tries = 1; ; tries += 1) {
      try {
        // oxlint-disable-next-line no-await-in-loop
        return await connection.transaction(async (session) => {
          const { outcomes, writes } = await decideBatch(session, operations, context)
          return { answer: outcomes, writes }
        })
      } catch (error) {
        const isConflict = error instanceof Fault && error.code === databaseConflict
        if (!isConflict || tries === repeatsMax) throw error
      }
    }
  }

  return {
    submit: (operation) => {
      if (isClosed) return Promise.reject(closedFault())
      if (queue.size >= queueMax) {
        observer?.overloaded()
        return Promise.reject(overloaded({ retryAfterSeconds }))
      }
      return new Promise((resolve, reject) => {
        queue.push({ operation, resolve, reject })
        start()
      })
    },
    waiting: () => queue.size,
    close: async () => {
      isClosed = true
      do {
        // oxlint-disable-next-line no-await-in-loop
        await Promise.all(running)
        // oxlint-disable-next-line no-await-in-loop
        await nextTurn()
      } while (running.size > 0)
      await Promise.all(connections.map((connection) => connection.close()))
    },
  }
}
