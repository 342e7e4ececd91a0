import { fromKysely, type Job, PgBoss } from 'pg-boss'
import type { Database, Transaction } from '../database/database.ts'
import { invariant } from '../kernel/refusal.ts'
import type { Log } from '../observability/logger.ts'

/** A kind of work. `Data` names rows by their ids and carries nothing else: the rows are the truth. */
export interface Queue<Data extends object> {
  readonly name: string
  /** Safe to repeat. Throws when it should be tried again. */
  handle(data: Data, attempt: Attempt): Promise<void>
  /** Called every minute where the work is done: writes jobs for rows whose job was lost, as `<queue>.dead` or with a process. */
  sweep?(): Promise<void>
}

/** Work that is due again and again and has no rows of its own. What one process at a time should do, it claims in the database. */
export interface Repeated {
  readonly name: string
  readonly everyMs: number
  /** @param signal says that the process stops: what takes long ends where it can go on later */
  run(signal?: AbortSignal): Promise<void>
}

export interface Attempt {
  /** No further one follows: what throws now is kept as a dead letter. */
  readonly isLast: boolean
}

export interface Jobs {
  /** Before `start`. */
  register<Data extends object>(queue: Queue<Data>): void
  /** Before `start`. Runs where the work is done, one at a time in a process, again also after it failed. */
  repeat(repeated: Repeated): void
  start(): Promise<void>
  /** The job exists once the transaction has committed. Say `wake` then. */
  enqueue<Data extends object>(tx: Transaction, queue: Queue<Data>, data: Data): Promise<void>
  /** Has this process look at the queue now instead of at its next poll. */
  wake(queue: Queue<never>): void
  /** Lets running handlers end, for a while. */
  stop(): Promise<void>
}

export interface JobsOptions {
  readonly database: Database
  readonly log: Log
  /** Whether this process does the work, or only writes jobs for others. */
  readonly work?: boolean
  /** How long `stop` waits for running handlers. */
  readonly stopTimeoutMs?: number
  /** For tests that want to see a retry: seconds before the first one. */
  readonly retryDelaySeconds?: number
  /** For tests that want to see a sweep. */
  readonly sweepIntervalMs?: number
  /** For tests that want to see a handler given up. */
  readonly handlerTimeoutMs?: number
}

// 1, 2, 4 … 256 s, then every 5 min: about an hour and a half in all, longer than most outages.
const retryLimit = 25
const retryDelaySeconds = 1
const retryDelayMaxSeconds = 300

// A burst of webhooks is taken twenty at a time, one after the other; each is settled by itself.
const batchSize = 20

// A handler's longest time. It is not ended, only waited for no longer.
const handlerTimeoutMs = 60_000

const queueSettings = {
  retryLimit,
  retryBackoff: true,
  retryDelayMax: retryDelayMaxSeconds,
  // The jobs of a batch share it, and it begins for all of them when the batch is taken.
  expireInSeconds: ((batchSize + 1) * handlerTimeoutMs) / 1000,
  // How long a silent worker is believed to be alive: 10 s is the least that pg-boss takes.
  heartbeatSeconds: 10,
  deleteAfterSeconds: 24 * 3600,
}

// A dead letter waits for a person.
const deadLetterRetentionSeconds = 365 * 24 * 3600

const pollingIntervalSeconds = 2
const sweepIntervalMs = 60_000
const supervisionIntervalSeconds = 30

