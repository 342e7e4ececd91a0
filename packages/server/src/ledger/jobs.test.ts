import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../database/database.ts'
import { openDatabase } from '../database/open-database.ts'
import { idMaker, walletId } from '../kernel/ids.ts'
import { createMetrics } from '../observability/metrics.ts'
import { chargeOf, grantOf, newOwner } from './__fixtures__/operations.ts'
import { verification } from './jobs.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { observeWith } from './metrics.ts'

const newId = idMaker({ now: Date.now, randomBytes })
const metrics = createMetrics({
  waiting: () => 0,
  openMessages: () => Promise.resolve({ received: 0, flagged: 0 }),
  waitingPayments: () => Promise.resolve({ unassigned: 0, flagged: 0 }),
  reconciliation: () => Promise.resolve(undefined),
})
let now = new Date()
let database: Database
let ledger: Ledger
const owners = Array.from({ length: 25 }, newOwner)
const errors: unknown[] = []
const log = { debug() {}, info() {}, warn() {}, error: (facts: unknown) => void errors.push(facts) }

beforeAll(async () => {
  database = await openDatabase({ dataDir: undefined, clock: () => now })
  ledger = await createLedger({ database, newId })
  await Promise.all(owners.map((owner) => ledger.submit(grantOf(owner, '5'))))
  await Promise.all(owners.map((owner) => ledger.submit(chargeOf(owner, '1'))))
})

afterAll(async () => {
  await ledger.close()
  await database.close()
})

/** A server's, which verifies ten wallets at a time. */
const newVerification = () =>
  verification({ database, newId, log, observer: observeWith(metrics), walletsPerMinute: 100 })

const wait = (ms: number) => {
  now = new Date(now.getTime() + ms)
}

/** How many wallets have been verified so far, and how many differences found. */
async function counted(): Promise<[number, number]> {
  const [wallets, differences] = await Promise.all([metrics.verifiedWallets.get(), metrics.differences.get()])
  return [wallets.values[0]?.value ?? 0, differences.values[0]?.value ?? 0]
}

async function events() {
  const { rows } = await database.snapshot((tx) =>
    sql<{ wallet_id: string; data: unknown }>`select wallet_id, data from events order by id`.execute(tx.db),
  )
  return rows
}

test('round after round, a slice at a time, one process at a time; a small ledger rests between two rounds', async () => {
  const processes = [newVerification(), newVerification()]
  const runAll = () => Promise.all(processes.map((one) => one.run()))
  for (const wallets of [10, 20, 25]) {
    await runAll()
    expect(await counted()).toEqual([wallets, 0])
    // None is due before its time.
    await runAll()
    expect(await counted()).toEqual([wallets, 0])
    wait(6_000)
  }
  const last = await metrics.lastVerification.get()
  expect(last.values[0]?.value).toBe((now.getTime() - 6_000) / 1000)
  await runAll()
  expect(await counted()).toEqual([25, 0])
  wait(3_600_000)
  await runAll()
  expect(await counted()).toEqual([35, 0])
})

test('who died with a slice keeps it from nobody for longer than its lease', async () => {
  wait(3_600_000)
  const dead = verification({
    database: { ...database, slowSnapshot: () => Promise.reject(new Error('killed')) },
    newId,
    log,
    walletsPerMinute: 100,
  })
  await expect(dead.run()).rejects.toThrow('killed')
  const [before] = await counted()
  await newVerification().run()
  expect(await counted()).toEqual([before, 0])
  wait(3_600_000)
  await newVerification().run()
  expect(await counted()).toEqual([before + 10, 0])
})

test('drift is logged and counted each time, and an event of its wallet once, until it changes', async () => {
  const [owner = newOwner()] = owners
  const id = walletId(owner)
  const whole = async () => {
    for (let slice = 0; slice < 4; slice += 1) {
      wait(3_600_000)
      await newVerification().run()
    }
  }
  const drift = (micros: number) =>
    database.transaction((tx) =>
      sql`update wallets set available_micros = available_micros + ${micros}::bigint where id = ${id}`.execute(
        tx.db,
      ),
    )
  const told = (stored: string) => ({
    wallet_id: id,
    data: {
      differences: ['wallet available', 'open lots available'].map((what) => ({
        lot: null,
        what,
        stored,
        computed: '4',
      })),
    },
  })
  await whole()
  expect(await events()).toEqual([])
  await drift(1_000_000)
  await whole()
  await whole()
  expect(await events()).toEqual([told('5')])
  expect(errors).toContainEqual({ walletId: id, ...told('5').data })
  const [, differences] = await counted()
  expect(differences).toBeGreaterThanOrEqual(4)
  await drift(1_000_000)
  await whole()
  expect(await events()).toEqual([told('5'), told('6')])
  await drift(-2_000_000)
  await whole()
  expect(await events()).toHaveLength(2)
  await expect(database.transaction((tx) => sql`delete from events`.execute(tx.db))).rejects.toThrow(
    'never changed',
  )
})
