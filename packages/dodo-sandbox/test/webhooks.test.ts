import { WebhookPayloadSchema } from '@dodopayments/core/schemas'
import { verifyWebhookPayload } from '@dodopayments/core/webhook'
import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import type { Delivery } from '../src/index.ts'
import { type ReceivedWebhook, startReceiver } from './receiver.ts'
import { brokeCard, makeSession, openReceiver, openShop, type Shop, submitScript } from './shop.ts'

const secret = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3'

async function deliveries(shop: Pick<Shop, 'dodo'>, query = ''): Promise<Delivery[]> {
  const response = await fetch(`${shop.dodo.url}/_sandbox/deliveries${query}`)
  return ((await response.json()) as { items: Delivery[] }).items
}

function first<Item>(items: readonly Item[]): Item {
  const item = items[0]
  if (item === undefined) throw new Error('nothing there')
  return item
}

const typesOf = (received: ReceivedWebhook[]) =>
  received.map(({ body }) => (JSON.parse(body) as { type: string }).type).sort()

function untilGivenUp(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error))
  })
}

const idOf = (webhook: ReceivedWebhook) => webhook.headers['webhook-id']

test('each webhook is accepted by the SDK, by standardwebhooks and by the strict schemas of the adapters', async () => {
  const receiver = await openReceiver()
  const shop = await openShop({ webhooks: [{ url: receiver.url, secret }] })
  const { checkout_url } = await makeSession(shop.client, { metadata: { order: 'ord_1' } })
  const declined = await submitScript(checkout_url, { card_number: brokeCard })
  const paid = await submitScript(checkout_url)
  await receiver.waitFor(2)

  const events = receiver.received.map(({ body, headers }) => {
    new Webhook(secret).verify(body, headers)
    WebhookPayloadSchema.parse(JSON.parse(body))
    // The Express adapter verifies what it parsed and wrote again.
    expect(JSON.stringify(JSON.parse(body))).toBe(body)
    return shop.client.webhooks.unwrap(body, { headers })
  })
  for (const { body, headers } of receiver.received)
    await verifyWebhookPayload({ webhookKey: secret, headers, body })
  expect(events.map((event) => event.type).sort()).toEqual(['payment.failed', 'payment.succeeded'])
  const succeeded = events.find((event) => event.type === 'payment.succeeded')
  const failed = events.find((event) => event.type === 'payment.failed')
  expect(succeeded?.data).toMatchObject({
    payload_type: 'Payment',
    payment_id: paid.answer['payment_id'],
    metadata: { order: 'ord_1' },
    checkout_session_id: expect.stringMatching(/^cks_/),
  })
  expect(failed?.data).toMatchObject({
    payment_id: declined.answer['payment_id'],
    error_code: 'INSUFFICIENT_FUNDS',
  })
  // What a webhook carries is what the API answers with.
  expect(succeeded?.data).toEqual({
    payload_type: 'Payment',
    ...(await shop.client.payments.retrieve(String(paid.answer['payment_id']))),
  })
})

test('the signature belongs to the body, the id, the time and the secret', async () => {
  const receiver = await openReceiver()
  const shop = await openShop({ webhooks: [{ url: receiver.url, secret }] })
  await submitScript((await makeSession(shop.client)).checkout_url)
  await receiver.waitFor(1)
  const { body, headers } = first(receiver.received)
  const verifier = new Webhook(secret)
  expect(() => verifier.verify(body, headers)).not.toThrow()
  expect(() => verifier.verify(body.replace('4000', '1'), headers)).toThrow(/No matching signature/)
  expect(() => verifier.verify(body, { ...headers, 'webhook-id': 'msg_other' })).toThrow(
    /No matching signature/,
  )
  expect(() => new Webhook('whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA').verify(body, headers)).toThrow(
    /No matching signature/,
  )
})

