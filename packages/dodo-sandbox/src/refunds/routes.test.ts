import DodoPayments from 'dodopayments'
import { expect, test } from 'vitest'
import {
  brokeCard,
  eventTypes,
  makePack,
  makeSession,
  openReceiver,
  openShop,
  type Shop,
  submitScript,
} from '../../test/shop.ts'

const dayMs = 86_400_000

/** A payment of one pack of $40 and two of $10, taxed where `country` taxes. */
async function buy({ client }: Shop, country = 'US') {
  const [large, small] = [await makePack(client, 4000), await makePack(client, 1000)]
  const { checkout_url } = await makeSession(client, {
    product_cart: [
      { product_id: large, quantity: 1 },
      { product_id: small, quantity: 2 },
    ],
  })
  const { answer } = await submitScript(checkout_url, { country })
  return { large, small, payment_id: String(answer['payment_id']) }
}

async function control(shop: Shop, path: string, body: object) {
  const response = await fetch(`${shop.dodo.url}/_sandbox/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  })
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> }
}

async function left(shop: Shop, payment_id: string): Promise<number[]> {
  const { items } = await shop.client.payments.retrieveLineItems(payment_id)
  return items.map((item) => item.refundable_amount)
}

function codeOf(asked: Promise<unknown>): Promise<string> {
  return asked.then(
    () => 'made',
    (error: InstanceType<typeof DodoPayments.APIError>) =>
      `${error.status} ${(error.error as { code: string }).code}`,
  )
}

test('a whole refund is pending, then succeeded, and the payment shows it', async () => {
  const receiver = await openReceiver()
  const shop = await openShop({ webhooks: [{ url: receiver.url }] })
  const { client, dodo } = shop
  const { payment_id } = await buy(shop)
  const made = await client.refunds.create({ payment_id, reason: 'mistake', metadata: { ticket: 7 } })
  expect(made).toMatchObject({
    payment_id,
    status: 'pending',
    amount: 6000,
    currency: 'USD',
    is_partial: false,
    reason: 'mistake',
    metadata: { ticket: 7 },
    customer: { email: 'ada@example.com' },
  })
  expect(made.refund_id).toMatch(/^ref_\w{21}$/)
  expect(await client.payments.retrieve(payment_id)).toMatchObject({
    refund_status: null,
    refunds: [{ refund_id: made.refund_id, status: 'pending' }],
  })
  await dodo.advance(2_000)
  const succeeded = { ...made, status: 'succeeded' }
  expect(await client.refunds.retrieve(made.refund_id)).toEqual(succeeded)
  expect(await client.payments.retrieve(payment_id)).toMatchObject({
    refund_status: 'full',
    refunds: [{ refund_id: made.refund_id, status: 'succeeded', amount: 6000 }],
  })
  expect(await left(shop, payment_id)).toEqual([0, 0])
  expect(await eventTypes({ dodo }, receiver)).toEqual(['payment.succeeded', 'refund.succeeded'])
  expect(JSON.parse(receiver.received[1]?.body ?? '')).toMatchObject({
    data: { payload_type: 'Refund', ...succeeded },
  })
})

test('items are refunded in whole and in part, down to nothing', async () => {
  const shop = await openShop()
  const { large, small, payment_id } = await buy(shop)
  const refund = async (items: DodoPayments.RefundCreateParams['items']) => {
    const made = await shop.client.refunds.create({ payment_id, items: items ?? null })
    await shop.dodo.advance(2_000)
    return [made.amount, made.is_partial]
  }
  expect(await refund([{ item_id: large, amount: 1500 }])).toEqual([1500, true])
  expect(await left(shop, payment_id)).toEqual([2500, 2000])
  expect((await shop.client.payments.retrieve(payment_id)).refund_status).toBe('partial')
  expect(await refund([{ item_id: small }])).toEqual([2000, true])
  expect(await refund(null)).toEqual([2500, true])
  expect(await left(shop, payment_id)).toEqual([0, 0])
  expect((await shop.client.payments.retrieve(payment_id)).refund_status).toBe('full')
})

test('an amount includes its tax, or has it put on', async () => {
  const shop = await openShop()
  const { large, payment_id } = await buy(shop, 'DE')
  expect(await left(shop, payment_id)).toEqual([4760, 2380])
  const refund = async (tax_inclusive: boolean) => {
    const items = [{ item_id: large, amount: 1000, tax_inclusive }]
    const made = await shop.client.refunds.create({ payment_id, items })
    await shop.dodo.advance(2_000)
    return made.amount
  }
  expect(await refund(true)).toBe(1000)
  expect(await refund(false)).toBe(1190)
})

test('a refund that is not to be is refused with the code that Dodo documents', async () => {
  const shop = await openShop()
  const { client, dodo } = shop
  const { large, small, payment_id } = await buy(shop)
  const refusal = (items: DodoPayments.RefundCreateParams['items'], id = payment_id) =>
    codeOf(client.refunds.create({ payment_id: id, items: items ?? null }, { maxRetries: 0 }))
  expect(await refusal(null, 'pay_nowhere')).toBe('404 NOT_FOUND')
  expect(await refusal([{ item_id: 'pdt_nowhere' }])).toBe('400 LINE_ITEM_NOT_FOUND')
  expect(await refusal([{ item_id: large }, { item_id: large }])).toBe('400 DUPLICATE_LINE_ITEMS_IN_REQUEST')
  expect(await refusal([{ item_id: large, amount: 0 }])).toBe('400 LINE_ITEM_REFUND_AMOUNT_TOO_LOW')
  expect(await refusal([{ item_id: large, amount: 4001 }])).toBe('400 LINE_ITEM_REFUND_AMOUNT_TOO_HIGH')
  expect(await codeOf(client.refunds.create({ payment_id, reason: 'x'.repeat(3001) }))).toBe(
    '422 INVALID_REQUEST_BODY',
  )

  await client.refunds.create({ payment_id, items: [{ item_id: small }] })
  expect(await refusal([{ item_id: large }])).toBe('400 EXISTING_REFUND_REQUEST_PROCESSING')
  await dodo.advance(2_000)
  expect(await refusal([{ item_id: small }])).toBe('400 LINE_ITEM_FULLY_REFUNDED')
  await client.refunds.create({ payment_id })
  await dodo.advance(2_000)
  expect(await refusal(null)).toBe('400 PAYMENT_ALREADY_REFUNDED')

  const { checkout_url } = await makeSession(client)
  const failed = await submitScript(checkout_url, { card_number: brokeCard })
  expect(await refusal(null, String(failed.answer['payment_id']))).toBe('400 PAYMENT_NOT_SUCCEEDED')
  await client.discounts.create({ type: 'percentage', amount: 10_000, code: 'FREE' })
  const free = await submitScript((await makeSession(client, { discount_codes: ['FREE'] })).checkout_url)
  expect(await refusal(null, String(free.answer['payment_id']))).toBe(
    '400 ZERO_AMOUNT_PAYMENT_REFUND_NOT_ALLOWED',
  )
})

test('a refund is asked for within thirty days', async () => {
  const shop = await openShop()
  const [one, other] = [await buy(shop), await buy(shop)]
  await shop.dodo.advance(30 * dayMs)
  await shop.client.refunds.create({ payment_id: one.payment_id })
  await shop.dodo.advance(1)
  expect(await codeOf(shop.client.refunds.create({ payment_id: other.payment_id }))).toBe(
    '400 REFUND_WINDOW_EXPIRED',
  )
})

test('of two who refund one payment at once, one does', async () => {
  const shop = await openShop()
  const { payment_id } = await buy(shop)
  const asked = await Promise.all(
    Array.from({ length: 5 }, () => codeOf(shop.client.refunds.create({ payment_id }, { maxRetries: 0 }))),
  )
  expect(asked.toSorted()).toEqual([
    ...Array.from({ length: 4 }, () => '400 EXISTING_REFUND_REQUEST_PROCESSING'),
    'made',
  ])
  await shop.dodo.advance(2_000)
  expect((await shop.client.payments.retrieve(payment_id)).refunds).toHaveLength(1)
})

test('a refund that fails, or that is reviewed, is told so, and what failed can be refunded again', async () => {
  const receiver = await openReceiver()
  const shop = await openShop({ webhooks: [{ url: receiver.url }] })
  const { client, dodo } = shop
  const { payment_id } = await buy(shop)
  await control(shop, 'faults', { rules: [{ kind: 'fail_next_refund' }] })
  const failing = await client.refunds.create({ payment_id })
  expect(await left(shop, payment_id)).toEqual([0, 0])
  await dodo.advance(2_000)
  expect((await client.refunds.retrieve(failing.refund_id)).status).toBe('failed')
  expect(await left(shop, payment_id)).toEqual([4000, 2000])
  expect(await client.payments.retrieve(payment_id)).toMatchObject({
    refund_status: null,
    refunds: [{ status: 'failed' }],
  })

  await control(shop, 'faults', { rules: [{ kind: 'review_next_refund' }] })
  const reviewed = await client.refunds.create({ payment_id })
  await dodo.advance(dayMs)
  expect((await client.refunds.retrieve(reviewed.refund_id)).status).toBe('review')
  expect(await codeOf(client.refunds.create({ payment_id }))).toBe('400 EXISTING_REFUND_REQUEST_PROCESSING')
  const decided = await control(shop, `refunds/${reviewed.refund_id}/settle`, { outcome: 'succeeded' })
  expect(decided).toMatchObject({ status: 200, answer: { status: 'succeeded' } })
  const again = await control(shop, `refunds/${reviewed.refund_id}/settle`, { outcome: 'failed' })
  expect(again).toMatchObject({ status: 409, answer: { code: 'REFUND_NOT_UNDER_WAY' } })
  await dodo.settle()
  expect(await eventTypes({ dodo }, receiver)).toEqual([
    'payment.succeeded',
    'refund.failed',
    'refund.succeeded',
  ])
})

test('the dashboard refunds any amount that is left, taken from the items in their order', async () => {
  const shop = await openShop()
  const { payment_id } = await buy(shop)
  const refund = (body: object) => control(shop, `payments/${payment_id}/refund`, body)
  expect((await refund({ amount: 4500, reason: 'goodwill' })).answer).toMatchObject({
    amount: 4500,
    is_partial: true,
    reason: 'goodwill',
  })
  expect(await left(shop, payment_id)).toEqual([0, 1500])
  await shop.dodo.advance(2_000)
  expect((await refund({ amount: 1501 })).answer).toMatchObject({ code: 'REFUND_AMOUNT_EXCEEDS_PAID_AMOUNT' })
  expect((await refund({})).answer).toMatchObject({ amount: 1500 })
})

test('refunds are found by status, customer and time', async () => {
  const shop = await openShop()
  const { client, dodo } = shop
  const first = await client.refunds.create({ payment_id: (await buy(shop)).payment_id })
  await dodo.advance(60_000)
  const between = dodo.now().toISOString()
  await dodo.advance(60_000)
  const second = await client.refunds.create({ payment_id: (await buy(shop)).payment_id })
  const ids = async (query: DodoPayments.RefundListParams) =>
    (await client.refunds.list({ page_number: 0, ...query })).items.map((item) => item.refund_id)
  expect(await ids({})).toEqual([second.refund_id, first.refund_id])
  expect(await ids({ status: 'pending' })).toEqual([second.refund_id])
  expect(await ids({ created_at_lte: between })).toEqual([first.refund_id])
  expect(await ids({ created_at_gte: between })).toEqual([second.refund_id])
  expect(await ids({ customer_id: first.customer.customer_id, page_size: 1 })).toEqual([second.refund_id])
  expect(await ids({ customer_id: 'cus_nowhere' })).toEqual([])
  expect(await ids({ subscription_id: 'sub_nowhere' })).toEqual([])
  await expect(client.refunds.retrieve('ref_nowhere')).rejects.toBeInstanceOf(DodoPayments.NotFoundError)
})
