import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Express } from 'express'
import { createEngine, createServer } from 'tallystick'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { embedded } from './embedded.ts'
import catalog from './tallystick.config.ts'

const apiKey = 'tsk_test_example'

async function listen(handler: Express | ReturnType<typeof createServer>['nodeHandler']): Promise<string> {
  const server = createHttpServer((request, response) => void handler(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function spendable(url: string): Promise<string> {
  const response = await fetch(`${url}/credits`, { headers: { 'x-user': 'ada' } })
  return ((await response.json()) as { spendable: string }).spendable
}

function enlarge(url: string, body: object = {}): Promise<Response> {
  return fetch(`${url}/enlarge`, {
    method: 'POST',
    headers: { 'x-user': 'ada', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

describe('the ten lines', () => {
  test('spend credits of a Tallystick beside the app, down to the wall', async () => {
    const engine = await createEngine({ catalog, database: { dataDir: undefined } })
    onTestFinished(() => engine.close())
    vi.stubEnv('TALLYSTICK_URL', await listen(createServer(engine, { apiKeys: [apiKey] }).nodeHandler))
    vi.stubEnv('TALLYSTICK_API_KEY', apiKey)
    onTestFinished(() => void vi.unstubAllEnvs())
    const { app } = await import('./app.ts')
    const url = await listen(app)
    expect(await spendable(url)).toBe('50')
    for (let pictures = 0; pictures < 10; pictures += 1) expect((await enlarge(url)).status).toBe(200)
    await vi.waitFor(async () => expect(await spendable(url)).toBe('0'))
    const refused = await enlarge(url)
    expect(refused.status).toBe(402)
    expect(await refused.json()).toMatchObject({ code: 'insufficient_credits', pack: { pack: 'starter' } })
  })
})

describe('Tallystick inside the app', () => {
  test('spends for an answer, nothing for a failure, and has its API under /billing', async () => {
    const { app, close } = await embedded({ dataDir: undefined, apiKey })
    onTestFinished(close)
    const url = await listen(app)
    expect((await enlarge(url)).status).toBe(200)
    await vi.waitFor(async () => expect(await spendable(url)).toBe('45'))
    expect((await enlarge(url, { fail: true })).status).toBe(500)
    await vi.waitFor(async () => expect(await spendable(url)).toBe('45'))

    const authorization = `Bearer ${apiKey}`
    const balance = await fetch(`${url}/billing/v1/customers/ada/balance`, { headers: { authorization } })
    expect(await balance.json()).toMatchObject({ available: '45', held: '0' })
    const webhook = await fetch(`${url}/billing/v1/webhooks/dodo`, { method: 'POST', body: '{"forged": 1}' })
    expect(await webhook.json()).toMatchObject({ code: 'provider_not_configured' })
    const unknown = await fetch(`${url}/billing/v1/nothing`, { headers: { authorization } })
    expect(await unknown.json()).toMatchObject({ status: 404, code: 'not_found' })
  })
})