test('a webhook that is not acknowledged is sent again on the schedule, always with the same webhook-id', async () => {
  const receiver = await openReceiver()
  receiver.status = 500
  const shop = await openShop({
    webhooks: [{ url: receiver.url, secret }],
    retryScheduleMs: [0, 5_000, 300_000],
  })
  await submitScript((await makeSession(shop.client)).checkout_url)
  await shop.dodo.settle()
  expect(receiver.received).toHaveLength(1)
  await shop.dodo.settle()
  expect(receiver.received, 'nothing is sent before its time').toHaveLength(1)
  expect(first(await deliveries(shop))).toMatchObject({
    state: 'pending',
    next_attempt_at: new Date(shop.clock.now().getTime() + 5_000).toISOString(),
  })

  shop.clock.advance(5_000)
  await shop.dodo.settle()
  expect(receiver.received).toHaveLength(2)
  receiver.status = 204
  shop.clock.advance(300_000)
  await shop.dodo.settle()
  expect(receiver.received).toHaveLength(3)
  expect(new Set(receiver.received.map(idOf)).size).toBe(1)
  // Each attempt is signed for its own time, or a receiver would find the late ones too old.
  const times = receiver.received.map(({ headers }) => Number(headers['webhook-timestamp']))
  expect(times.map((time) => time - first(times))).toEqual([0, 5, 305])
  expect(first(await deliveries(shop))).toMatchObject({ state: 'delivered', next_attempt_at: null })
  shop.clock.advance(86_400_000)
  await shop.dodo.settle()
  expect(receiver.received, 'what is delivered is done').toHaveLength(3)
})

test('without an option the schedule is the one Dodo documents, and then the delivery has failed', async () => {
  const receiver = await openReceiver()
  receiver.status = 503
  const shop = await openShop({ webhooks: [{ url: receiver.url, secret }] })
  await submitScript((await makeSession(shop.client)).checkout_url)
  await shop.dodo.settle()
  const waits: number[] = []
  for (;;) {
    const next = first(await deliveries(shop)).next_attempt_at
    if (next === null) break
    const waitMs = Date.parse(next) - shop.clock.now().getTime()
    waits.push(waitMs)
    shop.clock.advance(waitMs)
    await shop.dodo.settle()
  }
  const [second, minute, hour] = [1000, 60_000, 3_600_000]
  expect(waits).toEqual([5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 10 * hour])
  expect(first(await deliveries(shop)).state).toBe('failed')
  expect(receiver.received).toHaveLength(8)
})

test('an endpoint that refuses the connection gets the webhook once it is there', async () => {
  const gone = await startReceiver()
  await gone.close()
  const shop = await openShop({ webhooks: [{ url: gone.url, secret }], retryScheduleMs: [0, 1_000] })
  await submitScript((await makeSession(shop.client)).checkout_url)
  await shop.dodo.settle()
  const missed = first(await deliveries(shop))
  expect(first(missed.attempts)).toMatchObject({
    response_status: null,
    error: expect.stringContaining('ECONNREFUSED'),
  })

  const receiver = await openReceiver(gone.port)
  shop.clock.advance(1_000)
  await shop.dodo.settle()
  expect(receiver.received.map(idOf)).toEqual([missed.webhook_id])
})

test('an endpoint that does not answer in time is tried again', async () => {
  let answers = false
  const shop = await openShop({
    webhooks: [{ url: 'http://shop.example/hook', secret }],
    webhookTimeoutMs: 50,
    retryScheduleMs: [0, 1_000],
    // Over the network an answer could take longer than that by itself.
    fetch: async (_, init) => (answers ? new Response(null, { status: 204 }) : untilGivenUp(init?.signal)),
  })
  await submitScript((await makeSession(shop.client)).checkout_url)
  await shop.dodo.settle()
  expect(first(first(await deliveries(shop)).attempts).error).toBe('no answer within 0.05 s')
  answers = true
  shop.clock.advance(1_000)
  await shop.dodo.settle()
  expect(first(await deliveries(shop)).state).toBe('delivered')
})

