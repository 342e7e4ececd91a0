import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createTestDatabase } from '../../test/support/test-database.ts'
import { loadCatalog } from '../catalog/load-catalog.ts'
import { createEngine } from '../engine.ts'
import { listInbox, replayInbox, showMessage } from './inbox.ts'

const secret = 'whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cw=='

async function setUp() {
  const folder = await mkdtemp(join(tmpdir(), 'tallystick-inbox-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const configFile = join(folder, 'tallystick.config.ts')
  await writeFile(configFile, 'export default { units: { credits: {} }, actions: { chat: { credits: 5 } } }')
  const environment = {
    DATABASE_URL: (await createTestDatabase()).url,
    TALLYSTICK_CONFIG: configFile,
    TALLYSTICK_API_KEY: 'tsk_test_of_the_tests',
    DODO_PAYMENTS_API_KEY: 'dodo_test_x',
    DODO_PAYMENTS_WEBHOOK_KEY: secret,
    DODO_PAYMENTS_BASE_URL: 'http://localhost:9',
  }
  const engine = await createEngine({
    catalog: await loadCatalog(configFile),
    database: { url: environment.DATABASE_URL },
    provider: {
      dodo: { apiKey: 'dodo_test_x', webhookSecrets: [secret], target: { baseUrl: 'http://localhost:9' } },
    },
    work: false,
    reconcileEveryMinutes: 0,
  })
  for (const type of ['payment.refunded', 'payment.succeeded']) {
    const [id, at] = [`msg_${type}`, new Date()]
    const rawBody = JSON.stringify({ type, data: { payment_id: 'pay_1' } })
    const headers = new Headers({
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, at, rawBody),
    })
    await engine.inbox.receive({ headers, rawBody })
  }
  await engine.close()
  const printed: string[] = []
  for (const stream of ['log', 'error'] as const) {
    const spy = vi.spyOn(console, stream).mockImplementation((line) => void printed.push(String(line)))
    onTestFinished(() => spy.mockRestore())
  }
  return { environment, printed }
}

test('messages are listed, shown, and played again, with an exit code that says whether somebody must look', async () => {
  const { environment, printed } = await setUp()
  expect(await listInbox(environment, {})).toBe(0)
  expect(printed.join('\n')).toContain('ignored    payment.refunded      msg_payment.refunded')
  printed.length = 0
  expect(await listInbox(environment, { state: 'flagged' })).toBe(0)
  expect(printed).toHaveLength(1)
  expect(await showMessage(environment, 'msg_payment.refunded')).toBe(0)
  expect(printed.join('\n')).toContain('{"type":"payment.refunded","data":{"payment_id":"pay_1"}}')
  expect(await showMessage(environment, 'msg_nowhere')).toBe(1)
  printed.length = 0
  expect(await replayInbox(environment, [], { type: 'payment.refunded' })).toBe(0)
  expect(printed.at(-1)).toBe('Replayed: 1 ignored.')
  expect(await replayInbox(environment, ['msg_payment.succeeded', 'msg_nowhere'], {})).toBe(1)
  expect(printed.at(-1)).toBe('Replayed: 1 flagged, 1 not found.')
  expect(await replayInbox(environment, [], {})).toBe(1)
  expect(printed.at(-1)).toContain('one of the two')
})
