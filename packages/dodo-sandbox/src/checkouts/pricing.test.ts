import type DodoPayments from 'dodopayments'
import { expect, test } from 'vitest'
import { makePack, makeSession, openShop, type Shop, submitScript } from '../../test/shop.ts'

type SessionInput = Partial<DodoPayments.CheckoutSessionCreateParams>

async function set(shop: Shop, settings: { tax?: boolean; adaptive_currency?: boolean }): Promise<void> {
  const response = await fetch(`${shop.dodo.url}/_sandbox/settings`, {
    method: 'PATCH',
    body: JSON.stringify(settings),
  })
  expect(response.status).toBe(200)
}

/** Buys one $40 pack and gives the payment. */
async function buy(shop: Shop, input: SessionInput = {}, fields: Record<string, string> = {}) {
  const { checkout_url } = await makeSession(shop.client, input)
  const { answer } = await submitScript(checkout_url, fields)
  return { answer, payment: () => shop.client.payments.retrieve(String(answer['payment_id'])) }
}

async function codeOf(made: Promise<unknown>): Promise<string> {
  return made.then(
    () => 'made',
    (error: InstanceType<typeof DodoPayments.APIError>) =>
      `${error.status} ${(error.error as { code: string }).code}`,
  )
}

test('the tax of the billing country comes on top, or lies in a price that includes it', async () => {
  const shop = await openShop()
  const inclusive = await shop.client.products.create({
    name: 'Net',
    tax_category: 'saas',
    price: { type: 'one_time_price', currency: 'USD', price: 4000, tax_inclusive: true },
  })
  const german = { country: 'DE' }
  const onTop = await (await buy(shop, {}, german)).payment()
  expect(onTop).toMatchObject({ total_amount: 4760, tax: 760, settlement_amount: 4760, settlement_tax: 760 })
  expect((await shop.client.payments.retrieveLineItems(onTop.payment_id)).items).toMatchObject([
    { amount: 4760, tax: 760, refundable_amount: 4760 },
  ])
  const cart = { product_cart: [{ product_id: inclusive.product_id, quantity: 1 }] }
  expect(await (await buy(shop, cart, german)).payment()).toMatchObject({ total_amount: 4000, tax: 639 })
  expect(await (await buy(shop)).payment()).toMatchObject({ total_amount: 4000, tax: 0 })
  await set(shop, { tax: false })
  expect(await (await buy(shop, {}, german)).payment()).toMatchObject({ total_amount: 4000, tax: 0 })
})

test('who pays without a browser pays from the country that the page would show, unless another is given', async () => {
  const shop = await openShop()
  const pay = async (input: SessionInput, form: object) => {
    const { session_id } = await makeSession(shop.client, input)
    const url = `${shop.dodo.url}/_sandbox/sessions/${session_id}/pay`
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(form) })
    return response.json()
  }
  const german: SessionInput = { billing_address: { country: 'DE' } }
  expect(await pay(german, {})).toMatchObject({ billing: { country: 'DE' }, tax: 760 })
  expect(await pay(german, { country: 'JP' })).toMatchObject({ billing: { country: 'JP' }, tax: 400 })
  expect(await pay({}, {})).toMatchObject({ billing: { country: 'US' }, tax: 0 })
})

test('with adaptive currency a customer pays in the country’s, and the shop gets what it asked', async () => {
  const shop = await openShop()
  await set(shop, { adaptive_currency: true, tax: false })
  const pay = async (input: SessionInput, fields: Record<string, string>) => {
    const { total_amount, currency, settlement_amount, settlement_currency } = await (
      await buy(shop, input, fields)
    ).payment()
    expect([settlement_amount, settlement_currency]).toEqual([4000, 'USD'])
    return `${total_amount} ${currency}`
  }
  expect(await pay({}, { country: 'DE' })).toBe('3680 EUR')
  expect(await pay({}, { country: 'JP' })).toBe('6000 JPY')
  expect(await pay({}, { country: 'IN' })).toBe('340000 INR')
  expect(await pay({}, { country: 'US' })).toBe('4000 USD')
  // A country without a currency here pays in the product's, and a customer may choose that.
  expect(await pay({}, { country: 'KW' })).toBe('4000 USD')
  expect(await pay({}, { country: 'DE', currency: 'USD' })).toBe('4000 USD')
  expect(await pay({ billing_currency: 'GBP' }, { country: 'DE' })).toBe('3200 GBP')
  const fixed = { feature_flags: { allow_currency_selection: false } }
  expect(await pay(fixed, { country: 'DE', currency: 'USD' })).toBe('3680 EUR')
})

