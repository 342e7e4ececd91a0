import DodoPayments from 'dodopayments'
import { expect, test } from 'vitest'
import {
  eventTypes,
  makePack,
  makeSession,
  openReceiver,
  openShop,
  type Shop,
  submitScript,
} from '../../test/shop.ts'

const renewalsFail = '4000 0000 0000 0341'
const challenged = '4000 0027 6000 3184'

/** A customer with a saved card, and the pack that was bought with it. */
async function withSavedCard(shop: Shop, card_number?: string) {
  const pack = await makePack(shop.client)
  const product_cart = [{ product_id: pack, quantity: 1 }]
  const ada = await shop.client.customers.create({ email: 'ada@example.com', name: 'Ada' })
  const customer = { customer_id: ada.customer_id }
  const { checkout_url } = await makeSession(shop.client, { product_cart, customer })
  await submitScript(checkout_url, { save_card: 'on', ...(card_number ? { card_number } : {}) })
  const { items } = await shop.client.customers.retrievePaymentMethods(ada.customer_id)
  return { product_cart, customer, ada, saved: items[0]?.payment_method_id ?? '' }
}

test('a ticked box saves the card that paid, and nothing else does', async () => {
  const shop = await openShop()
  const { ada, saved, customer } = await withSavedCard(shop)
  const { items } = await shop.client.customers.retrievePaymentMethods(ada.customer_id)
  expect(items).toMatchObject([
    {
      payment_method_id: saved,
      payment_method: 'card',
      payment_method_type: 'visa',
      recurring_enabled: true,
      card: { last4_digits: '4242', card_network: 'VISA', expiry_month: '06', expiry_year: '32' },
    },
  ])
  const pay = async (fields: Record<string, string>) =>
    submitScript((await makeSession(shop.client, { customer })).checkout_url, fields)
  await pay({ card_number: '5555 5555 5555 4444' })
  await pay({ card_number: '4000 0000 0000 0002', save_card: 'on' })
  // The same card again is the same method.
  await pay({ save_card: 'on', expiry: '07 / 33' })
  const after = (await shop.client.customers.retrievePaymentMethods(ada.customer_id)).items
  expect(after.map((item) => [item.payment_method_id, item.card?.expiry_year])).toEqual([[saved, '33']])
})

test('a deleted card is gone, and only its owner’s name deletes it', async () => {
  const { client, ...shop } = await openShop()
  const { ada, saved, product_cart, customer } = await withSavedCard({ client, ...shop })
  const eve = await client.customers.create({ email: 'eve@example.com', name: 'Eve' })
  await expect(
    client.customers.deletePaymentMethod(saved, { customer_id: eve.customer_id }),
  ).rejects.toBeInstanceOf(DodoPayments.NotFoundError)
  await client.customers.deletePaymentMethod(saved, { customer_id: ada.customer_id })
  expect((await client.customers.retrievePaymentMethods(ada.customer_id)).items).toEqual([])
  await expect(
    client.checkoutSessions.create({ product_cart, customer, confirm: true, payment_method_id: saved }),
  ).rejects.toBeInstanceOf(DodoPayments.NotFoundError)
  await expect(client.customers.retrievePaymentMethods('cus_nowhere')).rejects.toBeInstanceOf(
    DodoPayments.NotFoundError,
  )
})

test('a saved card is charged at once without a page, and its end comes by webhook', async () => {
  const receiver = await openReceiver()
  const shop = await openShop({ webhooks: [{ url: receiver.url }] })
  const { product_cart, customer, saved } = await withSavedCard(shop)
  await shop.dodo.settle()
  receiver.received.length = 0
  const charged = await shop.client.checkoutSessions.create({
    product_cart,
    customer,
    confirm: true,
    minimal_address: true,
    payment_method_id: saved,
    metadata: { topup: 'one' },
  })
  expect(charged).toMatchObject({ checkout_url: null, payment_id: expect.stringMatching(/^pay_/) })
  const payment = () => shop.client.payments.retrieve(String(charged.payment_id))
  expect(await payment()).toMatchObject({ status: 'processing', payment_method_id: saved })
  const items = async () =>
    (await shop.client.payments.retrieveLineItems(String(charged.payment_id))).items[0]?.refundable_amount
  expect(await items()).toBe(0)
  await shop.dodo.advance(2_000)
  expect(await payment()).toMatchObject({
    status: 'succeeded',
    total_amount: 4000,
    product_cart,
    metadata: { topup: 'one' },
    billing: { country: 'US' },
    checkout_session_id: charged.session_id,
  })
  expect(await items()).toBe(4000)
  expect(await shop.client.checkoutSessions.retrieve(charged.session_id)).toMatchObject({
    payment_status: 'succeeded',
  })
  expect(await eventTypes(shop, receiver)).toEqual(['payment.processing', 'payment.succeeded'])
})

