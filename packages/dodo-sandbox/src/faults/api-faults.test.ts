import DodoPayments from 'dodopayments'
import { expect, test } from 'vitest'
import { openShop, type Shop } from '../../test/shop.ts'
import { type FaultRule, type InjectedFault, startDodoSandbox } from '../index.ts'
import { matchesRoute } from './api-faults.ts'

const ada = { email: 'ada@example.com', name: 'Ada Lovelace' }

/** The SDK without its retries, so that one call is one request. */
function once({ dodo }: Pick<Shop, 'dodo'>): DodoPayments {
  return new DodoPayments({ baseURL: dodo.url, bearerToken: dodo.apiKey, maxRetries: 0 })
}

async function customersOf(client: DodoPayments): Promise<number> {
  return (await client.customers.list({ page_number: 0 })).items.length
}

async function injected({ dodo }: Pick<Shop, 'dodo'>): Promise<InjectedFault[]> {
  const response = await fetch(`${dodo.url}/_sandbox/faults/injected`)
  return ((await response.json()) as { items: InjectedFault[] }).items
}

/** Resolves once a fault was injected, which a request that gets no answer cannot tell. */
async function untilInjected(shop: Pick<Shop, 'dodo'>): Promise<void> {
  while ((await injected(shop)).length === 0) await new Promise(setImmediate)
}

test('a lost answer was work done: the customer is there, and the call failed', async () => {
  const shop = await openShop({ faults: [{ kind: 'lost_answer', route: 'POST /customers' }] })
  const client = once(shop)
  await expect(client.customers.create(ada)).rejects.toBeInstanceOf(DodoPayments.APIConnectionError)
  const [made] = (await client.customers.list({ page_number: 0 })).items
  expect(made).toMatchObject(ada)
  expect(await injected(shop)).toEqual([
    {
      kind: 'lost_answer',
      injected_at: shop.clock.now().toISOString(),
      rule_id: expect.stringMatching(/^flt_/),
      route: 'POST /customers',
      response_status: 200,
      event_type: null,
      message_id: null,
      resource_id: made?.customer_id,
    },
  ])
})

test('a lost answer that the SDK repeats by itself makes two customers, as it would at Dodo', async () => {
  const { client, dodo } = await openShop({ faults: [{ kind: 'lost_answer' }] })
  await client.customers.create(ada)
  expect(await customersOf(client)).toBe(2)
  expect(await injected({ dodo })).toHaveLength(1)
})

test.each([
  ['rate_limited', 429, 'TOO_MANY_REQUESTS'],
  ['server_error', 500, 'INTERNAL_SERVER_ERROR'],
] as const)('%s answers %i, and nothing is done', async (kind, status, code) => {
  const shop = await openShop({ faults: [{ kind }] })
  const client = once(shop)
  await expect(client.customers.create(ada)).rejects.toMatchObject({ status, error: { code } })
  expect(await customersOf(client)).toBe(0)
  expect(await injected(shop)).toMatchObject([{ kind, response_status: status, resource_id: null }])
})

test('a request whose client gives up waiting was not done', async () => {
  const shop = await openShop({ faults: [{ kind: 'time_out' }] })
  const patience = new AbortController()
  const asked = once(shop).customers.create(ada, { signal: patience.signal })
  await Promise.all([
    expect(asked).rejects.toBeInstanceOf(DodoPayments.APIUserAbortError),
    untilInjected(shop).then(() => patience.abort()),
  ])
  expect(await customersOf(once(shop))).toBe(0)
  expect(await injected(shop)).toMatchObject([{ kind: 'time_out', response_status: null }])
})

test('a request that nobody gives up on loses its connection in the end, and was not done', async () => {
  const shop = await openShop({ faults: [{ kind: 'time_out', delay_ms: 1 }] })
  await expect(once(shop).customers.create(ada)).rejects.toBeInstanceOf(DodoPayments.APIConnectionError)
  expect(await customersOf(once(shop))).toBe(0)
})

