import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Api, newCustomer, openApi } from '../support/api.ts'

let api: Api
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api.close())

describe('a customer first heard of', () => {
  test('exists from then on, on any route, with the welcome credits', async () => {
    const routes: ((customer: string) => Promise<{ status: number }>)[] = [
      (customer) => api.get(`/v1/customers/${customer}/balance`),
      (customer) => api.get(`/v1/customers/${customer}/balance?unit=images`),
      (customer) => api.get(`/v1/customers/${customer}/entries`),
      (customer) => api.get(`/v1/customers/${customer}/orders`),
      (customer) => api.call('PUT', `/v1/customers/${customer}`, {}),
      (customer) => api.post('/v1/charges', { customer, credits: 0.5 + 0.5 }),
      (customer) => api.post('/v1/charges', { customer, credits: 1000 }),
      (customer) => api.post('/v1/holds', { customer, credits: 1 }),
      (customer) => api.post('/v1/grants', { customer, credits: 1, source: 'gift', name: 'One' }),
    ]
    for (const hearOf of routes) {
      const customer = newCustomer()
      await hearOf(customer)
      const { json } = await api.get(`/v1/customers/${customer}/balance`)
      expect(json.lots.map((lot: { name: string }) => lot.name)).toContain('Welcome gift')
    }
  })

  test('gets the welcome credits once, however many ask at once', async () => {
    const customer = newCustomer()
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => api.get(`/v1/customers/${customer}/balance`)),
    )
    expect(new Set(answers.map(({ json }) => json.available))).toEqual(new Set(['50']))
  })
})

describe('PUT /v1/customers/{customer}', () => {
  test('notes e-mail and name; what is left out stays, null clears', async () => {
    const path = `/v1/customers/${newCustomer()}`
    const first = await api.call('PUT', path, { email: 'ada@example.com', name: 'Ada' })
    expect(first).toMatchObject({
      status: 200,
      json: { email: 'ada@example.com', name: 'Ada', created_at: expect.any(String) },
    })
    expect((await api.call('PUT', path, { name: 'Ada L.' })).json).toEqual({
      ...first.json,
      name: 'Ada L.',
    })
    expect((await api.call('PUT', path, { email: null })).json).toMatchObject({ email: null, name: 'Ada L.' })
    expect((await api.call('PUT', path)).json).toMatchObject({ email: null, name: 'Ada L.' })
  })

  test('refuses what is no e-mail address and what is no field', async () => {
    const path = `/v1/customers/${newCustomer()}`
    expect((await api.call('PUT', path, { email: 'ada', nmae: 'Ada' })).json.issues).toEqual([
      { path: 'email', message: 'must be an e-mail address, or null to clear it.' },
      { path: 'nmae', message: expect.stringContaining('Known fields here: email, name.') },
    ])
    expect((await api.call('PUT', path, {}, { apiKey: null })).status).toBe(401)
  })
})

test.each(['a/b', 'ü 木 😀', 'a%2Fb', '\t', '😀'.repeat(255)])(
  'the customer id %j is kept byte for byte, in paths and in bodies',
  async (customer) => {
    const path = `/v1/customers/${encodeURIComponent(customer)}/balance`
    expect((await api.get(path)).json.customer).toBe(customer)
    const { json } = await api.post('/v1/charges', { customer, credits: 1 })
    expect(json).toMatchObject({ customer, balance: { available: '49' } })
    expect((await api.get(path)).json.available).toBe('49')
  },
)

test.each(['', '.', '..', 'a\u0000', '\ud800', 'x'.repeat(256)])(
  'the customer id %j is refused in a body',
  async (customer) => {
    const { json } = await api.post('/v1/charges', { customer, credits: 1 })
    expect(json).toMatchObject({ status: 400, issues: [{ path: 'customer' }] })
  },
)
