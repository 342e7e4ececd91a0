/** What follows a merge when processes die and time passes: with the queue in the test's hands. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { catalog as definition } from '../../test/support/api.ts'
import { checkCatalog } from '../catalog/check-catalog.ts'
import { createCustomers } from '../customers/customers.ts'
import type { Database } from '../database/database.ts'
import { openDatabase } from '../database/open-database.ts'
import type { Jobs, Queue } from '../jobs/jobs.ts'
import { decimalFromCredits } from '../kernel/credits.ts'
import { walletId } from '../kernel/ids.ts'
import { grantOf, holdOf, newId, newKey } from '../ledger/__fixtures__/operations.ts'
import { createLedger, type Ledger } from '../ledger/ledger.ts'
import { createLogger } from '../observability/logger.ts'
import { nextLook, type TakingKey } from './merge.ts'
import { createMerges, type Merges } from './merges.ts'
import { noteMerge } from './note-merge.ts'
import { takeCredits } from './take-credits.ts'

let now = new Date('2026-11-22T12:00:00Z')
let database: Database
let ledger: Ledger
let merges: Merges
let queue: Queue<TakingKey>
const enqueued: object[] = []
const catalog = { ...checkCatalog(definition), welcome: undefined }

beforeAll(async () => {
  database = await openDatabase({ dataDir: undefined, clock: () => now })
  ledger = await createLedger({ database, newId })
  const jobs: Jobs = {
    register: (one) => {
      queue = one as unknown as Queue<TakingKey>
    },
    enqueue: (_tx, _queue, data) => Promise.resolve(void enqueued.push(data)),
    repeat: () => {},
    wake: () => {},
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  }
  const { context } = ledger
  const log = createLogger({ level: 'silent' })
  merges = createMerges({ database, mode: 'test', jobs, catalog: () => catalog, context, log })
})
afterAll(async () => {
  await ledger.close()
  await database.close()
})

function laterByMinutes(minutes: number): void {
  now = new Date(now.getTime() + minutes * 60_000)
}

async function customersWith(credits: string) {
  const { context } = ledger
  const customers = createCustomers({ database, mode: 'test', context, catalog: () => catalog })
  const [from, into] = [`from_${newId()}`, `into_${newId()}`]
  await Promise.all([from, into].map((customer) => customers.ensure(customer)))
  const owner = { mode: 'test', customer: from, unit: 'credits' } as const
  if (credits !== '0') await ledger.submit(grantOf(owner, credits))
  const available = async (customer: string) =>
    decimalFromCredits((await ledger.balance({ ...owner, customer })).balance.available)
  return { from, into, owner, available }
}

/** As a process does that dies between the two transactions. */
async function takeAndDie(from: string, into: string): Promise<TakingKey> {
  const taken = await database.transaction(async (tx) => {
    const merge = await noteMerge(tx, { mode: 'test', customer: from, into })
    return takeCredits(tx, { merge, unit: 'credits' }, ledger.context)
  })
  expect(taken).toBeDefined()
  return taken!
}

test('a job is written with what was taken, and brings it once however often it runs', async () => {
  const { from, into, available } = await customersWith('9')
  const key = await takeAndDie(from, into)
  expect([await available(from), await available(into)]).toEqual(['0', '0'])
  for (const isLast of [false, true]) await queue.handle(key, { isLast })
  expect([await available(from), await available(into)]).toEqual(['0', '9'])
  const { from: other, into: intoOther } = await customersWith('1')
  await merges.merge({ customer: other, into: intoOther })
  expect(enqueued).toHaveLength(1)
})

test('a sweep brings what was taken when its job is lost', async () => {
  const { from, into, available } = await customersWith('9')
  await takeAndDie(from, into)
  laterByMinutes(5)
  await queue.sweep?.()
  expect(await available(into)).toBe('0')
  laterByMinutes(6)
  await queue.sweep?.()
  await queue.sweep?.()
  expect(await available(into)).toBe('9')
})

test('a sweep takes what nobody came to take, and what becomes available later', async () => {
  const { from, into, owner, available } = await customersWith('9')
  await ledger.submit(holdOf(owner, '4', 30 * 60_000))
  await database.transaction((tx) => noteMerge(tx, { mode: 'test', customer: from, into }))
  await queue.sweep?.()
  expect(await available(into)).toBe('5')
  laterByMinutes(31)
  await queue.sweep?.()
  expect(await available(into)).toBe('9')
  await ledger.submit(grantOf(owner, '2', { source: 'purchase', name: 'A late payment' }))
  for (let sweeps = 0; sweeps < 10; sweeps += 1) {
    laterByMinutes(1)
    await queue.sweep?.()
  }
  expect(await available(into)).toBe('11')
})

test('what expires on its way is gone, and the rest arrives', async () => {
  const { from, into, owner, available } = await customersWith('9')
  await ledger.submit(
    grantOf(owner, '5', { key: newKey(), expiry: { at: new Date(now.getTime() + 120_000) } }),
  )
  const key = await takeAndDie(from, into)
  laterByMinutes(3)
  await queue.handle(key, { isLast: false })
  expect(await available(into)).toBe('9')
})

test('what is about to expire stays where it is', async () => {
  const { from, into, owner, available } = await customersWith('9')
  await ledger.submit(grantOf(owner, '5', { expiry: { at: new Date(now.getTime() + 30_000) } }))
  await merges.merge({ customer: from, into })
  expect([await available(from), await available(into)]).toEqual(['5', '9'])
})

test('what the other wallet cannot hold stays on its way, and arrives when there is room', async () => {
  const { from, into, owner, available } = await customersWith('9')
  const full = { ...owner, customer: into }
  for (let times = 0; times < 4; times += 1) await ledger.submit(grantOf(full, '1000000000000'))
  const { takings } = await merges.merge({ customer: from, into })
  expect(takings).toMatchObject([{ arrivedAt: undefined }])
  const { lots } = await ledger.balance(full)
  await ledger.submit({
    kind: 'expire',
    walletId: walletId(full),
    key: newKey(),
    lotId: lots[0]!.id,
    reason: undefined,
  })
  laterByMinutes(11)
  await queue.sweep?.()
  expect(await available(into)).toBe('3000000000009')
})

test('a merge is looked at soon, then rarely, then no more', () => {
  const createdAt = now
  const waitMinutes = (ageMinutes: number) => {
    const at = new Date(createdAt.getTime() + ageMinutes * 60_000)
    const look = nextLook({ createdAt }, at)
    return look && (look.getTime() - at.getTime()) / 60_000
  }
  expect([0, 10, 100, 1440, 80 * 1440, 91 * 1440].map(waitMinutes)).toEqual([1, 1, 10, 144, 1440, undefined])
})