test('a sandbox that holds a request open can be closed', async () => {
  const dodo = await startDodoSandbox({ faults: [{ kind: 'time_out' }] })
  const held = once({ dodo })
    .customers.create(ada)
    .catch((error: unknown) => error)
  await untilInjected({ dodo })
  await dodo.close()
  expect(await held).toBeInstanceOf(DodoPayments.APIConnectionError)
})

test('the header asks for a fault of this request alone, of webhooks for the next, and nonsense is refused', async () => {
  const shop = await openShop()
  const client = once(shop)
  const asking = (kinds: string) => ({ headers: { 'x-sandbox-fault': kinds } })
  await expect(client.customers.create(ada, asking('server_error'))).rejects.toMatchObject({ status: 500 })
  expect(await customersOf(client)).toBe(0)
  await client.customers.create(ada, asking('duplicate, fail_next_payment'))
  const { rules } = (await (await fetch(`${shop.dodo.url}/_sandbox/faults`)).json()) as { rules: unknown[] }
  expect(rules).toMatchObject([
    { rule: { kind: 'duplicate' }, times_left: 1 },
    { rule: { kind: 'fail_next_payment' }, times_left: 1 },
  ])
  await expect(client.customers.create(ada, asking('gremlins'))).rejects.toMatchObject({
    status: 422,
    error: { message: expect.stringMatching(/gremlins.*must be one of rate_limited/) },
  })
})

test('rules are put into force, listed and removed, and count down', async () => {
  const { dodo } = await openShop()
  const control = async (method: string, path = '', body?: object) => {
    const response = await fetch(`${dodo.url}/_sandbox/faults${path}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    })
    return { status: response.status, answer: (await response.json()) as Record<string, unknown> }
  }
  const rules: FaultRule[] = [
    { kind: 'server_error', route: 'GET /customers', count: 2 },
    { kind: 'rate_limited', per_thousand: 1000, route: '/products' },
  ]
  const added = await control('POST', '', { rules, seed: 7 })
  expect(added.answer['rules']).toMatchObject([
    { rule: rules[0], times_left: 2 },
    { rule: rules[1], times_left: null },
  ])
  const client = once({ dodo })
  for (const status of [500, 500]) await expect(customersOf(client)).rejects.toMatchObject({ status })
  expect(await customersOf(client)).toBe(0)
  for (const status of [429, 429]) {
    await expect(client.products.list({ page_number: 0 })).rejects.toMatchObject({ status })
  }
  expect((await control('GET')).answer).toMatchObject({
    rules: [{ rule: rules[1], draws: 2 }],
    injected: { server_error: 2, rate_limited: 2 },
  })
  const [, limited] = added.answer['rules'] as { rule_id: string }[]
  expect((await control('DELETE', `/${limited?.rule_id}`)).answer['rules']).toEqual([])
  expect((await control('DELETE', '/flt_none')).status).toBe(404)
  await control('POST', '', { rules })
  expect((await control('DELETE')).answer['rules']).toEqual([])
  expect(await control('POST', '', { rules: [{ kind: 'drop', route: '/payments' }] })).toMatchObject({
    status: 422,
    answer: { message: expect.stringContaining('route') },
  })
})

test('a route is meant by method and path, a segment by * or a name', () => {
  expect(matchesRoute(undefined, 'GET /payments')).toBe(true)
  expect(matchesRoute('POST /refunds', 'POST /refunds')).toBe(true)
  expect(matchesRoute('POST /refunds', 'GET /refunds')).toBe(false)
  expect(matchesRoute('/refunds', 'GET /refunds')).toBe(true)
  expect(matchesRoute('GET /payments/*', 'GET /payments/pay_1')).toBe(true)
  expect(matchesRoute('GET /payments/:id', 'GET /payments/pay_1/line-items')).toBe(false)
  expect(matchesRoute('/payments/:id/line-items', 'GET /payments/pay_1/line-items')).toBe(true)
})

test('a fault that is not understood ends the start', async () => {
  await expect(startDodoSandbox({ faults: [{ kind: 'drop', event_type: 'payments' }] })).rejects.toThrow(
    /The fault is not understood: event_type must be an event type like/,
  )
})
