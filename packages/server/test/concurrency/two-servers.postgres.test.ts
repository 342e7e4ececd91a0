/** Two engines on one Postgres, as two processes of an operator are: they share nothing in memory. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { micros } from '../../src/kernel/credits.ts'
import { type Api, newCustomer, openApi } from '../support/api.ts'
import { createTestDatabase } from '../support/test-database.ts'

let servers: readonly [Api, Api]
beforeAll(async () => {
  const { url } = await createTestDatabase()
  // Both at once, on an empty database: they migrate it and store the catalog side by side.
  servers = await Promise.all([openApi({ database: { url } }), openApi({ database: { url } })])
})
afterAll(() => Promise.all(servers.map((server) => server.close())))

describe('two servers on one Postgres', () => {
  test('grant the welcome credits once to a customer whom both hear of at once', async () => {
    const customers = Array.from({ length: 20 }, newCustomer)
    const answers = await Promise.all(
      customers.flatMap((customer) =>
        servers.flatMap((server) => [
          server.get(`/v1/customers/${customer}/balance`),
          server.get(`/v1/customers/${customer}/entries`),
        ]),
      ),
    )
    const balances = answers.filter(({ json }) => 'available' in json)
    expect(balances.map(({ json }) => json.available)).toEqual(Array(40).fill('50'))
    const pages = answers.filter(({ json }) => 'data' in json)
    expect(pages.map(({ json }) => json.data.length)).toEqual(Array(40).fill(1))
  })

  test('of 50 calls with credits for 10 let exactly 10 through, and the balance ends at zero', async () => {
    const customer = newCustomer()
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, call) =>
        servers[call % 2 === 0 ? 0 : 1].post('/v1/charges', { customer, action: 'image.hires' }),
      ),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(10)
    expect(statuses.filter((status) => status === 402)).toHaveLength(40)
    const { json } = await servers[0].get(`/v1/customers/${customer}/balance`)
    expect(json).toMatchObject({ available: '0', held: '0', debt: '0' })
  })

  test('of 500 charges of 1 under a limit of 100 let exactly 100 through', async () => {
    const customer = newCustomer()
    const credits = micros(1_000_000n)
    await servers[0].engine.grant({
      customer,
      credits: micros(1000n * credits),
      source: 'gift',
      name: 'Plenty',
      idempotencyKey: crypto.randomUUID(),
    })
    const limits = [{ by: 'member', id: 'bob', window: 'day', max: micros(100n * credits) }] as const
    const answers = await Promise.allSettled(
      Array.from({ length: 500 }, (_, call) =>
        servers[call % 2 === 0 ? 0 : 1].engine.charge({
          customer,
          credits,
          limits,
          idempotencyKey: crypto.randomUUID(),
        }),
      ),
    )
    const codes = answers.map((answer) => (answer.status === 'fulfilled' ? 'ok' : answer.reason.code))
    expect(codes.filter((code) => code === 'ok')).toHaveLength(100)
    expect(codes.filter((code) => code === 'limit_exceeded')).toHaveLength(400)
    const { json } = await servers[1].get(`/v1/customers/${customer}/balance`)
    expect(json.available).toBe('950')
  })

  test('do once what is asked of both under one key', async () => {
    const customer = newCustomer()
    const body = { customer, action: 'image.hires' }
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, call) =>
        servers[call % 2 === 0 ? 0 : 1].post('/v1/charges', body, 'one-key'),
      ),
    )
    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1)
    const { json } = await servers[1].get(`/v1/customers/${customer}/balance`)
    expect(json.available).toBe('45')
  })

  test('capture on one what was held on the other', async () => {
    const customer = newCustomer()
    const { json: hold } = await servers[0].post('/v1/holds', { customer, credits: 5 })
    expect((await servers[1].post(`/v1/holds/${hold.id}/capture`)).json.state).toBe('captured')
    expect((await servers[0].post(`/v1/holds/${hold.id}/release`)).status).toBe(409)
  })

  test('leave a ledger that balances', async () => {
    const { json } = await servers[0].call('POST', '/v1/verify', undefined, { key: null })
    expect(json).toMatchObject({ differences: [] })
  })
})
