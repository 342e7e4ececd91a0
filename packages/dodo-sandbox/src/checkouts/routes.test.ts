import DodoPayments from 'dodopayments'
import { expect, test } from 'vitest'
import { brokeCard, makePack, makeSession, openShop, submitScript } from '../../test/shop.ts'

test('a session has an id and an address that the official overlay would open', async () => {
  const { client, dodo } = await openShop()
  const session = await makeSession(client, {
    allowed_payment_method_types: ['credit', 'debit'],
    feature_flags: { allow_discount_code: false, redirect_immediately: true, single_page: true },
    customization: { theme: 'dark' },
    cancel_url: 'https://shop.example/',
  })
  expect(session.session_id).toMatch(/^cks_[A-Za-z0-9_-]{21}$/)
  expect(session.checkout_url).toBe(`${dodo.url}/session/${session.session_id}`)
})

test('the pages may be reached at another origin than the API', async () => {
  const { client } = await openShop({ checkoutOrigin: 'https://test.checkout.dodopayments.com' })
  const session = await makeSession(client)
  expect(session.checkout_url).toBe(`https://test.checkout.dodopayments.com/session/${session.session_id}`)
})

test('the status leads from the session to its latest payment', async () => {
  const { client } = await openShop()
  const { session_id, checkout_url } = await makeSession(client)
  expect(await client.checkoutSessions.retrieve(session_id)).toMatchObject({
    id: session_id,
    customer_email: 'ada@example.com',
    payment_id: null,
    payment_status: null,
  })
  const declined = await submitScript(checkout_url, { card_number: brokeCard })
  expect(await client.checkoutSessions.retrieve(session_id)).toMatchObject({
    payment_id: declined.answer['payment_id'],
    payment_status: 'failed',
  })
  const paid = await submitScript(checkout_url)
  expect(await client.checkoutSessions.retrieve(session_id)).toMatchObject({
    payment_id: paid.answer['payment_id'],
    payment_status: 'succeeded',
  })
})

test('a session keeps the price it was made with', async () => {
  const { client } = await openShop()
  const pack = await makePack(client, 4000)
  const { checkout_url } = await makeSession(client, { product_cart: [{ product_id: pack, quantity: 3 }] })
  await client.products.update(pack, { price: { type: 'one_time_price', currency: 'USD', price: 9900 } })
  const paid = await submitScript(checkout_url)
  expect((await client.payments.retrieve(String(paid.answer['payment_id']))).total_amount).toBe(12_000)
})

test('customers pay what they want, down to the minimum, and only where the product says so', async () => {
  const { client } = await openShop()
  const free = await client.products.create({
    name: 'Tip',
    tax_category: 'saas',
    price: {
      type: 'one_time_price',
      currency: 'USD',
      price: 500,
      pay_what_you_want: true,
      suggested_price: 900,
    },
  })
  const fixed = await makePack(client, 4000)
  const total = async (item: DodoPayments.CheckoutSessionCreateParams['product_cart'][number]) => {
    const { checkout_url } = await makeSession(client, { product_cart: [item] })
    const paid = await submitScript(checkout_url)
    return (await client.payments.retrieve(String(paid.answer['payment_id']))).total_amount
  }
  expect(await total({ product_id: free.product_id, quantity: 2, amount: 700 })).toBe(1400)
  expect(await total({ product_id: free.product_id, quantity: 1 })).toBe(900)
  expect(await total({ product_id: fixed, quantity: 1, amount: 1 })).toBe(4000)
  await expect(
    makeSession(client, { product_cart: [{ product_id: free.product_id, quantity: 1, amount: 499 }] }),
  ).rejects.toMatchObject({ status: 422 })
})

