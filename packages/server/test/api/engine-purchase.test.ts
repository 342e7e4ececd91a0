/** The whole server as an app embeds it, with a local Dodo that delivers its webhooks over HTTP. */
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { startDodoSandbox } from '@tallystick/dodo-sandbox'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createEngine } from '../../src/engine.ts'
import { createLogger } from '../../src/observability/logger.ts'
import { createServer, type Server } from '../../src/server.ts'
import { apiKey, apiOver, catalog, newCustomer } from '../support/api.ts'
import { newSecret, payInBrowser } from '../support/shop.ts'

test('a pack is bought through the server: checkout, payment, webhook, credits, and the lot names its order', async () => {
  let server: Server | undefined
  const http = createHttpServer((request, response) => void server?.nodeHandler(request, response))
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const secret = newSecret()
  const dodo = await startDodoSandbox({ webhooks: [{ url: `${url}/v1/webhooks/dodo`, secret }] })
  const engine = await createEngine({
    catalog,
    database: { dataDir: undefined },
    log: createLogger({ level: 'silent' }),
    provider: {
      dodo: { apiKey: dodo.apiKey, webhookSecrets: [secret], target: { baseUrl: dodo.url } },
    },
  })
  onTestFinished(async () => {
    http.close()
    http.closeAllConnections()
    await dodo.close()
    await engine.close()
  })
  server = createServer(engine, { apiKeys: [apiKey] })
  const api = apiOver(engine)

  const customer = newCustomer()
  const body = { customer, pack: 'power', quantity: 2, return_url: 'http://localhost:3000/back' }
  const key = crypto.randomUUID()
  const { json: order } = await api.post('/v1/checkouts', body, key)
  expect(order).toMatchObject({
    state: 'open',
    pack: 'power',
    credits: '1000',
    price: { amount_minor: 8000, currency: 'USD' },
    mode: 'test',
  })
  expect((await api.post('/v1/checkouts', body, key)).json).toEqual(order)
  expect((await api.post('/v1/checkouts', { ...body, quantity: 1 }, key)).json.code).toBe(
    'idempotency_key_reused',
  )
  expect((await api.post('/v1/checkouts', { ...body, pack: 'powr' })).json).toMatchObject({
    status: 422,
    code: 'unknown_pack',
    known: ['starter', 'power'],
  })

  // The HTTP route has its own bound; a caller in the process meets this one.
  const many = {
    customer,
    pack: 'power',
    quantity: 101,
    returnUrl: body.return_url,
    cancelUrl: undefined,
    idempotencyKey: crypto.randomUUID(),
  } as const
  await expect(engine.orders.checkout(many)).rejects.toMatchObject({ code: 'invalid_quantity' })

  await payInBrowser(order.checkout_url)
  await vi.waitFor(
    async () => expect((await api.get(`/v1/orders/${order.id}`)).json.state).toBe('credited'),
    10_000,
  )
  const { json: balance } = await api.get(`/v1/customers/${customer}/balance`)
  expect(balance).toMatchObject({ available: '1050' })
  const { json: credited } = await api.get(`/v1/orders/${order.id}`)
  expect(balance.lots.map((lot: { id: string }) => lot.id)).toContain(credited.lot)
  const { json: entries } = await api.get(`/v1/customers/${customer}/entries`)
  expect(entries.data[0]).toMatchObject({ order: order.id, credits: '1000', lot_source: 'purchase' })
  const { json: orders } = await api.get(`/v1/customers/${customer}/orders`)
  expect(orders).toEqual({ data: [credited], next_cursor: null })

  const forged = await fetch(`${url}/v1/webhooks/dodo`, { method: 'POST', body: '{}' })
  expect(await forged.json()).toMatchObject({ status: 401, code: 'invalid_signature' })
})
