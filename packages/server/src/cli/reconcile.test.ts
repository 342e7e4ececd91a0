import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DodoSandbox, startDodoSandbox } from '@tallystick/dodo-sandbox'
import { expect, onTestFinished, test, vi } from 'vitest'
import { payInBrowser } from '../../test/support/shop.ts'
import { createTestDatabase } from '../../test/support/test-database.ts'
import { loadCatalog } from '../catalog/load-catalog.ts'
import { createEngine } from '../engine.ts'
import { dayMs } from '../kernel/time.ts'
import { parseWhen, reconcileCommandWith } from './reconcile.ts'

const secret = 'whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cw=='
const config = `export default {
  units: { credits: {} },
  actions: { chat: { credits: 5 } },
  packs: { power: { name: 'Power', credits: 500, price: { amountMinor: 4000, currency: 'USD' } } },
}`

async function setUp() {
  const folder = await mkdtemp(join(tmpdir(), 'tallystick-reconcile-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const configFile = join(folder, 'tallystick.config.ts')
  await writeFile(configFile, config)
  const dodo = await startDodoSandbox()
  onTestFinished(() => dodo.close())
  const database = { url: (await createTestDatabase()).url }
  const engine = await createEngine({
    catalog: await loadCatalog(configFile),
    database,
    provider: {
      dodo: { apiKey: dodo.apiKey, webhookSecrets: [secret], target: { baseUrl: dodo.url } },
    },
    work: false,
    reconcileEveryMinutes: 0,
  })
  onTestFinished(() => engine.close())
  const printed: string[] = []
  for (const stream of ['log', 'error'] as const) {
    const spy = vi.spyOn(console, stream).mockImplementation((line) => void printed.push(String(line)))
    onTestFinished(() => spy.mockRestore())
  }
  const environment = {
    DATABASE_URL: database.url,
    TALLYSTICK_CONFIG: configFile,
    TALLYSTICK_API_KEY: 'tsk_test_of_the_tests',
    DODO_PAYMENTS_API_KEY: dodo.apiKey,
    DODO_PAYMENTS_WEBHOOK_KEY: secret,
    DODO_PAYMENTS_BASE_URL: dodo.url,
  }
  return { dodo, engine, environment, printed }
}

test('what was paid and missed is listed by a dry run, credited by a walk, and then everything matches', async () => {
  const { dodo, engine, environment, printed } = await setUp()
  const { sessionId } = await engine.orders.checkout({
    customer: 'ada',
    pack: 'power',
    quantity: undefined,
    returnUrl: 'http://localhost:3000/back',
    cancelUrl: undefined,
    idempotencyKey: 'once',
  })
  await fetch(`${dodo.url}/_sandbox/sessions/${sessionId}/pay`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
  expect(await reconcileCommandWith(environment, { dryRun: true, since: parseWhen('90d') })).toBe(0)
  expect(printed.at(-1)).toMatch(/\+ {2}credited +pay_\w+ +ord_\w+/)
  expect(printed.at(-1)).toContain('1 difference. Nothing was changed')
  expect((await engine.balance({ customer: 'ada' })).balance.available).toBe(0n)
  expect(await reconcileCommandWith(environment, {})).toBe(0)
  expect((await engine.balance({ customer: 'ada' })).balance.available).toBe(500_000_000n)
  expect(await reconcileCommandWith(environment, {})).toBe(0)
  expect(printed.at(-1)).toContain('everything matches')
  await dodo.close()
  expect(await reconcileCommandWith(environment, {})).toBe(1)
  expect(printed.at(-1)).toContain('no difference until then')
  expect(printed.at(-1)).toContain('Cut off: Dodo Payments does not answer')
})

test('a payment that waits for a person is told each time, and then it is not so that everything matches', async () => {
  const { dodo, engine, environment, printed } = await setUp()
  await engine.orders.checkout({
    customer: 'ada',
    pack: 'power',
    quantity: undefined,
    returnUrl: 'http://localhost:3000/back',
    cancelUrl: undefined,
    idempotencyKey: 'once',
  })
  const { orders } = await engine.orders.list('ada', { limit: 1, before: undefined })
  await payLink(dodo, orders[0]?.productId ?? '')
  expect(await reconcileCommandWith(environment, {})).toBe(1)
  expect(printed.at(-1)).toContain('1 payment waits for a person: tallystick payments list')
  expect(await reconcileCommandWith(environment, {})).toBe(0)
  expect(printed.at(-1)).toContain('nothing new.')
  expect(printed.at(-1)).toContain('1 payment waits for a person: tallystick payments list')
})

/** By a payment link that names nobody. */
async function payLink(dodo: DodoSandbox, product: string): Promise<void> {
  const opened = await fetch(`${dodo.url}/buy/${product}?quantity=1`)
  await opened.body?.cancel()
  const { status } = await payInBrowser(opened.url)
  expect(status).toBe(200)
}

test('since when is a date, an instant, or days ago', () => {
  expect(parseWhen('2026-01-31')).toEqual(new Date('2026-01-31T00:00:00Z'))
  expect(parseWhen('2026-01-31T12:00:00Z')).toEqual(new Date('2026-01-31T12:00:00Z'))
  expect(Math.abs(parseWhen('90d').getTime() - (Date.now() - 90 * dayMs))).toBeLessThan(60_000)
  for (const wrong of ['90', 'yesterday', '2026-02-31T99:00', '31.1.2026'])
    expect(() => parseWhen(wrong)).toThrow('Write a date')
})
