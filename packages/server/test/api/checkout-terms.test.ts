/** What a checkout may ask for beyond a pack at its price: an amount of the customer's choice, a discount, a billing country. */
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { checkCatalog } from '../../src/catalog/check-catalog.ts'
import { chosen, defineCatalog, pack, usd } from '../../src/catalog/define-catalog.ts'
import type { Database } from '../../src/database/database.ts'
import { decimalFromCredits } from '../../src/kernel/credits.ts'
import { type Driver, openShop, openTestDatabase, payInBrowser, type Shop } from '../support/shop.ts'

const returnUrl = 'http://localhost:3000/back'

function catalogWith(max: number, creditsPerDollar: number) {
  return checkCatalog(
    defineCatalog({
      units: { credits: {} },
      actions: { chat: { credits: 1 } },
      packs: {
        power: pack({ name: 'Power', credits: 500, price: usd(40) }),
        any: pack({
          name: 'Any amount',
          credits: creditsPerDollar,
          price: chosen({ per: usd(1), min: usd(5), max: usd(max) }),
        }),
      },
    }),
  )
}

describe.each(['pglite', 'postgres'] as const)('the terms of a checkout, on %s', (driver: Driver) => {
  let database: Database
  let shop: Shop

  beforeAll(async () => {
    database = await openTestDatabase(driver)
    shop = await openShop({ database, catalog: catalogWith(500, 10) })
  })
  afterAll(async () => {
    try {
      await shop.close()
    } finally {
      await database.close()
    }
  })
  afterEach(async () => {
    const { differences } = await shop.ledger.verify()
    if (differences.length > 0) throw new Error(`The books do not balance: ${JSON.stringify(differences)}`)
  })

  const newCustomer = () => `customer_${crypto.randomUUID()}`

  const ask = (body: object, key: string = crypto.randomUUID()) =>
    shop.request(
      'POST',
      '/v1/checkouts',
      { customer: newCustomer(), pack: 'power', return_url: returnUrl, ...body },
      { 'idempotency-key': key },
    )

  async function dodo(
    path: string,
    body: object,
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await fetch(`${shop.dodo.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${shop.dodo.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }

  async function newDiscount(fields: object): Promise<string> {
    const code = `T${crypto.randomUUID().slice(0, 8).toUpperCase()}`
    expect((await dodo('/discounts', { code, type: 'percentage', ...fields })).status).toBeLessThan(300)
    return code
  }

  const order = async (id: string) => (await shop.request('GET', `/v1/orders/${id}`)).body

  async function credited(id: string) {
    await expect.poll(async () => (await order(id)).state, { timeout: 10_000, interval: 10 }).toBe('credited')
    return order(id)
  }

  async function available(customer: string): Promise<string> {
    const { balance } = await shop.ledger.balance({ mode: 'test', customer, unit: 'credits' })
    return decimalFromCredits(balance.available)
  }

  const ordersOf = async (customer: string) =>
    (await shop.request('GET', `/v1/customers/${customer}/orders`)).body.data

  test('the customer chooses what to pay, and it brings its credits to the cent', async () => {
    const customer = newCustomer()
    const { body: opened } = await ask({ customer, pack: 'any', amount: 1234 })
    expect(opened).toMatchObject({
      pack: 'any',
      quantity: 1,
      credits: '123.4',
      price: { amount_minor: 1234, currency: 'USD' },
      state: 'open',
    })
    await payInBrowser(opened.checkout_url)
    await credited(opened.id)
    expect(await available(customer)).toBe('123.4')
  })

  test('an amount out of bounds, a missing one, and one for a fixed price are refused with the bounds', async () => {
    const customer = newCustomer()
    const bounds = {
      min: { amount_minor: 500, currency: 'USD' },
      max: { amount_minor: 50_000, currency: 'USD' },
    }
    for (const amount of [499, 50_001, undefined])
      expect(await ask({ customer, pack: 'any', amount })).toMatchObject({
        status: 422,
        body: {
          code: 'invalid_chosen_amount',
          detail: expect.stringContaining('from 5.00 USD to 500.00 USD'),
          ...bounds,
        },
      })
    expect(await ask({ customer, amount: 4000 })).toMatchObject({
      status: 422,
      body: { code: 'invalid_chosen_amount', detail: expect.stringContaining('fixed price') },
    })
    expect(await ask({ customer, pack: 'any', amount: 500, quantity: 2 })).toMatchObject({
      status: 422,
      body: { code: 'invalid_quantity', max: 1 },
    })
    for (const amount of [0, -5, 5.5, '500'])
      expect(await ask({ customer, pack: 'any', amount })).toMatchObject({
        status: 400,
        body: { issues: [{ path: 'amount' }] },
      })
    expect(await ordersOf(customer)).toEqual([])
  })

  test('both bounds themselves can be paid', async () => {
    expect((await ask({ pack: 'any', amount: 500 })).body).toMatchObject({ credits: '50' })
    expect((await ask({ pack: 'any', amount: 50_000 })).body).toMatchObject({ credits: '5000' })
  })

  test('a catalog edited while an order waits for its session changes neither bounds nor credits', async () => {
    const before = shop.catalog
    onTestFinished(() => {
      shop.catalog = before
    })
    let isDown = true
    const flaky: typeof fetch = (input, init) =>
      isDown && new Request(input).url.endsWith('/checkouts')
        ? Promise.reject(new TypeError('fetch failed'))
        : fetch(input, init)
    const waiting = await openShop({
      database,
      dodo: shop.dodo,
      secret: shop.secret,
      catalog: before,
      provider: { fetch: flaky },
    })
    onTestFinished(() => waiting.close())
    const customer = newCustomer()
    const key = { 'idempotency-key': crypto.randomUUID() }
    const body = { customer, pack: 'any', amount: 40_000, return_url: returnUrl }
    expect((await waiting.request('POST', '/v1/checkouts', body, key)).status).toBe(503)
    isDown = false
    waiting.catalog = catalogWith(6, 1)
    shop.catalog = waiting.catalog
    const { body: opened } = await waiting.request('POST', '/v1/checkouts', body, key)
    expect(opened).toMatchObject({ credits: '4000', price: { amount_minor: 40_000 }, state: 'open' })
    await payInBrowser(opened.checkout_url)
    await credited(opened.id)
    expect(await available(customer)).toBe('4000')
  })

  test('a discount is asked of Dodo, frozen in the order, and the payment must carry it', async () => {
    const code = await newDiscount({ amount: 2500 })
    const customer = newCustomer()
    const { body: opened } = await ask({ customer, quantity: 2, discount_code: code.toLowerCase() })
    expect(opened).toMatchObject({
      price: { amount_minor: 8000 },
      discount: { code, amount: { amount_minor: 2000, currency: 'USD' } },
      net_price: { amount_minor: 6000, currency: 'USD' },
    })
    await payInBrowser(opened.checkout_url)
    await credited(opened.id)
    expect(await available(customer)).toBe('1000')
  })

  test('a discount of all of it leaves nothing to pay, and brings all credits', async () => {
    const code = await newDiscount({ amount: 10_000 })
    const customer = newCustomer()
    const { body: opened } = await ask({ customer, discount_code: code })
    expect(opened.net_price).toEqual({ amount_minor: 0, currency: 'USD' })
    await payInBrowser(opened.checkout_url)
    await credited(opened.id)
    expect(await available(customer)).toBe('500')
  })

  test('a code that does not hold is refused by its own name with the reason, and leaves no order', async () => {
    const customer = newCustomer()
    const usedUp = await newDiscount({ amount: 1000, expires_at: '2020-01-01T00:00:00Z' })
    const cases: [string, string][] = [
      ['NOWHERE', 'There is no such code.'],
      [usedUp, 'It has expired.'],
      [await newDiscount({ amount: 1 }), 'It takes nothing off this pack.'],
    ]
    const key = crypto.randomUUID()
    for (const [code, reason] of cases) {
      const refused = await ask({ customer, discount_code: code }, key)
      expect(refused).toMatchObject({
        status: 422,
        body: { code: 'discount_not_valid', discount_code: code, reason },
      })
      expect(refused.body.detail).toContain(`${code} is not valid here. ${reason}`)
    }
    expect(await ordersOf(customer)).toEqual([])
    // The refusals have bound nothing: the same key goes on with a code that holds.
    const good = await newDiscount({ amount: 1000 })
    expect((await ask({ customer, discount_code: good }, key)).status).toBe(200)
    for (const discount_code of ['', 'A B', '%'])
      expect(await ask({ customer, discount_code })).toMatchObject({
        status: 400,
        body: { issues: [{ path: 'discount_code' }] },
      })
  })

  test('one intent clicked five times at once is one order, one discount, and one session at Dodo', async () => {
    let sessions = 0
    const counting: typeof fetch = (input, init) => {
      if (new Request(input).url.endsWith('/checkouts')) sessions += 1
      return fetch(input, init)
    }
    const clicked = await openShop({
      database,
      dodo: shop.dodo,
      secret: shop.secret,
      catalog: shop.catalog,
      provider: { fetch: counting },
    })
    onTestFinished(() => clicked.close())
    const code = await newDiscount({ amount: 5000 })
    const key = { 'idempotency-key': crypto.randomUUID() }
    const body = {
      customer: newCustomer(),
      pack: 'any',
      amount: 2000,
      discount_code: code,
      billing_country: 'US',
      return_url: returnUrl,
    }
    const click = () => clicked.request('POST', '/v1/checkouts', body, key)
    const answers = await Promise.all([click(), click(), click(), click(), click()])
    answers.push(await click())
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200))
    expect(new Set(answers.map((answer) => JSON.stringify(answer.body))).size).toBe(1)
    expect(answers[0]?.body.discount.amount.amount_minor).toBe(1000)
    expect(sessions).toBe(1)
    for (const other of [{ amount: 2001 }, { discount_code: 'OTHER' }, { billing_country: 'DE' }])
      expect(await clicked.request('POST', '/v1/checkouts', { ...body, ...other }, key)).toMatchObject({
        status: 409,
        body: { code: 'idempotency_key_reused' },
      })
  })

  test('a payment with another discount than the order has is flagged', async () => {
    const [asked, other] = [await newDiscount({ amount: 2500 }), await newDiscount({ amount: 2500 })]
    const customer = newCustomer()
    const { body: opened } = await ask({ customer, discount_code: asked })
    const { orders } = await shop.orders.list(customer, { limit: 1, before: undefined })
    const session = await dodo('/checkouts', {
      product_cart: [{ product_id: orders[0]?.productId, quantity: 1 }],
      discount_codes: [other],
      metadata: { tallystick_order: opened.id },
    })
    await payInBrowser(String(session.body['checkout_url']))
    await expect
      .poll(async () => (await shop.request('GET', `/dev/inbox?order=${opened.id}`)).body.data[0]?.note, {
        timeout: 10_000,
      })
      .toContain(`it has the discount ${other}`)
    expect(await available(customer)).toBe('0')
  })

  test('the billing country is where the checkout begins', async () => {
    const { body: opened } = await ask({ billing_country: 'DE' })
    expect(opened.billing_country).toBe('DE')
    expect(await (await fetch(opened.checkout_url)).text()).toMatch(/value="DE"[^>]*selected/)
    expect(await ask({ billing_country: 'Germany' })).toMatchObject({
      status: 400,
      body: { issues: [{ path: 'billing_country' }] },
    })
  })
})
