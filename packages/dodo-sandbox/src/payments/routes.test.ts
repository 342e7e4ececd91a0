import DodoPayments from 'dodopayments'
import { expect, test } from 'vitest'
import { brokeCard, makePack, makeSession, openShop, submitScript } from '../../test/shop.ts'

test('a payment carries what was bought, by whom, and all that the SDK promises', async () => {
  const { client } = await openShop()
  const pack = await makePack(client, 4000)
  const { session_id, checkout_url } = await makeSession(client, {
    product_cart: [{ product_id: pack, quantity: 2 }],
    metadata: { tallystick_order: 'ord_1', seats: 2, gift: false },
    billing_address: { country: 'DE', city: 'Berlin', zipcode: '10115' },
  })
  const paid = await submitScript(checkout_url, { country: 'DE' })
  const payment = await client.payments.retrieve(String(paid.answer['payment_id']))
  expect(payment).toMatchObject({
    status: 'succeeded',
    total_amount: 9520,
    tax: 1520,
    currency: 'USD',
    settlement_amount: 9520,
    settlement_currency: 'USD',
    settlement_tax: 1520,
    product_cart: [{ product_id: pack, quantity: 2 }],
    metadata: { tallystick_order: 'ord_1', seats: 2, gift: false },
    checkout_session_id: session_id,
    customer: { email: 'ada@example.com', name: 'Ada Lovelace' },
    billing: { country: 'DE', city: 'Berlin', state: null, street: null, zipcode: '10115' },
    card_last_four: '4242',
    card_network: 'VISA',
    payment_method: 'card',
    payment_provider: 'dodo',
    error_code: null,
    refunds: [],
    disputes: [],
    subscription_ids: [],
    retry_attempt: 0,
  })
  expect(await client.payments.retrieveLineItems(payment.payment_id)).toEqual({
    currency: 'USD',
    items: [
      {
        items_id: pack,
        amount: 9520,
        refundable_amount: 9520,
        tax: 1520,
        name: 'Power',
        description: null,
      },
    ],
  })
})

test('a declined payment says why, and has nothing to refund', async () => {
  const { client } = await openShop()
  const { checkout_url } = await makeSession(client)
  const declined = await submitScript(checkout_url, { card_number: brokeCard })
  const id = String(declined.answer['payment_id'])
  expect(await client.payments.retrieve(id)).toMatchObject({
    status: 'failed',
    error_code: 'INSUFFICIENT_FUNDS',
    error_message: expect.any(String),
  })
  const lineItems = await client.payments.retrieveLineItems(id)
  expect(lineItems.items.map((item) => item.refundable_amount)).toEqual([0])
})

test('payments are found by status, customer, product, currency and time', async () => {
  const { client, clock } = await openShop()
  const pack = await makePack(client)
  const euro = await client.products.create({
    name: 'Euro',
    tax_category: 'saas',
    price: { type: 'one_time_price', currency: 'EUR', price: 900 },
  })
  const ada = await makeSession(client, { product_cart: [{ product_id: pack, quantity: 1 }] })
  const failed = String(
    (await submitScript(ada.checkout_url, { card_number: brokeCard })).answer['payment_id'],
  )
  const succeeded = String((await submitScript(ada.checkout_url)).answer['payment_id'])
  clock.advance(60_000)
  const between = clock.now().toISOString()
  clock.advance(60_000)
  const grace = await makeSession(client, {
    product_cart: [{ product_id: euro.product_id, quantity: 1 }],
    customer: { email: 'grace@example.com', name: 'Grace Hopper' },
  })
  const inEuro = String((await submitScript(grace.checkout_url)).answer['payment_id'])
  const graceId = (await client.payments.retrieve(inEuro)).customer.customer_id

  const ids = async (query: DodoPayments.PaymentListParams) =>
    (await client.payments.list({ page_number: 0, ...query })).items.map((item) => item.payment_id)
  expect(await ids({})).toEqual([inEuro, succeeded, failed])
  expect(await ids({ status: 'succeeded' })).toEqual([inEuro, succeeded])
  expect(await ids({ status: 'failed' })).toEqual([failed])
  expect(await ids({ customer_id: graceId })).toEqual([inEuro])
  expect(await ids({ product_id: pack })).toEqual([succeeded, failed])
  expect(await ids({ currency: 'EUR' })).toEqual([inEuro])
  expect(await ids({ created_at_gte: between })).toEqual([inEuro])
  expect(await ids({ created_at_lte: between })).toEqual([succeeded, failed])
  expect(await ids({ subscription_id: 'sub_none' })).toEqual([])
  expect(await ids({ page_size: 1, page_number: 1 })).toEqual([succeeded])
  await expect(client.payments.list({ created_at_gte: 'yesterday' })).rejects.toMatchObject({ status: 422 })
})

test('a payment nobody made is a 404', async () => {
  const { client } = await openShop()
  await expect(client.payments.retrieve('pay_nowhere')).rejects.toBeInstanceOf(DodoPayments.NotFoundError)
  await expect(client.payments.retrieveLineItems('pay_nowhere')).rejects.toBeInstanceOf(
    DodoPayments.NotFoundError,
  )
})
