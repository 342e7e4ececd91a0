import type { LaneConnection } from '../database/database.ts'
import { closedFault, databaseConflict } from '../database/faults.ts'
import { Fault } from '../kernel/refusal.ts'
import type { LedgerContext } from './context.ts'
import { overloaded } from './errors.ts'
import type { Operation, Outcome, Receipt } from './operations.ts'
import { runBatch } from './run-batch.ts'

export interface Lane {
  /** Answered after the commit that made it true. */
  submit(operation: Operation): Promise<Receipt>
  /** Waits for what is queued, then closes the connection. */
  close(): Promise<void>
}

interface Waiting {
  readonly operation: Operation
  readonly resolve: (receipt: Receipt) => void
  readonly reject: (error: unknown) => void
}

/** One commit for as many; more only makes each caller's answer wait for the others' writing. */
const batchSizeMax = 500

/** A transaction that lost against others was rolled back whole, and is run again. */
const repeatsMax = 3

/**
 * A queue before one connection. While one batch is in flight the next gathers, so that under load hundreds of operations share
 * one commit, and alone an operation waits for nothing.
 */
export function createLane(connection: LaneConnection, context: LedgerContext, queueMax: number): Lane {
  let queue: Waiting[] = []
  let running: Promise<void> | undefined
  let isClosed = false

  async function drain(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.slice(0, batchSizeMax)
      queue = queue.slice(batchSizeMax)
      // One batch after the other is the point: the next one gathers meanwhile.
      // oxlint-disable-next-line no-await-in-loop
      await runAndAnswer(batch)
    }
    running = undefined
  }

  async function runAndAnswer(batch: readonly Waiting[]): Promise<void> {
    let outcomes: Outcome[]
    try {
      outcomes = await commit(batch.map((waiting) => waiting.operation))
    } catch (error) {
      await failBatch(batch, error)
      return
    }
    for (const [index, waiting] of batch.entries()) {
      const outcome = outcomes[index]
      if (outcome?.ok === true) waiting.resolve(outcome.receipt)
      else waiting.reject(outcome?.refusal)
    }
  }

  /** An operation that the database refuses fails alone: its neighbours are run again without it. */
  async function failBatch(batch: readonly Waiting[], error: unknown): Promise<void> {
    if (batch.length === 1 || error instanceof Fault) {
      for (const waiting of batch) waiting.reject(error)
      return
    }
    const middle = Math.ceil(batch.length / 2)
    await runAndAnswer(batch.slice(0, middle))
    await runAndAnswer(batch.slice(middle))
  }

  async function commit(operations: readonly Operation[]): Promise<Outcome[]> {
    for (let tries = 1; ; tries += 1) {
      try {
        // oxlint-disable-next-line no-await-in-loop
        return await connection.transaction((session) => runBatch(session, operations, context))
      } catch (error) {
        const isConflict = error instanceof Fault && error.code === databaseConflict
        if (!isConflict || tries === repeatsMax) throw error
      }
    }
  }

  return {
    submit: (operation) => {
      if (isClosed) return Promise.reject(closedFault())
      if (queue.length >= queueMax) return Promise.reject(overloaded({ retryAfterSeconds: 1 }))
      return new Promise((resolve, reject) => {
        queue.push({ operation, resolve, reject })
        running ??= drain()
      })
    },
    close: async () => {
      isClosed = true
      await running
      await connection.close()
    },
  }
}