test('a redirect is no acknowledgement', async () => {
  const receiver = await openReceiver()
  receiver.status = 302
  const shop = await openShop({ webhooks: [{ url: receiver.url, secret }] })
  await submitScript((await makeSession(shop.client)).checkout_url)
  await shop.dodo.settle()
  expect(first(await deliveries(shop)).state).toBe('pending')
})

test('a slow endpoint does not hold up a quick one', async () => {
  const slow = await openReceiver()
  const quick = await openReceiver()
  const answer = Promise.withResolvers<void>()
  slow.hold = answer.promise
  const shop = await openShop({ webhooks: [{ url: slow.url }, { url: quick.url }] })
  await submitScript((await makeSession(shop.client)).checkout_url)
  await quick.waitFor(1)
  await slow.waitFor(1)
  expect(idOf(first(quick.received)), 'one event has one id everywhere').toBe(idOf(first(slow.received)))
  answer.resolve()
  await shop.dodo.settle()
  expect((await deliveries(shop)).map((delivery) => delivery.state)).toEqual(['delivered', 'delivered'])
})

test('a webhook sent again by hand keeps its id, and may be sent many times at once', async () => {
  const receiver = await openReceiver()
  const shop = await openShop({ webhooks: [{ url: receiver.url, secret }] })
  await submitScript((await makeSession(shop.client)).checkout_url)
  await shop.dodo.settle()
  const { delivery_id } = first(await deliveries(shop))
  const resend = () => fetch(`${shop.dodo.url}/_sandbox/deliveries/${delivery_id}/resend`, { method: 'POST' })
  const answers = await Promise.all([resend(), resend(), resend(), resend(), resend()])
  expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200, 200])
  expect(receiver.received).toHaveLength(6)
  expect(new Set(receiver.received.map(idOf)).size).toBe(1)
  const after = first(await deliveries(shop))
  expect(after.attempts.map((attempt) => attempt.attempt_number)).toEqual([1, 2, 3, 4, 5, 6])
  for (const { body, headers } of receiver.received) new Webhook(secret).verify(body, headers)
})

test('sending again by hand delivers what the schedule gave up, and leaves the schedule alone when it fails', async () => {
  const receiver = await openReceiver()
  receiver.status = 500
  const shop = await openShop({ webhooks: [{ url: receiver.url }], retryScheduleMs: [0, 60_000] })
  await submitScript((await makeSession(shop.client)).checkout_url)
  await shop.dodo.settle()
  const before = first(await deliveries(shop))
  const resend = async () =>
    (await (
      await fetch(`${shop.dodo.url}/_sandbox/deliveries/${before.delivery_id}/resend`, { method: 'POST' })
    ).json()) as Delivery
  expect(await resend()).toMatchObject({ state: 'pending', next_attempt_at: before.next_attempt_at })
  shop.clock.advance(60_000)
  await shop.dodo.settle()
  expect(first(await deliveries(shop)).state).toBe('failed')
  receiver.status = 200
  expect(await resend()).toMatchObject({ state: 'delivered' })
  expect(
    (await fetch(`${shop.dodo.url}/_sandbox/deliveries/dlv_none/resend`, { method: 'POST' })).status,
  ).toBe(404)
})

test('endpoints hear what their filter lets through, with their own headers; a disabled one hears nothing', async () => {
  const all = await openReceiver()
  const onlyFailures = await openReceiver()
  const off = await openReceiver()
  const shop = await openShop()
  await shop.client.webhooks.create({
    url: all.url,
    headers: { 'X-Shop': 'darkroom', 'Webhook-Id': 'msg_mine' },
  })
  await shop.client.webhooks.create({ url: onlyFailures.url, filter_types: ['payment.failed'] })
  await shop.client.webhooks.create({ url: off.url, disabled: true })
  const { checkout_url } = await makeSession(shop.client)
  await submitScript(checkout_url, { card_number: brokeCard })
  await submitScript(checkout_url)
  await shop.dodo.settle()
  expect(typesOf(all.received)).toEqual(['payment.failed', 'payment.succeeded'])
  expect(typesOf(onlyFailures.received)).toEqual(['payment.failed'])
  expect(off.received).toEqual([])
  expect(first(all.received).headers['x-shop']).toBe('darkroom')
  expect(idOf(first(all.received)), 'a custom header cannot replace one of ours').toMatch(/^msg_\w{21}$/)
})

