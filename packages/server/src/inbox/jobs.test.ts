import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest'
import { checkCatalog } from '../catalog/check-catalog.ts'
import type { Database } from '../database/database.ts'
import { openDatabase } from '../database/open-database.ts'
import { createJobs } from '../jobs/jobs.ts'
import { idMaker } from '../kernel/ids.ts'
import { createLogger } from '../observability/logger.ts'
import type { SettleContext } from '../payments/settle-payment.ts'
import { createDodoProvider } from '../providers/dodo/dodo-provider.ts'
import type { PaymentProvider } from '../providers/provider.ts'
import { type InboxQueueInput, inboxQueue, sweepInbox } from './jobs.ts'
import * as queries from './queries.ts'

const log = createLogger({ level: 'silent' })
const newId = idMaker({ now: Date.now, randomBytes })
const catalog = checkCatalog({ units: { credits: {} }, actions: { a: { credits: 1 } } }, 'the test')
const context = (): SettleContext => ({
  provider: 'dodo',
  mode: 'test',
  catalog,
  ledger: { newId, clock: undefined },
})

let database: Database
let provider: PaymentProvider
let nowMs = Date.parse('2026-01-01T00:00:00Z')

const minuteMs = 60_000

beforeAll(async () => {
  database = await openDatabase({ dataDir: undefined, clock: () => new Date(nowMs) })
  provider = await createDodoProvider({
    apiKey: 'dodo_test_x',
    webhookSecrets: ['whsec_eA=='],
    target: { environment: 'test_mode' },
  })
})
afterEach(() => database.transaction((tx) => sql`delete from inbox`.execute(tx.db)))
afterAll(() => database.close())

async function store(messageId: string, data: object): Promise<queries.MessageKey> {
  const key = { provider: 'dodo', messageId }
  await database.transaction((tx) =>
    queries.insertMessage(tx, {
      ...key,
      eventType: 'payment.failed',
      entityId: undefined,
      orderId: undefined,
      headers: {},
      body: JSON.stringify({ type: 'payment.failed', data }),
      state: 'received',
      note: undefined,
      dueAt: new Date(nowMs + 2 * minuteMs),
    }),
  )
  return key
}

const stored = (key: queries.MessageKey) => database.transaction((tx) => queries.lockMessage(tx, key))

/** A queue over these parts, with no worker: what is enqueued is counted. */
function idleQueue(parts: Partial<InboxQueueInput> = {}) {
  const enqueued: queries.MessageKey[] = []
  const jobs: InboxQueueInput['jobs'] = {
    enqueue: (_, __, key) => {
      enqueued.push(key as queries.MessageKey)
      return Promise.resolve()
    },
    wake: () => {},
  }
  return { queue: inboxQueue({ database, provider, jobs, context, log, ...parts }), jobs, enqueued }
}

const broken = () => {
  throw new Error('out of paper')
}

test('a message that cannot be processed waits, is tried again, and is flagged at last', async () => {
  const key = await store('msg_unlucky', { payment_id: 'pay_1', status: 'failed' })
  let isBroken = true
  const unsteady: PaymentProvider = {
    ...provider,
    readMessage: (body) => {
      if (isBroken) throw new Error('out of paper')
      return provider.readMessage(body)
    },
  }
  const { queue } = idleQueue({ provider: unsteady })
  await expect(queue.handle(key, { isLast: false })).rejects.toThrow('out of paper')
  expect(await stored(key)).toMatchObject({
    state: 'received',
    attempts: 1,
    note: 'Will be tried again: out of paper',
  })
  await expect(queue.handle(key, { isLast: true })).rejects.toThrow('out of paper')
  expect(await stored(key)).toMatchObject({ state: 'flagged', attempts: 2, note: 'Given up: out of paper' })

  const luckier = await store('msg_lucky', { payment_id: 'pay_2', status: 'failed' })
  await expect(queue.handle(luckier, { isLast: false })).rejects.toThrow('out of paper')
  isBroken = false
  await queue.handle(luckier, { isLast: false })
  expect(await stored(luckier)).toMatchObject({ state: 'ignored', attempts: 2 })
})

