import { randomBytes } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { openStore, type Transaction } from '../store/store.ts'
import { SandboxClock } from './sandbox-clock.ts'
import { type Deliveries, type ScheduledWork, Scheduler } from './scheduler.ts'

const start = new Date('2026-01-31T12:00:00.000Z')
const after = (ms: number) => new Date(start.getTime() + ms).toISOString()

/** A clock over a machine that stands still, and what happened, in order. */
function open(deliveries: Partial<Deliveries> = {}) {
  const clock = new SandboxClock(() => start)
  const store = openStore({ stateFile: undefined, now: clock.now, random: randomBytes })
  onTestFinished(() => store.close())
  const happened: string[] = []
  const work = (name: string, ...due: number[]) => ({
    due,
    nextDueAt() {
      return this.due[0] === undefined ? undefined : after(this.due[0])
    },
    runDue(tx: Transaction) {
      this.due.shift()
      happened.push(`${name} ${tx.now.getTime() - start.getTime()}`)
    },
  })
  const schedule = (...works: ScheduledWork[]) =>
    new Scheduler({
      store,
      clock,
      works,
      log: { info: () => undefined, error: () => undefined },
      deliveries: {
        wake: () => undefined,
        nextDueAt: () => undefined,
        settle: async () => void happened.push(`sent ${clock.now().getTime() - start.getTime()}`),
        ...deliveries,
      },
    })
  return { clock, store, happened, work, schedule }
}

test('what falls due on the way is done at its instant, in order, and told before what comes later', async () => {
  const { clock, happened, work, schedule } = open()
  const scheduler = schedule(work('renew', 100, 300), work('expire', 100, 200, 999))
  await scheduler.advance(400)
  expect(happened).toEqual([
    'sent 0',
    'renew 100',
    'expire 100',
    'sent 100',
    'expire 200',
    'sent 200',
    'renew 300',
    'sent 300',
  ])
  expect(clock.now().toISOString()).toBe(after(400))
  expect(scheduler.nextDueAt()).toBe(after(999))
})

test('what fell due while nobody looked is dated when it fell due', () => {
  const { clock, happened, work, schedule, store } = open()
  const scheduler = schedule(work('renew', 100, 300), work('expire', 200))
  clock.standAt(store, new Date(after(1000)))
  clock.goOn(store)
  scheduler.runDue()
  expect(happened).toEqual(['renew 100', 'expire 200', 'renew 300'])
})

test('webhooks that wait for another attempt are stopped at too, and moves wait for each other', async () => {
  const waiting = [50, 150]
  const { happened, work, schedule } = open({
    nextDueAt: () => (waiting[0] === undefined ? undefined : after(waiting.shift() ?? 0)),
  })
  const scheduler = schedule(work('renew', 100))
  await Promise.all([scheduler.advance(60), scheduler.advance(60)])
  expect(happened).toEqual(['sent 0', 'sent 50', 'sent 60', 'renew 100', 'sent 100'])
})

test('what an answered webhook made due at once is done before the clock moves on', async () => {
  const { happened, work, schedule } = open({
    settle: async () => {
      if (renewal.due.length === 0 && charge.due.length === 0 && happened.length === 1) charge.due.push(100)
    },
  })
  const charge = work('charge')
  const renewal = work('renew', 100)
  const scheduler = schedule(renewal, charge)
  await scheduler.advance(500)
  expect(happened).toEqual(['renew 100', 'charge 100'])
})

test('a work that is due again for ever is stopped, and not the whole sandbox', () => {
  const { schedule } = open()
  const scheduler = schedule({ nextDueAt: () => after(0), runDue: () => undefined })
  expect(() => scheduler.runDue()).toThrow(/does not end/)
})

test('a work that fails leaves the clock where it failed, and the next move tries it again', async () => {
  const { clock, happened, work, schedule } = open()
  const renewal = work('renew', 100)
  let diskFull = true
  const scheduler = schedule({
    nextDueAt: () => renewal.nextDueAt(),
    runDue(tx) {
      if (diskFull) throw new Error('disk full')
      renewal.runDue(tx)
    },
  })
  await expect(scheduler.advance(500)).rejects.toThrow('disk full')
  expect(clock.now().toISOString()).toBe(after(100))
  diskFull = false
  await scheduler.advanceTo(new Date(after(500)))
  expect(happened).toContain('renew 100')
  expect(clock.now().toISOString()).toBe(after(500))
})
