import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../../src/database/open-database.ts'
import { decimalFromCredits } from '../../src/kernel/credits.ts'
import { deliver, openShop } from '../support/shop.ts'

interface Told {
  readonly order?: string
  readonly secret?: string
  readonly stuck?: boolean
}

/** Runs a shop in a process of its own, kills it when it has said `until`, and answers all that it said. */
async function killedShop(dataDir: string, moment: string, until: (told: Told) => boolean): Promise<Told> {
  const child = spawn(
    process.execPath,
    ['--conditions=source', join(import.meta.dirname, 'receive-and-wait.ts'), dataDir, moment],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let told: Told = {}
  for await (const line of createInterface({ input: child.stdout })) {
    told = { ...told, ...(JSON.parse(line) as Told) }
    if (until(told)) break
  }
  child.kill('SIGKILL')
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return told
}

async function newDataDir(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tallystick-crash-'))
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }))
  return dataDir
}

async function expectCreditedOnce(dataDir: string, attempts = 1): Promise<void> {
  await using opened = new AsyncDisposableStack()
  const database = await openDatabase({ dataDir })
  opened.defer(() => database.close())
  const openedMs = performance.now()
  const shop = await openShop({ database, dodoOptions: { webhooks: [] } })
  opened.defer(() => shop.close())
  const { orders } = await shop.orders.list('alice', { limit: 10, before: undefined })
  const [order] = orders
  if (order === undefined) throw new Error('The order is lost.')
  await expect
    .poll(async () => (await shop.orders.order(order.id)).state, { timeout: 20_000, interval: 10 })
    .toBe('credited')
  // At once, and not when a lease of the dead process has run out.
  expect(performance.now() - openedMs).toBeLessThan(5000)
  const { balance, lots } = await shop.ledger.balance({ mode: 'test', customer: 'alice', unit: 'credits' })
  expect(decimalFromCredits(balance.available)).toBe('1000')
  expect(lots).toHaveLength(1)

  const messages = await shop.inbox.messages({ orderId: order.id, limit: 10 })
  expect(messages).toMatchObject([{ state: 'processed', attempts }])
  expect((await shop.ledger.verify()).differences).toEqual([])
}

test('a process killed between storing a webhook and its processing: the next one credits, once', async () => {
  const dataDir = await newDataDir()
  const told = await killedShop(dataDir, 'stored', ({ order }) => order !== undefined)
  expect(told).toMatchObject({ order: expect.stringMatching(/^ord_/) })
  await expectCreditedOnce(dataDir)
})

test('a process killed in the middle of crediting: nothing of it stays, and the next one credits, once', async () => {
  const dataDir = await newDataDir()
  const told = await killedShop(dataDir, 'stuck', ({ stuck }) => stuck === true)
  expect(told).toMatchObject({ stuck: true })
  await expectCreditedOnce(dataDir, 2)
})

test('a process killed after crediting: what Dodo sends again grants nothing more', async () => {
  const dataDir = await newDataDir()
  const told = await killedShop(dataDir, 'stored', ({ order }) => order !== undefined)
  await expectCreditedOnce(dataDir)
  await using opened = new AsyncDisposableStack()
  const database = await openDatabase({ dataDir })
  opened.defer(() => database.close())
  const shop = await openShop({ database, secret: told.secret ?? '', dodoOptions: { webhooks: [] } })
  opened.defer(() => shop.close())
  const [message] = await shop.inbox.messages({ orderId: undefined, limit: 1 })
  if (message === undefined) throw new Error('The message is lost.')
  expect(await deliver(shop, { headers: message.headers, body: message.body })).toBe(200)
  const { balance } = await shop.ledger.balance({ mode: 'test', customer: 'alice', unit: 'credits' })
  expect(decimalFromCredits(balance.available)).toBe('1000')
})