test('the settlement has its own tax, and its rounding does not depend on the currency paid in', async () => {
  const shop = await openShop()
  await set(shop, { adaptive_currency: true })
  const product_cart = [{ product_id: await makePack(shop.client, 999), quantity: 3 }]
  const yen = await (await buy(shop, { product_cart }, { country: 'JP' })).payment()
  // 9.99 USD is 1498.5 JPY, and 10 % of three of them 449.7.
  expect(yen).toMatchObject({ currency: 'JPY', tax: 450, total_amount: 3 * 1499 + 450 })
  expect(yen).toMatchObject({ settlement_currency: 'USD', settlement_tax: 300, settlement_amount: 3297 })
})

test('a currency without a rate is refused where it would count, and ignored where it would not', async () => {
  const shop = await openShop()
  expect(await codeOf(makeSession(shop.client, { billing_currency: 'KWD' }))).toBe('made')
  await set(shop, { adaptive_currency: true })
  expect(await codeOf(makeSession(shop.client, { billing_currency: 'KWD' }))).toBe('422 UNSUPPORTED_CURRENCY')
})

test('codes stack in their order, are counted once paid, and stand in the payment', async () => {
  const shop = await openShop()
  const { client } = shop
  const half = await client.discounts.create({ type: 'percentage', amount: 5000, code: 'HALF' })
  const five = await client.discounts.create({
    type: 'flat',
    amount: 500,
    code: 'FIVE',
    currency_options: [{ currency: 'USD', max_amount_possible: 500 }],
  })
  const total = async (discount_codes: string[]) => {
    const payment = await (await buy(shop, { discount_codes })).payment()
    return [payment.total_amount, payment.discounts?.map(({ code, position }) => `${position} ${code}`)]
  }
  expect(await total(['half', 'FIVE'])).toEqual([1500, ['0 HALF', '1 FIVE']])
  expect(await total(['FIVE', 'HALF'])).toEqual([1750, ['0 FIVE', '1 HALF']])
  const typed = await buy(shop, { discount_code: 'HALF' }, { discount_code: 'five' })
  expect(await typed.payment()).toMatchObject({ total_amount: 1500, discount_id: half.discount_id })
  await buy(shop, { discount_codes: ['HALF'] }, { card_number: '4000000000000002' })
  expect((await client.discounts.retrieve(half.discount_id)).times_used).toBe(3)
  expect((await client.discounts.retrieve(five.discount_id)).times_used).toBe(3)
})

test('a total of zero is paid without a card, and is a payment like others', async () => {
  const shop = await openShop()
  await shop.client.discounts.create({ type: 'percentage', amount: 10_000, code: 'FREE' })
  const { checkout_url, session_id } = await makeSession(shop.client, { discount_codes: ['FREE'] })
  expect(await (await fetch(checkout_url)).text()).toMatch(/id="card-fields" hidden/)
  const { answer } = await submitScript(checkout_url, { card_number: '', expiry: '', cvc: '' })
  expect(answer['status']).toBe('succeeded')
  expect(await shop.client.payments.retrieve(String(answer['payment_id']))).toMatchObject({
    status: 'succeeded',
    total_amount: 0,
    settlement_amount: 0,
    card_last_four: null,
    payment_method: null,
    discounts: [{ code: 'FREE', times_used: 0 }],
  })
  expect(await shop.client.checkoutSessions.retrieve(session_id)).toMatchObject({
    payment_status: 'succeeded',
  })
})

