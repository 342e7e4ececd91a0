import { sql } from 'kysely'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { createTestDatabase } from '../../test/support/test-database.ts'
import type { Database } from '../database/database.ts'
import { openDatabase } from '../database/open-database.ts'
import { createLogger } from '../observability/logger.ts'
import { createJobs, type Jobs, type JobsOptions, type Queue } from './jobs.ts'

const log = createLogger({ level: 'silent' })
const opened: Database[] = []

afterEach(async () => {
  const closed = await Promise.allSettled(opened.splice(0).map((database) => database.close()))
  for (const one of closed) if (one.status === 'rejected') throw one.reason
})

async function open(driver: 'pglite' | 'postgres'): Promise<Database> {
  const database = await openDatabase(
    driver === 'pglite' ? { dataDir: undefined } : { url: (await createTestDatabase()).url },
  )
  opened.push(database)
  return database
}

/** Stopped after the test, before its database is closed. */
async function started(
  database: Database,
  queues: Queue<never>[],
  options: Partial<JobsOptions> = {},
): Promise<Jobs> {
  const jobs = createJobs({ database, log, ...options })
  for (const queue of queues) jobs.register(queue)
  await jobs.start()
  onTestFinished(() => jobs.stop())
  return jobs
}

function recordingQueue() {
  const seen: number[] = []
  const queue: Queue<{ n: number }> = {
    name: 'recording',
    handle: ({ n }) => {
      seen.push(n)
      return Promise.resolve()
    },
  }
  return { queue, seen }
}

describe.each(['pglite', 'postgres'] as const)('jobs on %s', (driver) => {
  test('a job is handled right after its transaction has committed, and never after a rollback', async () => {
    const database = await open(driver)
    const { queue, seen } = recordingQueue()
    const jobs = await started(database, [queue])
    const undone = database.transaction(async (tx) => {
      await jobs.enqueue(tx, queue, { n: 1 })
      throw new Error('undone')
    })
    await expect(undone).rejects.toThrow('undone')
    await database.transaction((tx) => jobs.enqueue(tx, queue, { n: 2 }))
    const committedMs = performance.now()
    jobs.wake(queue)
    await expect.poll(() => seen, { interval: 5, timeout: 5000 }).toEqual([2])
    // Polling alone would take two seconds.
    expect(performance.now() - committedMs).toBeLessThan(1000)
  })

  test('a burst is worked off at once, and one failing job does not hold up the others', async () => {
    const database = await open(driver)
    const seen: number[] = []
    const queue: Queue<{ n: number }> = {
      name: 'burst',
      handle: ({ n }) => {
        if (n === 7) return Promise.reject(new Error('seven is broken'))
        seen.push(n)
        return Promise.resolve()
      },
    }
    const jobs = await started(database, [queue])
    for (let n = 0; n < 50; n += 1) await database.transaction((tx) => jobs.enqueue(tx, queue, { n }))
    const startedMs = performance.now()
    jobs.wake(queue)
    await expect.poll(() => seen.length, { interval: 5, timeout: 5000 }).toBe(49)
    expect(performance.now() - startedMs).toBeLessThan(1500)
  })

  test('a job that fails is tried again', async () => {
    const database = await open(driver)
    let calls = 0
    const queue: Queue<object> = {
      name: 'unsteady',
      handle: () => (++calls < 2 ? Promise.reject(new Error('not yet')) : Promise.resolve()),
    }
    const jobs = await started(database, [queue], { retryDelaySeconds: 1 })
    await database.transaction((tx) => jobs.enqueue(tx, queue, {}))
    jobs.wake(queue)
    await expect.poll(() => calls, { timeout: 15_000 }).toBe(2)
  })

  test('a process that only writes jobs leaves them to one that works, also after a restart', async () => {
    const database = await open(driver)
    const { queue, seen } = recordingQueue()
    const writing = createJobs({ database, log, work: false })
    writing.register(queue)
    await writing.start()
    await database.transaction((tx) => writing.enqueue(tx, queue, { n: 1 }))
    writing.wake(queue)
    await writing.stop()
    expect(seen).toEqual([])
    await started(database, [queue])
    await expect.poll(() => seen, { timeout: 5000 }).toEqual([1])
  })

  test('what failed for the last time is kept', async () => {
    const database = await open(driver)
    const lasts: boolean[] = []
    const queue: Queue<{ n: number }> = {
      name: 'hopeless',
      handle: (_, attempt) => {
        lasts.push(attempt.isLast)
        return Promise.reject(new Error('hopeless'))
      },
    }
    const jobs = await started(database, [queue])
    await database.transaction(async (tx) => {
      await jobs.enqueue(tx, queue, { n: 9 })
      await sql`update pgboss.job set retry_limit = 25, retry_count = 24, state = 'retry', started_on = now() where name = 'hopeless'`.execute(
        tx.db,
      )
    })
    jobs.wake(queue)
    await expect.poll(() => lasts, { timeout: 5000 }).toEqual([true])
    await expect
      .poll(
        () =>
          database.transaction(async (tx) => {
            const { rows } = await sql<{
              data: unknown
            }>`select data from pgboss.job where name = 'hopeless.dead'`.execute(tx.db)
            return rows
          }),
        { timeout: 5000 },
      )
      .toEqual([{ data: { n: 9 } }])
  })
})

