import { WebhookPayloadSchema } from '@dodopayments/core/schemas'
import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { brokeCard, makeSession, openReceiver, openShop, type Shop, submitScript } from '../../test/shop.ts'
import type { Delivery, DodoSandboxOptions, FaultRule, InjectedFault } from '../index.ts'
import { applyPayloadFaults } from './webhook-faults.ts'

async function open(faults: FaultRule[], options: DodoSandboxOptions = {}) {
  const receiver = await openReceiver()
  const shop = await openShop({ webhooks: [{ url: receiver.url }], faults, ...options })
  const types = () => receiver.received.map(({ body }) => (JSON.parse(body) as { type: string }).type)
  return { ...shop, receiver, types }
}

async function get<Answer>({ dodo }: Pick<Shop, 'dodo'>, path: string): Promise<Answer> {
  return (await (await fetch(`${dodo.url}/_sandbox/${path}`)).json()) as Answer
}

async function injected(shop: Pick<Shop, 'dodo'>): Promise<InjectedFault[]> {
  return (await get<{ items: InjectedFault[] }>(shop, 'faults/injected')).items
}

/** A session that fails once and is paid then: two events. */
async function failThenPay(shop: Shop): Promise<void> {
  const { checkout_url } = await makeSession(shop.client)
  await submitScript(checkout_url, { card_number: brokeCard })
  await submitScript(checkout_url)
}

test('a duplicate arrives again after it was acknowledged, with the same webhook-id', async () => {
  const shop = await open([{ kind: 'duplicate' }])
  await failThenPay(shop)
  await shop.dodo.settle()
  expect(shop.types().sort()).toEqual(['payment.failed', 'payment.failed', 'payment.succeeded'])
  const ids = shop.receiver.received.map(({ headers }) => headers['webhook-id'])
  expect(new Set(ids).size).toBe(2)
  const { items } = await get<{ items: Delivery[] }>(shop, 'deliveries')
  expect(items.map(({ state, attempts }) => [state, attempts.length])).toEqual([
    ['delivered', 1],
    ['delivered', 2],
  ])
})

test('a dropped webhook is never sent, is listed as dropped, and can be sent by hand', async () => {
  const shop = await open([{ kind: 'drop', event_type: 'payment.succeeded' }])
  await failThenPay(shop)
  await shop.dodo.advance(30 * 86_400_000)
  expect(shop.types()).toEqual(['payment.failed'])
  const { items } = await get<{ items: Delivery[] }>(shop, 'deliveries?state=dropped')
  expect(items).toMatchObject([{ event_type: 'payment.succeeded', attempts: [], next_attempt_at: null }])
  expect(await injected(shop)).toMatchObject([
    {
      kind: 'drop',
      event_type: 'payment.succeeded',
      message_id: items[0]?.webhook_id,
      resource_id: items[0]?.resource_id,
    },
  ])
  await fetch(`${shop.dodo.url}/_sandbox/deliveries/${items[0]?.delivery_id}/resend`, { method: 'POST' })
  expect(shop.types()).toEqual(['payment.failed', 'payment.succeeded'])
  expect((await get<{ items: Delivery[] }>(shop, 'deliveries?state=dropped')).items).toEqual([])
})

test('a delayed webhook comes when its time has come, and not before', async () => {
  const shop = await open([{ kind: 'delay', delay_ms: 10_000 }])
  await submitScript((await makeSession(shop.client)).checkout_url)
  await shop.dodo.advance(9_999)
  expect(shop.types()).toEqual([])
  await shop.dodo.advance(1)
  expect(shop.types()).toEqual(['payment.succeeded'])
})

test('a reordered webhook lets the next one go first', async () => {
  const shop = await open([{ kind: 'reorder' }])
  await failThenPay(shop)
  await shop.dodo.settle()
  expect(shop.types()).toEqual(['payment.succeeded', 'payment.failed'])
})

test('a reordered webhook that nothing follows comes a minute late', async () => {
  const shop = await open([{ kind: 'reorder' }])
  await submitScript((await makeSession(shop.client)).checkout_url)
  await shop.dodo.advance(59_999)
  expect(shop.types()).toEqual([])
  await shop.dodo.advance(1)
  expect(shop.types()).toEqual(['payment.succeeded'])
})

test('an unknown event type comes beside the true one, signed, and the adapters let it pass', async () => {
  const shop = await open([{ kind: 'unknown_event_type' }])
  await submitScript((await makeSession(shop.client)).checkout_url)
  await shop.dodo.settle()
  expect(shop.types().sort()).toEqual(['payment.succeeded', 'payment.unheard_of'])
  for (const { body, headers } of shop.receiver.received) {
    new Webhook(String(shop.dodo.webhookSecret)).verify(body, headers)
    WebhookPayloadSchema.parse(JSON.parse(body))
  }
})

test.each([
  ['unknown_enum_value', 'status', 'unheard_of'],
  ['flat_discount', 'discounts', [expect.objectContaining({ type: 'flat' })]],
] as const)('%s is in the body of every attempt, and only there', async (kind, field, value) => {
  const shop = await open([{ kind }], { retryScheduleMs: [0, 1_000] })
  shop.receiver.status = 400
  const { checkout_url } = await makeSession(shop.client)
  const paid = await submitScript(checkout_url)
  await shop.dodo.settle()
  await shop.dodo.advance(1_000)
  expect(shop.receiver.received).toHaveLength(2)
  for (const { body } of shop.receiver.received) {
    const event = JSON.parse(body) as { data: Record<string, unknown> }
    expect(event.data[field]).toEqual(value)
    expect(() => WebhookPayloadSchema.parse(event), 'the strict schemas refuse it').toThrow(
      /handled by a specific schema/,
    )
  }
  const payment = await shop.client.payments.retrieve(String(paid.answer['payment_id']))
  expect(payment).toMatchObject({ status: 'succeeded', discounts: null })
})

test('amounts of credits become numbers wherever they stand, and nothing else does', () => {
  expect(
    applyPayloadFaults(
      {
        payload_type: 'Subscription',
        subscription_id: 'sub_1',
        recurring_pre_tax_amount: 1900,
        credit_entitlement_cart: [{ credits_amount: '100', remaining_balance: '12.5', unit: '7' }],
      },
      ['numbers_for_credits'],
    ),
  ).toEqual({
    payload_type: 'Subscription',
    subscription_id: 'sub_1',
    recurring_pre_tax_amount: 1900,
    credit_entitlement_cart: [{ credits_amount: 100, remaining_balance: 12.5, unit: '7' }],
  })
})

test('numbers for credits wait for an event that carries credits', async () => {
  const shop = await open([{ kind: 'numbers_for_credits' }])
  await submitScript((await makeSession(shop.client)).checkout_url)
  expect(await injected(shop)).toEqual([])
})

test('the next payment fails with the code asked for, and the one after it goes through', async () => {
  const shop = await open([{ kind: 'fail_next_payment', error_code: 'DO_NOT_HONOR' }])
  const { checkout_url } = await makeSession(shop.client)
  const broke = await submitScript(checkout_url, { card_number: brokeCard })
  const failed = await submitScript(checkout_url)
  const paid = await submitScript(checkout_url)
  expect([broke, failed].map(({ answer }) => answer['code'])).toEqual(['INSUFFICIENT_FUNDS', 'DO_NOT_HONOR'])
  expect(paid.answer['status']).toBe('succeeded')
  expect(await injected(shop)).toMatchObject([
    { kind: 'fail_next_payment', resource_id: failed.answer['payment_id'] },
  ])
})
