import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { brokeCard, makeSession, openReceiver, openShop, type Shop, submitScript } from '../../test/shop.ts'
import type { Delivery } from '../index.ts'

const hourMs = 3_600_000

async function post({ dodo }: Pick<Shop, 'dodo'>, path: string, body: object = {}) {
  const response = await fetch(`${dodo.url}/_sandbox/${path}`, { method: 'POST', body: JSON.stringify(body) })
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> }
}

async function deliveries({ dodo }: Pick<Shop, 'dodo'>): Promise<Delivery[]> {
  const response = await fetch(`${dodo.url}/_sandbox/deliveries`)
  return ((await response.json()) as { items: Delivery[] }).items
}

test('after a rotation both secrets sign for 24 hours of the sandbox, and then the new one alone', async () => {
  const receiver = await openReceiver()
  const shop = await openShop()
  const endpoint = await shop.client.webhooks.create({ url: receiver.url })
  const before = await shop.client.webhooks.retrieveSecret(endpoint.id)
  const { answer } = await post(shop, `webhooks/${endpoint.id}/rotate-secret`)
  const after = await shop.client.webhooks.retrieveSecret(endpoint.id)
  expect(after.secret).toBe(answer['secret'])
  expect(after.secret).not.toBe(before.secret)

  const payAndReceive = async () => {
    receiver.received.length = 0
    await submitScript((await makeSession(shop.client)).checkout_url)
    await shop.dodo.settle()
    const [webhook] = receiver.received
    if (!webhook) throw new Error('nothing received')
    const accepts = (secret: string) => {
      try {
        new Webhook(secret).verify(webhook.body, webhook.headers)
        return true
      } catch {
        return false
      }
    }
    const signatures = webhook.headers['webhook-signature']?.split(' ').length
    return { signatures, new: accepts(after.secret), old: accepts(before.secret) }
  }
  expect(await payAndReceive()).toEqual({ signatures: 2, new: true, old: true })
  await shop.dodo.advance(24 * hourMs - 1)
  expect(await payAndReceive()).toEqual({ signatures: 2, new: true, old: true })
  await shop.dodo.advance(1)
  expect(await payAndReceive()).toEqual({ signatures: 1, new: true, old: false })
  expect((await post(shop, 'webhooks/whk_none/rotate-secret')).status).toBe(404)
})

test('headers are added and changed; sensitive ones are sent and never shown', async () => {
  const receiver = await openReceiver()
  const shop = await openShop()
  const { id } = await shop.client.webhooks.create({
    url: receiver.url,
    headers: { 'X-Shop': 'darkroom', Authorization: 'Bearer hush' },
  })
  await shop.client.webhooks.headers.update(id, { headers: { 'x-shop': 'studio', 'X-Api-Key': 'hush too' } })
  expect(await shop.client.webhooks.headers.retrieve(id)).toEqual({
    headers: { 'x-shop': 'studio' },
    sensitive: ['Authorization', 'X-Api-Key'],
  })
  await submitScript((await makeSession(shop.client)).checkout_url)
  await shop.dodo.settle()
  expect(receiver.received[0]?.headers).toMatchObject({
    'x-shop': 'studio',
    authorization: 'Bearer hush',
    'x-api-key': 'hush too',
  })
  expect(JSON.stringify(await deliveries(shop))).not.toContain('hush')
  await expect(
    shop.client.webhooks.headers.update(id, { headers: { 'no name': 'x' } }),
  ).rejects.toMatchObject({ status: 422 })
  await expect(
    shop.client.webhooks.create({ url: receiver.url, headers: { 'X-Split': 'a\r\nb' } }),
  ).rejects.toMatchObject({ status: 422 })
  await expect(shop.client.webhooks.headers.retrieve('whk_none')).rejects.toMatchObject({ status: 404 })
})

test('an endpoint with a rate limit gets so many a second, and the others in the seconds after', async () => {
  const receiver = await openReceiver()
  const shop = await openShop()
  await shop.client.webhooks.create({ url: receiver.url, rate_limit: 2 })
  const { checkout_url } = await makeSession(shop.client)
  for (let index = 0; index < 5; index += 1) await submitScript(checkout_url, { card_number: brokeCard })
  await shop.dodo.settle()
  expect(receiver.received).toHaveLength(2)
  await shop.dodo.advance(999)
  expect(receiver.received).toHaveLength(2)
  await shop.dodo.advance(1)
  expect(receiver.received).toHaveLength(4)
  await shop.dodo.advance(10_000)
  expect(receiver.received).toHaveLength(5)
  const all = await deliveries(shop)
  expect(all.map(({ state, attempts }) => [state, attempts.length])).toEqual(
    Array.from({ length: 5 }, () => ['delivered', 1]),
  )
})

test('a test message is sent once, whatever the filter says, with what happened last, and is not retried', async () => {
  const receiver = await openReceiver()
  receiver.status = 500
  const shop = await openShop()
  const { id } = await shop.client.webhooks.create({ url: receiver.url, filter_types: ['refund.succeeded'] })
  const test = (eventType: string) =>
    post(shop, `webhooks/${id}/test`, {
      event_type: eventType,
    })
  expect(await test('payment.succeeded')).toMatchObject({
    status: 409,
    answer: { code: 'NOTHING_TO_SEND', message: expect.stringContaining('Make one first') },
  })
  const paid = await submitScript((await makeSession(shop.client)).checkout_url)
  const tried = await test('payment.succeeded')
  expect(tried.answer).toMatchObject({
    is_test: true,
    state: 'failed',
    resource_id: paid.answer['payment_id'],
    attempts: [{ response_status: 500 }],
  })
  await shop.dodo.advance(40 * hourMs)
  expect(receiver.received).toHaveLength(1)
  expect(await test('payment.refunded')).toMatchObject({ status: 422 })
  await shop.client.webhooks.update(id, { disabled: true })
  expect(await test('payment.succeeded')).toMatchObject({ status: 409, answer: { code: 'WEBHOOK_DISABLED' } })
})