test('what a disabled endpoint is owed waits; what a deleted one is owed is cancelled', async () => {
  const receiver = await openReceiver()
  receiver.status = 500
  const shop = await openShop({ retryScheduleMs: [0, 1_000, 1_000] })
  const endpoint = await shop.client.webhooks.create({ url: receiver.url })
  await submitScript((await makeSession(shop.client)).checkout_url)
  await shop.dodo.settle()
  await shop.client.webhooks.update(endpoint.id, { disabled: true })
  shop.clock.advance(1_000)
  await shop.dodo.settle()
  expect(receiver.received).toHaveLength(1)
  await shop.client.webhooks.update(endpoint.id, { disabled: false })
  await shop.dodo.settle()
  expect(receiver.received).toHaveLength(2)
  await shop.client.webhooks.delete(endpoint.id)
  shop.clock.advance(1_000)
  await shop.dodo.settle()
  expect(receiver.received).toHaveLength(2)
  expect(first(await deliveries(shop)).state).toBe('cancelled')
})

test('deliveries are found by payment, type, id and state', async () => {
  const receiver = await openReceiver()
  const shop = await openShop({ webhooks: [{ url: receiver.url }] })
  const { checkout_url } = await makeSession(shop.client)
  const declined = String((await submitScript(checkout_url, { card_number: brokeCard })).answer['payment_id'])
  await submitScript(checkout_url)
  await shop.dodo.settle()
  const failed = first(await deliveries(shop, `?payment_id=${declined}`))
  expect(failed.event_type).toBe('payment.failed')
  expect(await deliveries(shop, '?event_type=payment.failed')).toEqual([failed])
  expect(await deliveries(shop, `?webhook_id=${failed.webhook_id}`)).toEqual([failed])
  expect(await deliveries(shop, '?state=pending')).toEqual([])
  expect(await deliveries(shop, '?limit=1')).toHaveLength(1)
})

test("deliveries of a payment are also those of its refunds and disputes, and of nobody else's", async () => {
  const receiver = await openReceiver()
  const shop = await openShop({ webhooks: [{ url: receiver.url }] })
  const told: string[] = []
  for (let n = 0; n < 2; n += 1) {
    const { checkout_url } = await makeSession(shop.client)
    const payment_id = String((await submitScript(checkout_url)).answer['payment_id'])
    await shop.client.refunds.create({ payment_id })
    await shop.dodo.advance(60_000)
    await fetch(`${shop.dodo.url}/_sandbox/payments/${payment_id}/dispute`, { method: 'POST', body: '{}' })
    await shop.dodo.settle()
    told.push(payment_id)
  }
  for (const payment_id of told) {
    const types = (await deliveries(shop, `?payment_id=${payment_id}`)).map((item) => item.event_type)
    expect(types).toEqual(['dispute.opened', 'refund.succeeded', 'payment.succeeded'])
  }
  expect(await deliveries(shop, `?resource_id=${told[0]}`)).toHaveLength(1)
})

test('another site cannot press the buttons', async () => {
  const receiver = await openReceiver()
  const shop = await openShop({ webhooks: [{ url: receiver.url }] })
  const { checkout_url } = await makeSession(shop.client)
  const refused = await fetch(checkout_url, {
    method: 'POST',
    headers: { 'sec-fetch-site': 'cross-site' },
    body: new URLSearchParams({ card_number: '4242' }),
  })
  expect(refused.status).toBe(403)
})
