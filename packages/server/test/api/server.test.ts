import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { checkCatalog } from '../../src/catalog/check-catalog.ts'
import { createEngine, type Engine } from '../../src/engine.ts'
import { creditsFromDecimal } from '../../src/kernel/credits.ts'
import { createServer } from '../../src/server.ts'
import { type Api, apiKey, catalog, newCustomer, openApi } from '../support/api.ts'

let api: Api
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api.close())

function withKey(path: string): Request {
  return new Request(`http://t${path}`, { headers: { authorization: `Bearer ${apiKey}` } })
}

describe('GET /v1/prices', () => {
  test('lists units, actions, packs and the welcome gift of the catalog in use', async () => {
    expect((await api.get('/v1/prices')).json).toEqual({
      catalog: api.engine.catalog().hash,
      mode: 'test',
      units: [
        { unit: 'credits', name: 'Credits' },
        { unit: 'images', name: 'Images' },
      ],
      actions: [
        { action: 'image.standard', name: 'Image standard', unit: 'credits', credits: '1' },
        { action: 'image.hires', name: 'Image hires', unit: 'credits', credits: '5' },
        { action: 'token', name: 'Token', unit: 'credits', credits: '0.000001' },
        { action: 'poster', name: 'Poster', unit: 'images', credits: '2' },
      ],
      packs: [
        {
          pack: 'starter',
          name: 'Starter',
          unit: 'credits',
          credits: '100',
          price: { amount_minor: 1000, currency: 'USD' },
          chosen_amount: null,
        },
        {
          pack: 'power',
          name: 'Power',
          unit: 'credits',
          credits: '500',
          price: { amount_minor: 4000, currency: 'USD' },
          chosen_amount: null,
        },
      ],
      welcome: { unit: 'credits', credits: '50' },
    })
    expect((await api.call('GET', '/v1/prices', undefined, { apiKey: null })).status).toBe(401)
  })

  test('follows a new catalog, and the old one stays stored', async () => {
    const other = await openApi()
    onTestFinished(() => other.close())
    const before = (await other.get('/v1/prices')).json.catalog
    await other.engine.setCatalog(checkCatalog({ ...catalog, actions: { chat: { credits: 3 } } }))
    const { json } = await other.get('/v1/prices')
    expect(json.actions).toEqual([{ action: 'chat', name: 'Chat', unit: 'credits', credits: '3' }])
    expect(json.catalog).not.toBe(before)
    expect((await other.post('/v1/charges', { customer: 'ada', action: 'image.hires' })).json).toMatchObject({
      code: 'unknown_action',
      known: ['chat'],
    })
  })
})

test('a charge is of the price that was in use when its key was first seen', async () => {
  const other = await openApi()
  onTestFinished(() => other.close())
  const key = crypto.randomUUID()
  const body = { customer: newCustomer(), action: 'image.hires' }
  const first = await other.post('/v1/charges', body, key)
  await other.engine.setCatalog(checkCatalog({ ...catalog, actions: { 'image.hires': { credits: 9 } } }))
  expect((await other.post('/v1/charges', body, key)).json).toEqual(first.json)
  expect((await other.post('/v1/charges', body)).json.credits).toBe('9')
})

test('/health and /openapi.json are open', async () => {
  const open = { apiKey: null }
  expect((await api.call('GET', '/health', undefined, open)).json).toEqual({
    status: 'ok',
    mode: 'test',
    observe: false,
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
  })
  const { json } = await api.call('GET', '/openapi.json', undefined, open)
  expect(json.openapi).toBe('3.1.0')
  expect(Object.keys(json.components.schemas)).toEqual(
    expect.arrayContaining([
      'Balance',
      'Lot',
      'Hold',
      'Charge',
      'Grant',
      'Order',
      'Entry',
      'Prices',
      'Problem',
      'InsufficientCreditsProblem',
    ]),
  )
})