export function createJobs(options: JobsOptions): Jobs {
  const { database, log, work = true, stopTimeoutMs = 10_000 } = options
  const settings = { ...queueSettings, retryDelay: options.retryDelaySeconds ?? retryDelaySeconds }
  const queues = new Map<string, Queue<object>>()
  const workerIds = new Map<string, string>()
  const allRepeated: Repeated[] = []
  const ending: (() => Promise<void>)[] = []
  const stopping = new AbortController()
  const boss = new PgBoss({
    ...database.jobs,
    // Fetching, completing and supervising take turns; the work itself runs on the Database's own connections.
    max: 2,
    schedule: false,
    registerInstance: false,
    supervise: work,
    superviseIntervalSeconds: supervisionIntervalSeconds,
    monitorIntervalSeconds: supervisionIntervalSeconds,
    monitorVacuum: false,
    reindex: false,
  })
  boss.on('error', (error) => log.warn({ err: error }, 'the job runner met an error'))
  boss.on('warning', ({ message }) => log.warn({ reason: message }, 'the job runner warns'))

  async function declare(name: string): Promise<void> {
    const deadLetter = `${name}.dead`
    await boss.createQueue(deadLetter, { retentionSeconds: deadLetterRetentionSeconds })
    await boss.createQueue(name, { ...settings, deadLetter })
    // A queue made by an earlier version keeps its settings unless told.
    await boss.updateQueue(name, { ...settings, deadLetter })
  }

  async function runBatch(queue: Queue<object>, jobs: readonly Job[]) {
    const results = []
    for (const job of jobs) {
      // One after the other: on PGlite they share a connection, and on Postgres other workers take the next batch.
      // oxlint-disable-next-line no-await-in-loop
      results.push({ id: job.id, ...(await runJob(queue, job)) })
    }
    return results
  }

  async function runJob(queue: Queue<object>, job: Job) {
    try {
      const work = queue.handle(job.data, { isLast: job.retryCount >= retryLimit })
      await within(options.handlerTimeoutMs ?? handlerTimeoutMs, work)
      return { status: 'completed' } as const
    } catch (error) {
      const facts = { queue: queue.name, job: job.id, retries: job.retryCount, err: error }
      if (job.retryCount >= retryLimit) log.error(facts, 'job given up; it is kept as a dead letter')
      else log.warn(facts, 'job failed and will be tried again')
      return {
        status: 'failed',
        output: { message: error instanceof Error ? error.message : String(error) },
      } as const
    }
  }

  async function startQueues(): Promise<void> {
    await boss.start()
    for (const queue of queues.values()) {
      // One at a time: each is a statement under the same lock.
      // oxlint-disable-next-line no-await-in-loop
      await declare(queue.name)
      if (!work) continue
      const workOptions = {
        batchSize,
        burstWhenBatchFull: true,
        pollingIntervalSeconds,
        perJobResults: true,
      } as const
      // oxlint-disable-next-line no-await-in-loop
      const id = await boss.work<object>(queue.name, workOptions, (jobs) => runBatch(queue, jobs))
      workerIds.set(queue.name, id)
    }
  }

  function startRepeating(repeated: Repeated): void {
    let running: Promise<void> | undefined
    const timer = setInterval(() => {
      running ??= repeated
        .run(stopping.signal)
        .catch((err: unknown) =>
          log.warn({ err, repeated: repeated.name }, 'repeated work failed; it is tried again'),
        )
        .finally(() => {
          running = undefined
        })
    }, repeated.everyMs)
    timer.unref()
    ending.push(async () => {
      clearInterval(timer)
      await running
    })
  }

  return {
    register(queue) {
      invariant(!queues.has(queue.name), 'a queue has one handler')
      queues.set(queue.name, queue)
      if (queue.sweep === undefined) return
      const everyMs = options.sweepIntervalMs ?? sweepIntervalMs
      allRepeated.push({ name: `${queue.name} sweep`, everyMs, run: async () => queue.sweep?.() })
    },

    repeat(repeated) {
      allRepeated.push(repeated)
    },

    async start() {
      // Whoever has no queues gets no tables for them either.
      if (queues.size > 0) await startQueues()
      if (work) for (const repeated of allRepeated) startRepeating(repeated)
    },

    async enqueue(tx, queue, data) {
      // Declared at start, and so in pg-boss's cache: looking it up here would wait for ever on PGlite.
      invariant(queues.has(queue.name), 'jobs are written to registered queues')
      await boss.send(queue.name, data, { db: fromKysely(tx.db) })
    },

    wake(queue) {
      const id = workerIds.get(queue.name)
      if (id !== undefined) boss.notifyWorker(id)
    },

    async stop() {
      stopping.abort()
      await Promise.all(ending.map((end) => end()))
      await boss.stop({ graceful: true, timeout: stopTimeoutMs })
    },
  }
}

/** Waits for the work, but not for ever. */
async function within(ms: number, work: Promise<void>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`still at work after ${ms / 1000} s`)), ms)
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
