import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openVisitors } from './visitors.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'studio-visitors-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const open = () => openVisitors({ folder, now: () => new Date(), randomBytes, keptMax: 3 })

async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  // What was looked up is held until its task has ended.
  await pause(1)
  collect()
  await pause(1)
}

describe('the visitors', () => {
  it('stay in memory only while they are the latest, or held by something', async () => {
    const visitors = await open()
    const held = await visitors.get('visitor_held')
    const names = Array.from({ length: 50 }, (_, i) => `visitor_${i}`)
    // One after the other: who is read from disk last is the latest.
    // oxlint-disable-next-line no-await-in-loop
    for (const name of names) await visitors.get(name)
    await collectGarbage()
    const present = visitors.present().map(({ customer }) => customer)
    expect(present.sort()).toEqual(['visitor_47', 'visitor_48', 'visitor_49', 'visitor_held'])
    expect(await visitors.get('visitor_held')).toBe(held)
  })

  it('are the same for two who ask at once', async () => {
    const visitors = await open()
    const [one, other] = await Promise.all([visitors.get('visitor_a'), visitors.get('visitor_a')])
    expect(one).toBe(other)
  })

  it('have a folder from the first thing that is put into it', async () => {
    const visitors = await open()
    const visitor = await visitors.get('visitor_b')
    expect(await readdir(join(folder, 'visitors'))).toEqual([])
    const orders = ['ord_1', 'ord_2', 'ord_3']
    await Promise.all(orders.map((order) => visitor.openOrder({ order, opened_at: 'now' })))
    await Promise.all(orders.slice(1).map((order) => visitor.closeOrder(order)))
    expect(await visitors.known()).toEqual(['visitor_b'])
    expect((await (await open()).get('visitor_b')).openOrders).toEqual([{ order: 'ord_1', opened_at: 'now' }])
  })
})