test('a code that does not hold is refused with its reason, to a program and on the page', async () => {
  const shop = await openShop()
  const { client, clock } = shop
  const [pack, other] = [await makePack(client), await makePack(client)]
  const ada = await client.customers.create({ email: 'ada@example.com', name: 'Ada' })
  const make = (code: string, input: Partial<DodoPayments.DiscountCreateParams>) =>
    client.discounts.create({ type: 'percentage', amount: 1000, code, ...input })
  const at = (ms: number) => new Date(clock.now().getTime() + ms).toISOString()
  await make('LATER', { starts_at: at(1000) })
  await make('SHORT', { expires_at: at(1000) })
  await make('OTHER', { restricted_to: [other] })
  await make('LARGE', { currency_options: [{ currency: 'USD', minimum_subtotal: 4001 }] })
  await make('KNOWN', { customer_eligibility: 'existing' })
  await make('NOBODY', { customer_eligibility: 'specific' })
  await make('FIRST', { customer_eligibility: 'first_time' })
  await make('ONCE', { usage_limit: 1 })
  await make('MINE', { per_customer_usage_limit: 1 })
  const session = (code: string): SessionInput => ({
    product_cart: [{ product_id: pack, quantity: 1 }],
    customer: { customer_id: ada.customer_id },
    discount_codes: [code],
  })
  const refusalOf = (code: string) => codeOf(makeSession(client, session(code)))
  expect(await refusalOf('NONE')).toBe('422 INVALID_DISCOUNT_CODE')
  expect(await refusalOf('LATER')).toBe('422 DISCOUNT_NOT_YET_ACTIVE')
  expect(await refusalOf('OTHER')).toBe('422 DISCOUNT_NOT_AVAILABLE_FOR_PRODUCT')
  expect(await refusalOf('LARGE')).toBe('422 DISCOUNT_MINIMUM_SUBTOTAL_NOT_MET')
  expect(await refusalOf('KNOWN')).toBe('422 DISCOUNT_CUSTOMER_NOT_ELIGIBLE')
  expect(await refusalOf('NOBODY')).toBe('422 DISCOUNT_CUSTOMER_NOT_ELIGIBLE')
  for (const code of ['FIRST', 'ONCE', 'MINE'])
    expect((await buy(shop, session(code))).answer['status']).toBe('succeeded')
  expect(await refusalOf('FIRST')).toBe('422 DISCOUNT_CUSTOMER_NOT_ELIGIBLE')
  expect(await refusalOf('ONCE')).toBe('422 DISCOUNT_CODE_USAGE_LIMIT_EXCEEDED')
  expect(await refusalOf('MINE')).toBe('422 DISCOUNT_PER_CUSTOMER_USAGE_LIMIT_EXCEEDED')
  expect(await refusalOf('KNOWN')).toBe('made')
  clock.advance(1000)
  expect(await refusalOf('SHORT')).toBe('422 DISCOUNT_CODE_EXPIRED')
  expect(await codeOf(makeSession(client, { discount_codes: ['MINE', 'mine'] }))).toBe(
    '422 INVALID_REQUEST_BODY',
  )
  expect(await codeOf(makeSession(client, { discount_codes: ['KNOWN'], discount_code: 'ONCE' }))).toBe(
    '422 INVALID_REQUEST_BODY',
  )
  const typed = await buy(shop, {}, { discount_code: 'short' })
  expect(typed.answer).toMatchObject({ status: 'invalid', fields: { discount_code: /expired/ } })
})

test('the last use of a code goes to one of two who pay at once', async () => {
  const shop = await openShop()
  await shop.client.discounts.create({ type: 'percentage', amount: 5000, code: 'LAST', usage_limit: 1 })
  const sessions = await Promise.all(
    ['one@example.com', 'two@example.com'].map((email) =>
      makeSession(shop.client, { discount_codes: ['LAST'], customer: { email, name: 'N' } }),
    ),
  )
  const seen = { total_seen: '2000 USD' }
  const answers = await Promise.all(sessions.map(({ checkout_url }) => submitScript(checkout_url, seen)))
  const statuses = answers.map(({ answer }) => String(answer['status'])).sort()
  expect(statuses).toEqual(['changed', 'succeeded'])
  expect((await shop.client.discounts.retrieveByCode('LAST')).times_used).toBe(1)
})