test.each([
  [renewalsFail, 'GENERIC_DECLINE'],
  [challenged, 'AUTHENTICATION_REQUIRED'],
])('charged while its owner is away, %s fails with %s', async (card_number, error_code) => {
  const shop = await openShop()
  const { product_cart, customer, ada } = await withSavedCard(shop, card_number)
  if (card_number === challenged) {
    const { items } = await shop.client.payments.list({ page_number: 0 })
    await fetch(`${shop.dodo.url}/_sandbox/payments/${items[0]?.payment_id}/settle`, {
      method: 'POST',
      body: JSON.stringify({ outcome: 'succeeded' }),
    })
  }
  const [method] = (await shop.client.customers.retrievePaymentMethods(ada.customer_id)).items
  const charged = await shop.client.checkoutSessions.create({
    product_cart,
    customer,
    confirm: true,
    payment_method_id: method?.payment_method_id ?? '',
  })
  await shop.dodo.advance(2_000)
  expect(await shop.client.payments.retrieve(String(charged.payment_id))).toMatchObject({
    status: 'failed',
    error_code,
  })
})

test('a confirmed session has its payment, lasts fifteen minutes, and is paid by the first card', async () => {
  const shop = await openShop()
  const input = {
    product_cart: [{ product_id: await makePack(shop.client), quantity: 1 }],
    customer: { email: 'ada@example.com', name: 'Ada' },
    confirm: true,
    minimal_address: true,
    billing_address: { country: 'DE' as const, zipcode: '10115' },
  }
  const session = await shop.client.checkoutSessions.create(input)
  const id = String(session.payment_id)
  expect(session).toMatchObject({ client_secret: expect.any(String), publishable_key: expect.any(String) })
  expect(await shop.client.payments.retrieve(id)).toMatchObject({
    status: 'requires_payment_method',
    total_amount: 4760,
  })
  const url = session.checkout_url ?? ''
  // What is settled is not taken from the browser.
  const declined = await submitScript(url, {
    card_number: '4000 0000 0000 0002',
    country: 'US',
    email: 'eve@example.com',
  })
  expect(declined.answer).toMatchObject({ status: 'failed', payment_id: id })
  expect((await submitScript(url)).answer['status']).toBe('succeeded')
  const payments = (await shop.client.payments.list({ page_number: 0 })).items
  expect(payments.map(({ status, total_amount }) => [status, total_amount])).toEqual([
    ['succeeded', 4760],
    ['failed', 4760],
  ])
  const late = await shop.client.checkoutSessions.create(input)
  shop.clock.advance(15 * 60_000)
  expect((await submitScript(late.checkout_url ?? '')).status).toBe(410)
})

test('what only the customer could add is missing in a confirmed session', async () => {
  const { client } = await openShop()
  const product_cart = [{ product_id: await makePack(client), quantity: 1 }]
  const whole = {
    product_cart,
    confirm: true,
    customer: { email: 'ada@example.com', name: 'Ada' },
    billing_address: { country: 'DE' as const, zipcode: '10115', city: 'Berlin', street: 'Invalidenstr. 1' },
  }
  const messageOf = (input: Partial<DodoPayments.CheckoutSessionCreateParams>) =>
    client.checkoutSessions.create({ ...whole, ...input }).then(
      () => 'made',
      (error: Error) => error.message,
    )
  expect(await messageOf({ customer: null })).toMatch(/^422 customer: is needed/)
  expect(await messageOf({ customer: { email: 'new@example.com' } })).toMatch(/^422 customer.name/)
  expect(await messageOf({ billing_address: null })).toMatch(/^422 billing_address: is needed/)
  expect(await messageOf({ billing_address: { country: 'DE', zipcode: '10115' } })).toMatch(/street/)
  expect(await messageOf({ billing_address: { country: 'DE' }, minimal_address: true })).toMatch(/zipcode/)
  expect(await messageOf({ payment_method_id: 'pm_x' })).toMatch(/customer_id/)
  expect(await messageOf({ payment_method_id: 'pm_x', confirm: false })).toMatch(/confirm: true/)
  expect(await messageOf({})).toBe('made')
  expect(await client.checkoutSessions.retrieve('cks_x').catch((error: Error) => error.message)).toMatch(
    /404/,
  )
})

test('the page offers the saved cards of the session’s customer, and of nobody else', async () => {
  const shop = await openShop()
  const { customer, saved } = await withSavedCard(shop)
  const eve = await shop.client.customers.create({ email: 'eve@example.com', name: 'Eve' })
  const pageOf = async (url: string) => (await fetch(url)).text()
  const shown = await makeSession(shop.client, { customer, show_saved_payment_methods: true })
  expect(await pageOf(shown.checkout_url)).toContain('VISA ending in 4242')
  expect(await pageOf((await makeSession(shop.client, { customer })).checkout_url)).not.toContain(saved)
  const empty = { card_number: '', expiry: '', cvc: '' }
  const paid = await submitScript(shown.checkout_url, { ...empty, payment_method_id: saved })
  expect(paid.answer['status']).toBe('succeeded')
  expect(await shop.client.payments.retrieve(String(paid.answer['payment_id']))).toMatchObject({
    payment_method_id: saved,
    card_last_four: '4242',
  })
  const other = await makeSession(shop.client, {
    customer: { customer_id: eve.customer_id },
    show_saved_payment_methods: true,
  })
  expect(
    (await submitScript(other.checkout_url, { ...empty, payment_method_id: saved })).answer['status'],
  ).toBe('invalid')
})