test('at start every unprocessed message gets its job, however many there are', async () => {
  const count = 450
  for (let n = 0; n < count; n += 1) await store(`msg_${n}`, { payment_id: `pay_${n}`, status: 'failed' })
  const jobs = createJobs({ database, log })
  const queue = inboxQueue({ database, provider, jobs, context, log })
  jobs.register(queue)
  await jobs.start()
  onTestFinished(() => jobs.stop())
  expect(await sweepInbox({ database, jobs, queue, log }, 'all')).toBe(count)
  await expect
    .poll(
      () =>
        database.transaction((tx) =>
          tx.db.selectFrom('inbox').select('message_id').where('state', '=', 'received').limit(1).execute(),
        ),
      { timeout: 15_000 },
    )
    .toEqual([])
  expect(await sweepInbox({ database, jobs, queue, log }, 'all')).toBe(0)
})

test('a message whose job was lost is taken up in the running process, two minutes after it came', async () => {
  const key = await store('msg_lost', { payment_id: 'pay_lost', status: 'failed' })
  const jobs = createJobs({ database, log, sweepIntervalMs: 10 })
  jobs.register(inboxQueue({ database, provider, jobs, context, log }))
  await jobs.start()
  onTestFinished(() => jobs.stop())
  nowMs += 1.9 * minuteMs
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(await stored(key)).toMatchObject({ state: 'received', attempts: 0 })
  nowMs += 0.2 * minuteMs
  await expect.poll(async () => (await stored(key))?.state, { timeout: 10_000 }).toBe('ignored')
})

test('a sweep leaves alone what is being tried or about to be tried again, and takes it up once', async () => {
  const key = await store('msg_tried', { payment_id: 'pay_tried', status: 'failed' })
  const { queue, enqueued } = idleQueue({ provider: { ...provider, readMessage: broken } })
  nowMs += 3 * minuteMs
  await expect(queue.handle(key, { isLast: false })).rejects.toThrow('out of paper')
  nowMs += 9 * minuteMs
  await queue.sweep?.()
  expect(enqueued).toEqual([])
  nowMs += 2 * minuteMs
  await queue.sweep?.()
  await queue.sweep?.()
  expect(enqueued).toEqual([key])
})

test('a failure that cannot be noted hides nothing: the message stays, is swept, and is flagged when the attempts are used up', async () => {
  const key = await store('msg_unnoted', { payment_id: 'pay_unnoted', status: 'failed' })
  // The first transaction begins the attempt, the second does the work, the third would note the failure.
  let transactions = 0
  const dying: Database = {
    ...database,
    transaction: (work) =>
      ++transactions > 2 ? Promise.reject(new Error('no connection')) : database.transaction(work),
  }
  const unsteady = { ...provider, readMessage: broken }
  const unnoted = idleQueue({ database: dying, provider: unsteady })
  await expect(unnoted.queue.handle(key, { isLast: true })).rejects.toThrow('out of paper')
  expect(await stored(key)).toMatchObject({ state: 'received', attempts: 1 })

  const { queue, enqueued } = idleQueue({ provider: unsteady })
  for (let attempts = 1; attempts < 30; attempts += 1) {
    nowMs += 11 * minuteMs
    await queue.sweep?.()
    expect(enqueued).toHaveLength(attempts)
    await expect(queue.handle(key, { isLast: false })).rejects.toThrow('out of paper')
  }
  expect(await stored(key)).toMatchObject({ state: 'flagged', attempts: 30, note: 'Given up: out of paper' })
  nowMs += 11 * minuteMs
  await queue.sweep?.()
  expect(enqueued).toHaveLength(29)
})

test('a message whose attempts never come to an end is flagged by the sweep', async () => {
  const key = await store('msg_hanging', { payment_id: 'pay_hanging', status: 'failed' })
  const { queue, jobs, enqueued } = idleQueue()
  await database.transaction((tx) => sql`update inbox set attempts = 30`.execute(tx.db))
  expect(await sweepInbox({ database, jobs, queue, log }, 'all')).toBe(0)
  expect(enqueued).toEqual([])
  expect(await stored(key)).toMatchObject({
    state: 'flagged',
    note: 'Given up: 30 attempts were begun, and the last did not come to an end.',
  })
})
