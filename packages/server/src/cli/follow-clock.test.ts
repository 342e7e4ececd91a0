import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDodoSandbox } from '@tallystick/dodo-sandbox'
import { expect, onTestFinished, test } from 'vitest'
import { decimalFromCredits, micros } from '../kernel/credits.ts'
import { createLogger } from '../observability/logger.ts'
import { readSettings } from './environment.ts'
import { startServing } from './serve.ts'

const dayMs = 86_400_000

async function startBoth(dev: '0' | '1') {
  const dodo = await startDodoSandbox()
  onTestFinished(() => dodo.close())
  const data = await mkdtemp(join(tmpdir(), 'tallystick-clock-'))
  onTestFinished(() => rm(data, { recursive: true, force: true }))
  const configFile = join(data, 'tallystick.config.ts')
  await writeFile(configFile, 'export default { units: { credits: {} }, actions: { chat: { credits: 5 } } }')
  const settings = readSettings({
    TALLYSTICK_DATA: data,
    TALLYSTICK_CONFIG: configFile,
    TALLYSTICK_API_KEY: 'tsk_test_of_the_tests',
    TALLYSTICK_DEV: dev,
    PORT: '0',
    DODO_PAYMENTS_API_KEY: dodo.apiKey,
    DODO_PAYMENTS_WEBHOOK_KEY: 'whsec_eA==',
    DODO_PAYMENTS_BASE_URL: dodo.url,
  })
  const running = await startServing(settings, createLogger({ level: 'silent' }))
  onTestFinished(() => running.close())
  const { engine } = running
  await engine.grant({
    customer: 'ada',
    credits: micros(100_000_000n),
    source: 'promotion',
    name: 'For a month',
    expiry: { afterDays: 30 },
    idempotencyKey: 'g1',
  })
  return {
    dodo,
    available: async () => decimalFromCredits((await engine.balance({ customer: 'ada' })).balance.available),
  }
}

test("in development the local Dodo's clock is followed: what expires there expires here", async () => {
  const { dodo, available } = await startBoth('1')
  await dodo.advance(29 * dayMs)
  expect(await available()).toBe('100')
  await dodo.advance(2 * dayMs)
  await expect.poll(available, { timeout: 20_000 }).toBe('0')
})

test('a server that is not for development goes by its own clock', async () => {
  const { dodo, available } = await startBoth('0')
  await dodo.advance(400 * dayMs)
  expect(await available()).toBe('100')
})
