import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDodoSandbox } from '@tallystick/dodo-sandbox'
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { payInBrowser } from '../../test/support/shop.ts'
import { createTestDatabase } from '../../test/support/test-database.ts'
import { loadCatalog } from '../catalog/load-catalog.ts'
import { createEngine } from '../engine.ts'
import { formatId } from '../kernel/ids.ts'
import { createLogger } from '../observability/logger.ts'
import type { Asked } from '../refunds/refund-request.ts'
import { type RefundOptions, refundOrder } from './refund.ts'

const secret = 'whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cw=='
const config = `export default {
  units: { credits: {} },
  actions: { chat: { credits: 5 } },
  packs: { power: { name: 'Power', credits: 500, price: { amountMinor: 4000, currency: 'USD' } } },
}`

let databaseUrl = ''
beforeAll(async () => {
  databaseUrl = (await createTestDatabase()).url
})

/** An order of a local Dodo that sends no webhook, 100 of its 500 credits spent. */
async function setUp(refundMs = 0) {
  const dodo = await startDodoSandbox({ behaviour: { refundMs } })
  onTestFinished(() => dodo.close())
  const folder = await mkdtemp(join(tmpdir(), 'tallystick-refund-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const configFile = join(folder, 'tallystick.config.ts')
  await writeFile(configFile, config)
  const environment = {
    DATABASE_URL: databaseUrl,
    TALLYSTICK_CONFIG: configFile,
    TALLYSTICK_API_KEY: 'tsk_test_of_the_tests',
    DODO_PAYMENTS_API_KEY: dodo.apiKey,
    DODO_PAYMENTS_WEBHOOK_KEY: secret,
    DODO_PAYMENTS_BASE_URL: dodo.url,
  }
  const engine = await createEngine({
    catalog: await loadCatalog(configFile),
    database: { url: databaseUrl },
    provider: { dodo: { apiKey: dodo.apiKey, webhookSecrets: [secret], target: { baseUrl: dodo.url } } },
    work: false,
    log: createLogger({ level: 'silent' }),
  })
  onTestFinished(() => engine.close())
  const customer = `user_${crypto.randomUUID()}`
  const opened = await engine.orders.checkout({
    customer,
    pack: 'power',
    quantity: 1,
    returnUrl: 'http://localhost:3000/back',
    cancelUrl: undefined,
    idempotencyKey: crypto.randomUUID(),
  })
  await payInBrowser(opened.checkoutUrl ?? '')
  await engine.reconciliations.run({ since: undefined, isDryRun: false })
  await engine.charge({ customer, action: 'chat', quantity: 20, idempotencyKey: crypto.randomUUID() })
  const printed: string[] = []
  for (const stream of ['log', 'error'] as const) {
    const spy = vi.spyOn(console, stream).mockImplementation((line) => void printed.push(String(line)))
    onTestFinished(() => spy.mockRestore())
  }
  const order = formatId('order', opened.id)
  const patience = { waitMs: 30_000, everyMs: 10 }
  return {
    fault: (rule: object) =>
      fetch(`${dodo.url}/_sandbox/faults`, { method: 'POST', body: JSON.stringify({ rules: [rule] }) }),
    printed,
    order,
    available: async () => (await engine.balance({ customer })).balance,
    run: (asked: Asked, options: Partial<RefundOptions> = {}) =>
      refundOrder(environment, {
        order,
        asked,
        reason: 'Asked for',
        confirm: () => Promise.resolve(true),
        patience,
        ...options,
      }),
  }
}

describe('tallystick refund', () => {
  test('shows both numbers, asks, refunds exactly the unused, and waits for the end', async () => {
    const { run, printed, order, available } = await setUp()
    const questions: string[] = []
    const confirm = (question: string) => {
      questions.push(question)
      return Promise.resolve(true)
    }
    expect(await run({ kind: 'unused' }, { confirm })).toBe(0)
    expect(printed[0]).toContain(`${order}: Power, 40.00 USD with tax`)
    expect(printed[0]).toContain('unused  400 credits: 32.00 USD')
    expect(printed[0]).toContain('all     500 credits: 40.00 USD')
    expect(printed[0]).toContain('at most 40.00 USD')
    expect(questions).toEqual(['Refund 32.00 USD and take 400 credits back?'])
    expect(printed.at(-1)).toMatch(/^Refunded 32\.00 USD\. rfd_/)
    expect(await available()).toMatchObject({ available: 0n, debt: 0n })
    expect(await run({ kind: 'unused' })).toBe(1)
    expect(printed.at(-1)).toContain('no credits are unused')
  })

  test('does nothing when the answer is no, when nobody can be asked, and when the order is not there', async () => {
    const { run, printed, available } = await setUp()
    expect(await run({ kind: 'all' }, { confirm: () => Promise.resolve(false) })).toBe(1)
    expect(printed.at(-1)).toBe('Nothing was refunded.')
    expect(await run({ kind: 'all' }, { confirm: undefined })).toBe(1)
    expect(printed.at(-1)).toContain('--yes')
    expect(await run({ kind: 'all' }, { order: 'ord_1' })).toBe(1)
    expect(printed.at(-1)).toContain('No order has this id')
    expect(await run({ kind: 'amount', amountMinor: 4001n })).toBe(1)
    expect(printed.at(-1)).toContain('40.00 USD are left')
    expect(await available()).toMatchObject({ available: 400_000_000n, spendable: 400_000_000n })
  })

  test('says what is not decided yet, and leaves it under way', async () => {
    const { run, printed } = await setUp(3_600_000)
    const amount: Asked = { kind: 'amount', amountMinor: 100n }
    expect(await run(amount, { patience: { waitMs: 0, everyMs: 1 } })).toBe(2)
    expect(printed.at(-1)).toContain('Not decided yet')
    expect(await run(amount)).toBe(1)
    expect(printed.at(-1)).toContain('has not ended yet')
  })

  test('says what failed, what is reviewed, and waits on when an answer was lost', async () => {
    const { run, fault, printed, available } = await setUp()
    await fault({ kind: 'fail_next_refund' })
    expect(await run({ kind: 'unused' })).toBe(1)
    expect(printed.at(-1)).toContain('Nothing was refunded, and the credits are free again')
    await fault({ kind: 'lost_answer', route: 'POST /refunds' })
    expect(await run({ kind: 'amount', amountMinor: 400n })).toBe(0)
    expect(await available()).toMatchObject({ available: 350_000_000n })
    await fault({ kind: 'review_next_refund' })
    expect(await run({ kind: 'amount', amountMinor: 100n })).toBe(2)
    expect(printed.at(-1)).toContain('Dodo reviews the refund')
  })
})