test('nobody pays another total than the one that was shown', async () => {
  const shop = await openShop()
  const { checkout_url } = await makeSession(shop.client)
  const page = await (await fetch(checkout_url)).text()
  const seen = /name="total_seen"[^>]*value="([^"]+)"/.exec(page)?.[1] ?? ''
  expect(seen).toBe('4000 USD')
  const changed = await submitScript(checkout_url, { country: 'DE', total_seen: seen })
  expect(changed.answer).toMatchObject({ status: 'changed', breakdown: { total: 4760, tax: 760 } })
  expect((await shop.client.payments.list({ page_number: 0 })).items).toEqual([])
  const paid = await submitScript(checkout_url, { country: 'DE', total_seen: '4760 USD' })
  expect(paid.answer['status']).toBe('succeeded')
})

test('the page is told what its choices come to before anything is paid', async () => {
  const shop = await openShop()
  await set(shop, { adaptive_currency: true })
  await shop.client.discounts.create({ type: 'percentage', amount: 5000, code: 'HALF' })
  const { checkout_url } = await makeSession(shop.client)
  const ask = async (fields: Record<string, string>) => {
    const response = await fetch(`${checkout_url}/quote`, {
      method: 'POST',
      body: new URLSearchParams({ email: '', ...fields }),
    })
    return (await response.json()) as Record<string, unknown>
  }
  const german = await ask({ country: 'DE', discount_code: 'half' })
  expect(german).toMatchObject({
    breakdown: { subTotal: 3680, discount: 1840, tax: 350, total: 2190, currency: 'EUR' },
    pay_label: 'Pay €21.90',
    needs_card: true,
    fields: { discount_code: '' },
  })
  expect(german['summary']).toContain('<option value="USD"')
  expect(await ask({ country: 'DE', currency: 'USD', discount_code: 'NONE' })).toMatchObject({
    breakdown: { total: 4760, currency: 'USD' },
    fields: { discount_code: 'NONE: there is no such discount code.' },
  })
})

test('what can be charged has a minimum in every currency', async () => {
  const shop = await openShop()
  const cheap = await makePack(shop.client, 50)
  const product_cart = [{ product_id: cheap, quantity: 1 }]
  expect(await codeOf(makeSession(shop.client, { product_cart }))).toBe('made')
  await set(shop, { adaptive_currency: true })
  // 0.50 USD are 42.50 INR and enough; 0.46 EUR are not.
  const from = (country: 'IN' | 'FR') =>
    codeOf(makeSession(shop.client, { product_cart, billing_address: { country } }))
  expect(await from('IN')).toBe('made')
  await set(shop, { tax: false })
  expect(await from('FR')).toBe('422 TOTAL_PAYMENT_AMOUNT_BELOW_MINIMUM_AMOUNT')
})

test('a preview is what the session would cost, line by line, and keeps nothing', async () => {
  const shop = await openShop()
  await shop.client.discounts.create({ type: 'percentage', amount: 2500, code: 'QUARTER' })
  const pack = await makePack(shop.client)
  const preview = await shop.client.checkoutSessions.preview({
    product_cart: [{ product_id: pack, quantity: 2 }],
    billing_address: { country: 'DE' },
    discount_codes: ['QUARTER'],
  })
  expect(preview).toMatchObject({
    billing_country: 'DE',
    currency: 'USD',
    current_breakup: { subtotal: 8000, discount: 2000, tax: 1140, total_amount: 7140 },
    total_price: 7140,
    total_tax: 1140,
    payment_method_required: true,
    is_byop: false,
    product_cart: [
      {
        product_id: pack,
        quantity: 2,
        og_price: 4000,
        og_currency: 'USD',
        discounted_price: 6000,
        discount_amount: 2500,
        tax: 1140,
        tax_rate: 1900,
        tax_inclusive: false,
        tax_category: 'saas',
        is_subscription: false,
      },
    ],
  })
  expect((await shop.client.discounts.retrieveByCode('QUARTER')).times_used).toBe(0)
  expect(await codeOf(shop.client.checkoutSessions.preview({ product_cart: [] }))).toBe(
    '422 PRODUCT_CART_EMTPY',
  )
})

test('the supported countries are codes, as an array', async () => {
  const { client } = await openShop()
  const countries = await client.misc.listSupportedCountries()
  expect(countries).toContain('DE')
  expect(countries.every((code) => /^[A-Z]{2}$/.test(code))).toBe(true)
})