test('a handler that hangs holds up neither its batch nor the next one, and is tried again', async () => {
  const database = await open('pglite')
  const seen: number[] = []
  let isHanging = true
  const queue: Queue<{ n: number }> = {
    name: 'hanging',
    handle: ({ n }) => {
      if (n === 1 && isHanging) return new Promise(() => {})
      seen.push(n)
      return Promise.resolve()
    },
  }
  const jobs = createJobs({ database, log, handlerTimeoutMs: 100, retryDelaySeconds: 1 })
  jobs.register(queue)
  await jobs.start()
  onTestFinished(() => jobs.stop())
  await database.transaction(async (tx) => {
    for (const n of [1, 2, 3]) await jobs.enqueue(tx, queue, { n })
  })
  jobs.wake(queue)
  await expect.poll(() => seen.toSorted((a, b) => a - b), { timeout: 5000 }).toEqual([2, 3])
  isHanging = false
  await expect.poll(() => seen.toSorted((a, b) => a - b), { timeout: 15_000 }).toEqual([1, 2, 3])
})

test('a queue is swept while its jobs are worked on, one sweep at a time, also after one that failed, and not after the stop', async () => {
  const database = await open('pglite')
  let sweeps = 0
  let running = 0
  let most = 0
  const queue: Queue<object> = {
    name: 'swept',
    handle: () => Promise.resolve(),
    async sweep() {
      sweeps += 1
      running += 1
      most = Math.max(most, running)
      await new Promise((resolve) => setTimeout(resolve, 20))
      running -= 1
      if (sweeps === 1) throw new Error('no broom')
    },
  }
  const idle = createJobs({ database, log, work: false, sweepIntervalMs: 1 })
  idle.register(queue)
  await idle.start()
  await new Promise((resolve) => setTimeout(resolve, 50))
  await idle.stop()
  expect(sweeps).toBe(0)

  const jobs = createJobs({ database, log, sweepIntervalMs: 5 })
  jobs.register(queue)
  await jobs.start()
  await expect.poll(() => sweeps).toBeGreaterThan(2)
  await jobs.stop()
  expect({ running, most }).toEqual({ running: 0, most: 1 })
  const swept = sweeps
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(sweeps).toBe(swept)
})

test('repeated work runs where work is done, also after it failed and where there are no queues, and not after the stop', async () => {
  const database = await open('pglite')
  let runs = 0
  const repeated = {
    name: 'tide',
    everyMs: 5,
    run: () => (++runs === 1 ? Promise.reject(new Error('ebb')) : Promise.resolve()),
  }
  const idle = createJobs({ database, log, work: false })
  idle.repeat(repeated)
  await idle.start()
  const jobs = createJobs({ database, log })
  jobs.repeat(repeated)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(runs).toBe(0)
  await jobs.start()
  await expect.poll(() => runs).toBeGreaterThan(2)
  await jobs.stop()
  const run = runs
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(runs).toBe(run)
})

test('where there is no work to do, nothing is installed for it', async () => {
  const database = await open('pglite')
  await started(database, [])
  const { rows } = await database.transaction((tx) =>
    sql`select from pg_namespace where nspname = 'pgboss'`.execute(tx.db),
  )
  expect(rows).toEqual([])
})
