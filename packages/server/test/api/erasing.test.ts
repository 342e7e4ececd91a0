/** Erasing, audited: every table of the database is searched for what was known of the person. */
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { startDodoSandbox } from '@tallystick/dodo-sandbox'
import { Client } from 'pg'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createEngine } from '../../src/engine.ts'
import { createLogger } from '../../src/observability/logger.ts'
import { createServer, type Server } from '../../src/server.ts'
import { apiKey, apiOver, catalog, newCustomer } from '../support/api.ts'
import { newSecret, payInBrowser } from '../support/shop.ts'
import { createTestDatabase } from '../support/test-database.ts'

// What the buyer types at the checkout.
const email = 'ada@example.com'
const name = 'Ada Lovelace'

async function openShop() {
  const { url: databaseUrl } = await createTestDatabase()
  let server: Server | undefined
  const http = createHttpServer((request, response) => void server?.nodeHandler(request, response))
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const secret = newSecret()
  const dodo = await startDodoSandbox({ webhooks: [{ url: `${url}/v1/webhooks/dodo`, secret }] })
  const engine = await createEngine({
    catalog,
    database: { url: databaseUrl },
    log: createLogger({ level: 'silent' }),
    provider: { dodo: { apiKey: dodo.apiKey, webhookSecrets: [secret], target: { baseUrl: dodo.url } } },
  })
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  onTestFinished(async () => {
    http.close()
    http.closeAllConnections()
    await dodo.close()
    await client.end()
    await engine.close()
  })
  server = createServer(engine, { apiKeys: [apiKey] })

  /** The tables in which the text stands. */
  async function tablesWith(text: string): Promise<string[]> {
    const { rows } = await client.query<{ name: string }>(
      `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
       where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema') order by 1`,
    )
    expect(rows.length).toBeGreaterThan(15)
    const found: string[] = []
    for (const table of rows) {
      const query = `select count(*) > 0 as found from ${table.name} as t where position(lower($1) in lower(t::text)) > 0`
      const { rows: answer } = await client.query<{ found: boolean }>(query, [text])
      if (answer[0]?.found === true) found.push(table.name)
    }
    return found
  }
  const api = apiOver(engine)

  async function buy(customer: string): Promise<string> {
    const body = { customer, pack: 'power', return_url: 'http://localhost:3000/back' }
    const { json: order } = await api.post('/v1/checkouts', body)
    await payInBrowser(order.checkout_url)
    await vi.waitFor(
      async () => expect((await api.get(`/v1/orders/${order.id}`)).json.state).toBe('credited'),
      10_000,
    )
    return order.id
  }
  return {
    api,
    client,
    tablesWith,
    buy,
    erase: (id: string) => api.call('POST', `/v1/customers/${id}/erase`),
  }
}

test('after erasing, no table has the e-mail or the name, and the books are as they were', async () => {
  const { api, client, tablesWith, buy, erase } = await openShop()
  const customer = newCustomer()
  await api.call('PUT', `/v1/customers/${customer}`, { email, name })
  const order = await buy(customer)
  expect(await tablesWith(email)).toEqual(['public.customers', 'public.inbox'])
  const before = await Promise.all([
    api.get(`/v1/customers/${customer}/balance`),
    api.get(`/v1/customers/${customer}/entries`),
    api.get(`/v1/orders/${order}`),
  ])

  const erased = await erase(customer)
  expect(erased).toMatchObject({
    status: 200,
    json: { id: customer, email: null, name: null, erased_at: expect.any(String) },
  })
  expect(await tablesWith(email)).toEqual([])
  expect(await tablesWith(name)).toEqual([])
  const links = await client.query('select from provider_customers where customer_id = $1', [customer])
  expect(links.rowCount).toBe(0)
  const inbox = await client.query('select state, body from inbox')
  expect(inbox.rows).toContainEqual({ state: 'processed', body: '{"erased":true}' })
  const after = await Promise.all([
    api.get(`/v1/customers/${customer}/balance`),
    api.get(`/v1/customers/${customer}/entries`),
    api.get(`/v1/orders/${order}`),
  ])
  expect(after.map(({ json }) => json)).toEqual(before.map(({ json }) => json))

  expect((await erase(customer)).json).toEqual(erased.json)
  // What comes of a purchase after that is erased as soon as it is credited.
  await buy(customer)
  expect(await tablesWith('"email"')).toEqual([])
})

test('erasing one customer leaves another alone, and one who comes back is known again', async () => {
  const { api, tablesWith, erase } = await openShop()
  const [one, other] = [newCustomer(), newCustomer()]
  await api.call('PUT', `/v1/customers/${one}`, { email: 'one@example.com' })
  await api.call('PUT', `/v1/customers/${other}`, { email: 'other@example.com' })
  await erase(one)
  expect(await tablesWith('one@example.com')).toEqual([])
  expect(await tablesWith('other@example.com')).toEqual(['public.customers'])
  expect((await api.call('PUT', `/v1/customers/${one}`)).json.erased_at).not.toBeNull()
  const back = await api.call('PUT', `/v1/customers/${one}`, { email: 'new@example.com' })
  expect(back.json).toMatchObject({ email: 'new@example.com', erased_at: null })
})

test('nobody is not found, and is not made by being erased', async () => {
  const { api, erase } = await openShop()
  const customer = newCustomer()
  for (const times of [1, 2])
    expect({ times, ...(await erase(customer)).json }).toMatchObject({
      status: 404,
      code: 'customer_not_found',
    })
  expect(
    (await api.call('POST', `/v1/customers/${customer}/erase`, undefined, { apiKey: null })).status,
  ).toBe(401)
})
