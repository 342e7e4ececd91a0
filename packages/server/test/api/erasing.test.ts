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
import { deliver, newSecret, payInBrowser, signMessage } from '../support/shop.ts'
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
  /** The columns in which the text stands. */
  async function columnsWith(text: string): Promise<string[]> {
    const found: string[] = []
    for (const table of await tablesWith(text)) {
      const { rows } = await client.query<{ name: string }>(
        `select distinct col.name from ${table} as t, jsonb_each_text(to_jsonb(t)) as col (name, said) where position(lower($1) in lower(said)) > 0`,
        [text],
      )
      found.push(...rows.map(({ name }) => `${table.replace('public.', '')}.${name}`))
    }
    return found.sort()
  }
  const api = apiOver(engine)

  async function buy(customer: string, more: object = {}, buyer = email): Promise<string> {
    const body = { customer, pack: 'power', return_url: 'http://localhost:3000/back', ...more }
    const { json: order } = await api.post('/v1/checkouts', body)
    await payInBrowser(order.checkout_url, undefined, buyer)
    await vi.waitFor(
      async () => expect((await api.get(`/v1/orders/${order.id}`)).json.state).toBe('credited'),
      10_000,
    )
    return order.id
  }

  /** Told by Dodo, and settled. */
  async function tell(type: string, data: object): Promise<void> {
    const { headers, body } = signMessage(secret, {
      business_id: 'bus_1',
      type,
      timestamp: new Date(),
      data,
    })
    expect(await deliver({ url }, { headers, body })).toBe(200)
    await vi.waitFor(async () => {
      const message = await engine.inbox.message(headers['webhook-id'] ?? '')
      expect(message.state).not.toBe('received')
    }, 10_000)
  }

  return {
    api,
    client,
    dodo,
    engine,
    tablesWith,
    columnsWith,
    buy,
    tell,
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

/** Why these stay: docs/erasing.md. */
const kept = [
  'entries.description',
  'holds.description',
  'holds.limit_names',
  'limit_counts.name',
  'lots.metadata',
  'lots.name',
  'merge_takings.lots',
  'payment_consents.consent_text',
]

test('what was typed about the person is gone from every column but those that are kept, and does not come back', async () => {
  const { api, client, dodo, engine, columnsWith, buy, tell, erase } = await openShop()
  // In everything that takes a text: nobody else says it.
  const word = 'zanzibar'
  const customer = newCustomer()
  const decision = { actor: 'grace', reason: `Lives in ${word}` }
  const post = async (path: string, body: object) => {
    const { status, json } = await api.post(path, body)
    expect({ path, status, detail: json.detail }).toEqual({ path, status: 200, detail: undefined })
    return json
  }

  await api.call('PUT', `/v1/customers/${customer}`, { email: `${word}@example.com`, name: word })
  const consent = { consent_text: `I agree, ${word}`, url: `http://localhost/${word}`, ip: '203.0.113.7' }
  const page = `http://localhost/${word}`
  const more = { save_payment_method: consent, return_url: page, cancel_url: page }
  const order = await buy(customer, more, `${word}@example.com`)
  await post(`/v1/orders/${order}/refunds`, { amount_minor: 100, ...decision })
  const { json: disputed } = await api.get(`/v1/orders/${await buy(customer)}`)
  await fetch(`${dodo.url}/_sandbox/payments/${disputed.payment}/dispute`, {
    method: 'POST',
    body: JSON.stringify({ reason: word }),
  })
  await tell('payment.succeeded', {
    payment_id: 'pay_twice',
    status: 'succeeded',
    customer: { customer_id: 'cus_1', email: `${word}@example.com`, name: word },
    metadata: { tallystick_order: order },
    product_cart: [{ product_id: 'pdt_1', quantity: 1 }],
    total_amount: 4000,
    currency: 'USD',
  })
  await post('/v1/payments/pay_twice/dismiss', decision)
  await post(`/v1/customers/${customer}/block`, decision)
  await post(`/v1/customers/${customer}/unblock`, decision)
  await post(`/v1/customers/${customer}/block`, decision)
  const limits = [{ by: 'member', id: word, window: 'day', max: '1000' }]
  const spent = { customer, action: 'image.standard', description: word, limits }
  await post('/v1/charges', spent)
  await post('/v1/holds', spent)
  const gift = { customer, credits: '5', source: 'gift', name: word, metadata: { note: word } }
  const { lot } = await post('/v1/grants', gift)
  const visitor = newCustomer()
  await post('/v1/grants', { ...gift, customer: visitor })
  await post(`/v1/customers/${visitor}/merge`, { into: customer })
  await post(`/v1/lots/${lot.id}/revoke`, { credits: '1', reason: word })
  await post('/v1/adjustments', { customer, credits: '-1', ...decision })

  const typed = [
    'customer_blocks.reason',
    'customers.email',
    'customers.name',
    'disputes.reason',
    'inbox.body',
    'payment_consents.url',
    'payments.note',
    'refund_requests.reason',
    'refunds.reason',
  ]
  await vi.waitFor(async () => expect(await columnsWith(word)).toEqual([...kept, ...typed].sort()), 10_000)

  expect((await erase(customer)).json).toMatchObject({
    block: { actor: 'grace', reason: 'Why was erased with the customer.' },
  })
  expect(await columnsWith(word)).toEqual(kept)
  const { rows: decided } = await client.query(`select note from payments where payment_id = 'pay_twice'`)
  expect(decided).toEqual([{ note: 'Dismissed by grace. Why was erased with the customer.' }])

  // What the provider tells again, or of the same payments afterwards.
  const about = { payment_id: disputed.payment, amount: 100, currency: 'USD', reason: word }
  const { rows: disputes } = await client.query('select dispute_id from disputes')
  await tell('dispute.opened', { ...about, ...disputes[0], dispute_status: 'dispute_opened' })
  await tell('refund.succeeded', { ...about, refund_id: 'ref_1', status: 'succeeded' })
  const walk = await engine.reconciliations.run({ since: new Date(Date.now() - 3_600_000) })
  expect(walk).toMatchObject({ error: undefined, reads: { payments: 2, refunds: 1, disputes: 1 } })
  expect(await columnsWith(word)).toEqual(kept)
})

test('why somebody was blocked can be erased, and nothing else of it be changed', async () => {
  const { api, client, erase } = await openShop()
  const customer = newCustomer()
  await api.call('PUT', `/v1/customers/${customer}`, {})
  await api.post(`/v1/customers/${customer}/block`, { actor: 'grace', reason: 'Stolen card' })
  for (const change of [
    "reason = 'Another'",
    "reason = null, actor = 'ada'",
    'reason = null, is_blocked = false',
  ])
    await expect(client.query(`update customer_blocks set ${change}`)).rejects.toThrow('customer_blocks')
  await erase(customer)
  const { rows } = await client.query('select is_blocked, actor, reason from customer_blocks')
  expect(rows).toEqual([{ is_blocked: true, actor: 'grace', reason: null }])
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