test('every route under /v1 but the webhook asks for a secret key', async () => {
  const { paths = {} } = api.server.openapi()
  const asked = await Promise.all(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods as object).map(async (method) => {
        const url = path.replaceAll(/\{\w+\}/g, 'x')
        const { status } = await api.call(method.toUpperCase(), url, undefined, { apiKey: null })
        return status === 401 && path !== '/v1/webhooks/dodo' ? [] : [path]
      }),
    ),
  )
  expect(asked.flat().sort()).toEqual(['/health', '/v1/webhooks/dodo'])
})

describe('orders', () => {
  test('that nobody made are not found, and nothing is sold without a provider', async () => {
    const customer = newCustomer()
    for (const order of ['ord_1', `ord_${'0'.repeat(26)}`])
      expect((await api.get(`/v1/orders/${order}`)).json).toMatchObject({
        status: 404,
        code: 'order_not_found',
      })
    expect((await api.get(`/v1/customers/${customer}/orders`)).json).toEqual({
      data: [],
      next_cursor: null,
    })
    const checkout = { customer, pack: 'power', return_url: 'http://localhost/back' }
    expect((await api.post('/v1/checkouts', checkout)).json.code).toBe('provider_not_configured')
    expect((await api.post('/v1/checkouts', { ...checkout, return_url: 'back' })).json.issues).toMatchObject([
      { path: 'return_url' },
    ])
    expect((await api.call('POST', '/v1/webhooks/dodo', {}, { apiKey: null })).json.code).toBe(
      'provider_not_configured',
    )
  })
})

function dev(killed: string[] = []) {
  return createServer(api.engine, { apiKeys: [apiKey], dev: { kill: () => killed.push('killed') } })
}

describe('the routes under /dev', () => {
  test('are not there unless dev is on', async () => {
    expect((await api.call('POST', '/dev/kill')).status).toBe(404)
    expect((await api.get('/dev/inbox')).status).toBe(404)
    expect((await dev().fetch(new Request('http://t/dev/inbox'))).status).toBe(200)
    expect(JSON.stringify(dev().openapi())).not.toContain('/dev/')
  })

  test('are for programs: a page in a browser cannot end the server', async () => {
    const killed: string[] = []
    const headers = { origin: 'https://evil.example' }
    const refused = await dev(killed).fetch(new Request('http://t/dev/kill', { method: 'POST', headers }))
    expect(refused.status).toBe(403)
    expect(await refused.json()).toMatchObject({ code: 'not_for_pages' })
    expect(killed).toEqual([])
    const answered = await dev(killed).fetch(new Request('http://t/dev/kill', { method: 'POST' }))
    expect(answered.status).toBe(200)
    await expect.poll(() => killed).toEqual(['killed'])
  })

  test('are for this machine: a name elsewhere that leads here cannot read or end anything', async () => {
    const killed: string[] = []
    for (const [method, path] of [
      ['GET', '/dev/inbox'],
      ['POST', '/dev/kill'],
    ] as const) {
      const headers = { host: 'evil.example:4100' }
      const refused = await dev(killed).fetch(
        new Request(`http://localhost:4100${path}`, { method, headers }),
      )
      expect(refused.status).toBe(403)
      expect(await refused.json()).toMatchObject({
        code: 'not_for_pages',
        detail: expect.stringContaining('sent to evil.example:4100'),
      })
    }
    expect(killed).toEqual([])
    const own = new Request('http://t/dev/inbox', { headers: { host: 'localhost:4100' } })
    expect((await dev().fetch(own)).status).toBe(200)
  })
})

describe('a server is not made', () => {
  test.each([
    [[], 'No secret key'],
    [['secret'], 'starts with tsk_test_'],
    [[`tsk_live_${'a'.repeat(32)}`], 'The engine is in test mode'],
  ])('with the keys %j', (apiKeys: string[], message) => {
    expect(() => createServer(api.engine, { apiKeys })).toThrow(message)
  })

  test('from a catalog that is wrong: all its problems are told', async () => {
    const wrong = { units: { credits: {} }, actions: { a: { credits: 0 }, b: { credits: 0.1 } } }
    await expect(createEngine({ catalog: wrong, database: { dataDir: undefined } })).rejects.toThrow(
      /actions\.a\.credits[\s\S]*actions\.b\.credits/,
    )
  })
})

