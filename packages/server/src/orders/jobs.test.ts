import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../database/database.ts'
import { openDatabase } from '../database/open-database.ts'
import { createJobs, type Jobs } from '../jobs/jobs.ts'
import { idMaker } from '../kernel/ids.ts'
import { createLogger } from '../observability/logger.ts'
import { createDodoProvider } from '../providers/dodo/dodo-provider.ts'
import type { PaymentProvider } from '../providers/provider.ts'
import { inboxQueue, sweepInbox } from './jobs.ts'
import * as queries from './queries.ts'

const log = createLogger({ level: 'silent' })
const newId = idMaker({ now: Date.now, randomBytes })
const context = { newId, clock: undefined }

let database: Database
let provider: PaymentProvider
let jobs: Jobs

beforeAll(async () => {
  database = await openDatabase({ dataDir: undefined })
  provider = await createDodoProvider({
    apiKey: 'dodo_test_x',
    webhookSecrets: ['whsec_eA=='],
    target: { environment: 'test_mode' },
  })
})
afterAll(async () => {
  await jobs.stop()
  await database.close()
})

async function store(messageId: string, data: object): Promise<queries.MessageKey> {
  const key = { provider: 'dodo', messageId }
  await database.transaction((tx) =>
    queries.insertMessage(tx, {
      ...key,
      eventType: 'payment.failed',
      orderId: undefined,
      headers: {},
      body: JSON.stringify({ type: 'payment.failed', data }),
      state: 'received',
      note: undefined,
    }),
  )
  return key
}

const stored = (key: queries.MessageKey) => database.transaction((tx) => queries.lockMessage(tx, key))

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
  const queue = inboxQueue({ database, provider: unsteady, context, log })
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
  const queue = inboxQueue({ database, provider, context, log })
  jobs = createJobs({ database, log })
  jobs.register(queue)
  await jobs.start()
  expect(await sweepInbox(database, jobs, queue)).toBe(count)
  await expect
    .poll(() => database.transaction((tx) => queries.listUnprocessed(tx, { after: undefined, limit: 1 })), {
      timeout: 15_000,
    })
    .toEqual([])
  expect(await sweepInbox(database, jobs, queue)).toBe(0)
})