test('a cart that cannot be sold is refused with the code Dodo documents', async () => {
  const { client } = await openShop()
  const pack = await makePack(client)
  const cheap = await makePack(client, 49)
  const archived = await makePack(client)
  await client.products.archive(archived)
  const euro = await client.products.create({
    name: 'Euro',
    tax_category: 'saas',
    price: { type: 'one_time_price', currency: 'EUR', price: 900 },
  })
  const codeOf = (input: Partial<DodoPayments.CheckoutSessionCreateParams>) =>
    makeSession(client, input).then(
      () => 'made',
      (error: InstanceType<typeof DodoPayments.APIError>) =>
        `${error.status} ${(error.error as { code: string }).code}`,
    )
  expect(await codeOf({ product_cart: [] })).toBe('422 PRODUCT_CART_EMTPY')
  expect(await codeOf({ product_cart: [{ product_id: 'pdt_nowhere', quantity: 1 }] })).toBe(
    '422 INVALID_REQUEST_BODY',
  )
  expect(await codeOf({ product_cart: [{ product_id: pack, quantity: 0 }] })).toBe('422 INVALID_REQUEST_BODY')
  expect(await codeOf({ product_cart: [{ product_id: archived, quantity: 1 }] })).toBe(
    '422 PRODUCT_IS_DELETED',
  )
  expect(await codeOf({ product_cart: [{ product_id: cheap, quantity: 1 }] })).toBe(
    '422 TOTAL_PAYMENT_AMOUNT_BELOW_MINIMUM_AMOUNT',
  )
  expect(
    await codeOf({
      product_cart: [
        { product_id: pack, quantity: 1 },
        { product_id: euro.product_id, quantity: 1 },
      ],
    }),
  ).toBe('422 UNSUPPORTED_CURRENCY')
  expect(await codeOf({ allowed_payment_method_types: ['klarna'] })).toBe('422 NO_ELIGIBLE_PAYMENT_METHODS')
  expect(await codeOf({ customer: { customer_id: 'cus_nowhere' } })).toBe('422 INVALID_REQUEST_BODY')
  expect(await codeOf({ return_url: 'javascript:alert(1)' })).toBe('422 INVALID_REQUEST_BODY')
})

test('a checkout that would need more than is covered is a 501, never a wrong 200', async () => {
  const { client } = await openShop()
  const metered = await client.products.create({
    name: 'Metered',
    tax_category: 'saas',
    price: {
      type: 'usage_based_price',
      currency: 'USD',
      fixed_price: 1900,
      payment_frequency_count: 1,
      payment_frequency_interval: 'Month',
      subscription_period_count: 1,
      subscription_period_interval: 'Year',
    },
  })
  for (const input of [
    { product_cart: [{ product_id: metered.product_id, quantity: 1 }] },
    { custom_fields: [{ field_type: 'text' as const, key: 'k', label: 'l' }] },
  ])
    await expect(makeSession(client, input)).rejects.toMatchObject({
      status: 501,
      error: { code: 'NOT_COVERED_BY_LOCAL_DODO' },
    })
})

test('an existing customer pays as that customer; a new one with a known e-mail is the one known', async () => {
  const { client } = await openShop()
  const ada = await client.customers.create({ email: 'ada@example.com', name: 'Ada' })
  const payer = async (input: Partial<DodoPayments.CheckoutSessionCreateParams>, fields = {}) => {
    const { checkout_url } = await makeSession(client, input)
    const paid = await submitScript(checkout_url, fields)
    return (await client.payments.retrieve(String(paid.answer['payment_id']))).customer
  }
  // What the browser says of a known customer counts for nothing.
  const known = await payer(
    { customer: { customer_id: ada.customer_id } },
    { email: 'eve@example.com', name: 'Eve' },
  )
  expect(known).toMatchObject({ customer_id: ada.customer_id, email: 'ada@example.com', name: 'Ada' })
  expect((await payer({ customer: { email: 'ADA@example.com' } })).customer_id).toBe(ada.customer_id)
  const fresh = await payer({ feature_flags: { always_create_new_customer: true } })
  expect(fresh.customer_id).not.toBe(ada.customer_id)
  const typed = await payer({ customer: null }, { email: 'grace@example.com', name: 'Grace Hopper' })
  expect(typed).toMatchObject({ email: 'grace@example.com', name: 'Grace Hopper' })
})

test('a session nobody made is a 404', async () => {
  const { client } = await openShop()
  await expect(client.checkoutSessions.retrieve('cks_nowhere')).rejects.toBeInstanceOf(
    DodoPayments.NotFoundError,
  )
})
