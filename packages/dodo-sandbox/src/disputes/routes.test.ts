import DodoPayments from 'dodopayments'
import { expect, test } from 'vitest'
import {
  brokeCard,
  eventTypes,
  inOrder,
  makeSession,
  openReceiver,
  openShop,
  type Shop,
  submitScript,
} from '../../test/shop.ts'

const dayMs = 86_400_000

async function buy({ client }: Shop, fields: Record<string, string> = {}): Promise<string> {
  const { answer } = await submitScript((await makeSession(client)).checkout_url, fields)
  return String(answer['payment_id'])
}

async function control(shop: Shop, path: string, body: object) {
  const response = await fetch(`${shop.dodo.url}/_sandbox/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  })
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> }
}

const open = async (shop: Shop, paymentId: string, body: object = {}) =>
  String((await control(shop, `payments/${paymentId}/dispute`, body)).answer['dispute_id'])

const decide = (shop: Shop, id: string, decision: string) =>
  control(shop, `disputes/${id}/decide`, { decision })

test('an opened dispute is read, told, and in its payment', async () => {
  const receiver = await openReceiver()
  const shop = await openShop({ webhooks: [{ url: receiver.url }] })
  const { client, dodo } = shop
  const payment_id = await buy(shop)
  const id = await open(shop, payment_id, { amount: 1500, reason: 'fraudulent', stage: 'pre_arbitration' })
  const dispute = await client.disputes.retrieve(id)
  expect(dispute).toMatchObject({
    dispute_id: id,
    payment_id,
    amount: '1500',
    currency: 'USD',
    dispute_stage: 'pre_arbitration',
    dispute_status: 'dispute_opened',
    reason: 'fraudulent',
    payment_provider: 'dodo',
    is_resolved_by_rdr: false,
    customer: { email: 'ada@example.com' },
  })
  expect(id).toMatch(/^dp_\w{21}$/)
  expect(await client.payments.retrieve(payment_id)).toMatchObject({
    disputes: [{ dispute_id: id, amount: '1500', dispute_status: 'dispute_opened' }],
  })
  expect((await client.payments.list({ page_number: 0 })).items).toMatchObject([
    { dispute_status: 'dispute_opened' },
  ])
  await dodo.settle()
  const [, told] = await inOrder({ dodo }, receiver.received)
  expect(JSON.parse(told?.body ?? '')).toMatchObject({
    type: 'dispute.opened',
    data: { payload_type: 'Dispute', ...dispute },
  })
})

test.each([
  [
    ['challenge', 'win'],
    ['dispute.challenged', 'dispute.won'],
  ],
  [
    ['challenge', 'lose'],
    ['dispute.challenged', 'dispute.lost'],
  ],
  [
    ['challenge', 'accept'],
    ['dispute.challenged', 'dispute.accepted'],
  ],
  [
    ['challenge', 'cancel'],
    ['dispute.challenged', 'dispute.cancelled'],
  ],
  [['accept'], ['dispute.accepted']],
  [['expire'], ['dispute.expired']],
  [['cancel'], ['dispute.cancelled']],
])('%j is told as %j, and ends there', async (taken, told) => {
  const receiver = await openReceiver()
  const shop = await openShop({ webhooks: [{ url: receiver.url }] })
  const payment_id = await buy(shop)
  const id = await open(shop, payment_id)
  for (const decision of taken) expect((await decide(shop, id, decision)).status).toBe(200)
  for (const decision of ['challenge', 'accept', 'expire', 'cancel', 'win', 'lose', 'resolve_by_rdr'])
    expect(await decide(shop, id, decision)).toMatchObject({
      status: 409,
      answer: { code: 'DISPUTE_CANNOT_CHANGE' },
    })
  const status = told.at(-1)?.replace('.', '_')
  expect((await shop.client.payments.retrieve(payment_id)).disputes).toMatchObject([
    { dispute_status: status },
  ])
  await shop.dodo.settle()
  expect(await eventTypes(shop, receiver)).toEqual(['payment.succeeded', 'dispute.opened', ...told])
})

test('rapid resolution accepts what is no dispute yet, without a refund', async () => {
  const receiver = await openReceiver()
  const shop = await openShop({ webhooks: [{ url: receiver.url }] })
  const payment_id = await buy(shop)
  const id = await open(shop, payment_id, { stage: 'pre_dispute' })
  expect((await decide(shop, id, 'resolve_by_rdr')).status).toBe(200)
  expect(await shop.client.disputes.retrieve(id)).toMatchObject({
    dispute_status: 'dispute_accepted',
    is_resolved_by_rdr: true,
  })
  expect(await shop.client.payments.retrieve(payment_id)).toMatchObject({
    refunds: [],
    disputes: [{ is_resolved_by_rdr: true }],
  })
  await shop.dodo.settle()
  expect(await eventTypes(shop, receiver)).toEqual([
    'payment.succeeded',
    'dispute.opened',
    'dispute.accepted',
  ])
  const proper = await open(shop, payment_id)
  expect(await decide(shop, proper, 'resolve_by_rdr')).toMatchObject({
    status: 409,
    answer: {
      message: `Dispute ${proper} is opened, in the stage dispute; resolve_by_rdr does not follow from that. What does: challenge, accept, expire, cancel.`,
    },
  })
})

test('a decision that does not follow is refused with those that do', async () => {
  const shop = await openShop()
  const payment_id = await buy(shop)
  const id = await open(shop, payment_id, { stage: 'pre_dispute' })
  const refusedFor = async (decision: string) =>
    String((await decide(shop, id, decision)).answer['message']).replace(/.*; /, '')
  expect(await refusedFor('win')).toBe(
    'win does not follow from that. What does: challenge, accept, expire, cancel, resolve_by_rdr.',
  )
  await decide(shop, id, 'challenge')
  expect(await refusedFor('expire')).toBe(
    'expire does not follow from that. What does: accept, cancel, win, lose.',
  )
  await decide(shop, id, 'win')
  expect(await refusedFor('lose')).toBe('lose does not follow from that. Nothing does.')
})

test('a dispute that nobody answers expires after ten days, and a challenged one does not', async () => {
  const shop = await openShop()
  const payment_id = await buy(shop)
  const [silent, challenged] = [await open(shop, payment_id), await open(shop, payment_id)]
  await decide(shop, challenged, 'challenge')
  await shop.dodo.advance(10 * dayMs - 1)
  const statusOf = async (id: string) => (await shop.client.disputes.retrieve(id)).dispute_status
  expect(await statusOf(silent)).toBe('dispute_opened')
  await shop.dodo.advance(1)
  expect(await statusOf(silent)).toBe('dispute_expired')
  expect(await statusOf(challenged)).toBe('dispute_challenged')
})

test('what is disputed is not refunded as well', async () => {
  const shop = await openShop()
  const payment_id = await buy(shop)
  await open(shop, payment_id)
  const { refund_id } = await shop.client.refunds.create({ payment_id })
  await shop.dodo.advance(2_000)
  expect((await shop.client.refunds.retrieve(refund_id)).status).toBe('failed')
})

test('what cannot be disputed is refused', async () => {
  const shop = await openShop()
  const failed = await buy(shop, { card_number: brokeCard })
  const paid = await buy(shop)
  const tried = async (id: string, body: object = {}) => {
    const { status, answer } = await control(shop, `payments/${id}/dispute`, body)
    return `${status} ${String(answer['code'])}`
  }
  expect(await tried('pay_nowhere')).toBe('404 NOT_FOUND')
  expect(await tried(failed)).toBe('409 PAYMENT_NOT_SUCCEEDED')
  expect(await tried(paid, { amount: 4001 })).toBe('422 INVALID_REQUEST_BODY')
  expect(await tried(paid, { amount: 0 })).toBe('422 INVALID_REQUEST_BODY')
  expect(await tried(paid, { stage: 'court' })).toBe('422 INVALID_REQUEST_BODY')
  expect((await decide(shop, 'dp_nowhere', 'win')).status).toBe(404)
  await expect(shop.client.disputes.retrieve('dp_nowhere')).rejects.toBeInstanceOf(DodoPayments.NotFoundError)
})

test('disputes are found by stage, status, customer and time', async () => {
  const shop = await openShop()
  const { client, dodo } = shop
  const payment_id = await buy(shop)
  const early = await open(shop, payment_id, { stage: 'pre_dispute' })
  await dodo.advance(60_000)
  const between = dodo.now().toISOString()
  await dodo.advance(60_000)
  const late = await open(shop, payment_id)
  await decide(shop, late, 'accept')
  const ids = async (query: DodoPayments.DisputeListParams) =>
    (await client.disputes.list({ page_number: 0, ...query })).items.map((item) => item.dispute_id)
  const { customer } = await client.payments.retrieve(payment_id)
  expect(await ids({})).toEqual([late, early])
  expect(await ids({ dispute_stage: 'pre_dispute' })).toEqual([early])
  expect(await ids({ dispute_status: 'dispute_accepted' })).toEqual([late])
  expect(await ids({ created_at_lte: between })).toEqual([early])
  expect(await ids({ created_at_gte: between })).toEqual([late])
  expect(await ids({ customer_id: customer.customer_id })).toEqual([late, early])
  expect(await ids({ customer_id: 'cus_nowhere' })).toEqual([])
})
