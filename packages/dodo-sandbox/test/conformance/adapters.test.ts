import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as expressAdapter from '@dodopayments/express'
import * as honoAdapter from '@dodopayments/hono'
import { createAdaptorServer } from '@hono/node-server'
import express from 'express'
import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { brokeCard, makePack, openShop, submitScript } from '../shop.ts'

const secret = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3'
const bearerToken = 'dodo_test_adapters'
const returnUrl = 'https://shop.example/thanks'

type Handlers = Pick<Parameters<typeof expressAdapter.Webhooks>[0], 'onPaymentSucceeded' | 'onPaymentFailed'>

/** A shop as the adapters' documentation has it, on a port of its own. It answers where it listens. */
const shops = {
  async express(handlers: Handlers) {
    const app = express()
    app.use(express.json())
    app.post('/webhooks', expressAdapter.Webhooks({ webhookKey: secret, ...handlers }))
    app.post('/checkout', expressAdapter.checkoutHandler({ bearerToken, returnUrl, type: 'session' }))
    app.get('/portal', expressAdapter.CustomerPortal({ bearerToken }))
    return listen(createServer(app))
  },
  async hono(handlers: Handlers) {
    const app = new Hono()
    app.post('/webhooks', honoAdapter.Webhooks({ webhookKey: secret, ...handlers }))
    app.post('/checkout', honoAdapter.Checkout({ bearerToken, returnUrl, type: 'session' }))
    app.get('/portal', honoAdapter.CustomerPortal({ bearerToken }))
    return listen(createAdaptorServer({ fetch: app.fetch }) as ReturnType<typeof createServer>)
  },
}

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** What is left to point the adapters elsewhere: they take no address, and their SDK reads this. */
function pointAdaptersAt(url: string): void {
  process.env['DODO_PAYMENTS_BASE_URL'] = url
  onTestFinished(() => void delete process.env['DODO_PAYMENTS_BASE_URL'])
}

test.each(['express', 'hono'] as const)(
  'a shop on the official %s adapter sells, end to end',
  async (kind) => {
    const told: unknown[] = []
    const url = await shops[kind]({
      onPaymentSucceeded: async ({ type, data }) =>
        void told.push([type, data.payment_id, data.total_amount]),
      onPaymentFailed: async ({ type, data }) => void told.push([type, data.payment_id, data.error_code]),
    })
    const { dodo, client } = await openShop({
      apiKey: bearerToken,
      webhooks: [{ url: `${url}/webhooks`, secret }],
      retryScheduleMs: [0],
    })
    pointAdaptersAt(dodo.url)
    const pack = await makePack(client, 4000)

    const answer = await fetch(`${url}/checkout`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        product_cart: [{ product_id: pack, quantity: 2 }],
        customer: { email: 'ada@example.com', name: 'Ada Lovelace' },
      }),
    })
    expect(answer.status).toBe(200)
    const { checkout_url } = (await answer.json()) as { checkout_url: string }
    const failed = await submitScript(checkout_url, { card_number: brokeCard })
    await dodo.settle()
    const paid = await submitScript(checkout_url)
    expect(paid.answer['redirect_to']).toMatch(/^https:\/\/shop\.example\/thanks\?payment_id=/)
    await dodo.settle()
    expect(told).toEqual([
      ['payment.failed', failed.answer['payment_id'], 'INSUFFICIENT_FUNDS'],
      ['payment.succeeded', paid.answer['payment_id'], 8000],
    ])

    const forged = await fetch(`${url}/webhooks`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': 'msg_1',
        'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
        'webhook-signature': 'v1,Zm9yZ2Vk',
      },
      body: '{}',
    })
    expect(forged.status).toBe(401)

    const { items } = await client.customers.list({ page_number: 0 })
    const portal = await fetch(`${url}/portal?customer_id=${items[0]?.customer_id}`, { redirect: 'manual' })
    expect(portal.status).toBe(302)
    const page = await fetch(String(portal.headers.get('location')))
    expect(page.status).toBe(200)
    expect(await page.text()).toContain('ada@example.com')
  },
)
