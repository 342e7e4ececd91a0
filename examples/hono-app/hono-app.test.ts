import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createApp } from './app.ts'

const apiKey = 'tsk_test_example'

async function start(): Promise<string> {
  const app = await createApp({ dataDir: undefined, apiKey })
  onTestFinished(() => app.close())
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('a picture costs credits, a failure costs nothing, and at the wall a pack is offered', async () => {
  const url = await start()
  const headers = { 'x-user': 'ada' }
  async function spendable(): Promise<string> {
    const response = await fetch(`${url}/credits`, { headers })
    return ((await response.json()) as { spendable: string }).spendable
  }
  async function post(path: string): Promise<{ status: number; json: unknown }> {
    const response = await fetch(`${url}${path}`, { method: 'POST', headers })
    return { status: response.status, json: await response.json() }
  }
  expect(await spendable()).toBe('50')
  expect(await post('/enlarge')).toEqual({ status: 200, json: { picture: 'four times as large' } })
  await vi.waitFor(async () => expect(await spendable()).toBe('45'))
  expect((await post('/fail')).status).toBe(500)
  await vi.waitFor(async () => expect(await spendable()).toBe('45'))
  for (let pictures = 0; pictures < 9; pictures += 1) expect((await post('/enlarge')).status).toBe(200)
  expect(await post('/enlarge')).toMatchObject({
    status: 402,
    json: { code: 'insufficient_credits', pack: { pack: 'starter' } },
  })
})

test('its billing API answers under /billing, to whoever has the secret key', async () => {
  const url = await start()
  const path = `${url}/billing/v1/customers/ada/balance`
  expect((await fetch(path)).status).toBe(401)
  const response = await fetch(path, { headers: { authorization: `Bearer ${apiKey}` } })
  expect(await response.json()).toMatchObject({ customer: 'ada', available: '50' })
})