describe('mounted under a path of another app', () => {
  test('of Hono, it answers there', async () => {
    const app = new Hono().mount('/billing', api.server.fetch)
    const response = await app.fetch(withKey('/billing/v1/customers/a%2Fb/balance'))
    expect(await response.json()).toMatchObject({ customer: 'a/b', available: '50' })
  })

  test('of a Node server, it answers there', async () => {
    const http = createHttpServer((request, response) => {
      request.url = request.url?.replace(/^\/billing/, '') ?? '/'
      void api.server.nodeHandler(request, response)
    })
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    onTestFinished(() => void http.close())
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/billing/v1/charges`
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        'idempotency-key': 'k1',
      },
      body: JSON.stringify({ customer: newCustomer(), action: 'image.hires' }),
    })
    expect(await response.json()).toMatchObject({ credits: '5', balance: { available: '45' } })
  })
})

test('a key answers what it answered also when the action has left the catalog since', async () => {
  const other = await openApi()
  onTestFinished(() => other.close())
  const customer = newCustomer()
  const [chargeKey, holdKey] = [crypto.randomUUID(), crypto.randomUUID()]
  const body = { customer, action: 'image.hires' }
  const charged = await other.post('/v1/charges', body, chargeKey)
  const held = await other.post('/v1/holds', body, holdKey)
  await other.engine.setCatalog(checkCatalog({ ...catalog, actions: { chat: { credits: 3 } } }))
  expect((await other.post('/v1/charges', body, chargeKey)).json).toEqual(charged.json)
  expect((await other.post('/v1/holds', body, holdKey)).json).toEqual(held.json)
  expect((await other.post('/v1/charges', body, crypto.randomUUID())).json.code).toBe('unknown_action')
  expect((await other.post('/v1/charges', { ...body, quantity: 2 }, chargeKey)).json.code).toBe(
    'idempotency_key_reused',
  )
})

test('the globals of the app stay its own', () => {
  const before = [globalThis.Request, globalThis.Response]
  createServer(api.engine, { apiKeys: [apiKey] })
  expect([globalThis.Request, globalThis.Response]).toEqual(before)
})

test('a process may have several engines, each with its own customers', async () => {
  const other = await openApi()
  onTestFinished(() => other.close())
  const customer = newCustomer()
  await api.post('/v1/charges', { customer, credits: 10 })
  expect((await other.get(`/v1/customers/${customer}/balance`)).json.available).toBe('50')
})

// Compiled and never run: what the compiler must refuse.
export async function _namesAreKnownToTheCompiler(engine: Engine<typeof catalog>) {
  const credits = creditsFromDecimal(1)!
  const common = { customer: 'ada', idempotencyKey: 'k' }
  await engine.charge({ ...common, action: 'image.hires' })
  // @ts-expect-error no such action
  await engine.charge({ ...common, action: 'image.hirez' })
  // @ts-expect-error no such action
  await engine.hold({ ...common, action: 'image.hirez' })
  // @ts-expect-error no such unit
  await engine.grant({ ...common, credits, unit: 'gems', source: 'gift', name: 'Gift' })
  const checkout = { ...common, quantity: 1, returnUrl: '', cancelUrl: undefined }
  await engine.orders.checkout({ ...checkout, pack: 'power' })
  // @ts-expect-error no such pack
  await engine.orders.checkout({ ...checkout, pack: 'powr' })
  const made = await createEngine({ catalog, database: { dataDir: undefined } })
  // @ts-expect-error the type flows from the catalog
  await made.charge({ ...common, action: 'image.hirez' })
}
