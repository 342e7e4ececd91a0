import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { checkCatalog } from '../../src/catalog/check-catalog.ts'
import { defineCatalog, pack, usd } from '../../src/catalog/define-catalog.ts'
import type { Database } from '../../src/database/database.ts'
import { decimalFromCredits } from '../../src/kernel/credits.ts'
import { createDodoProvider } from '../../src/providers/dodo/dodo-provider.ts'
import {
  type Driver,
  declinedCard,
  deliver,
  newSecret,
  openShop,
  openTestDatabase,
  payInBrowser,
  type Shop,
  signMessage,
} from '../support/shop.ts'

const returnUrl = 'http://localhost:3000/back'

/** What Dodo would send about a payment that it never made. */
function paymentEvent(data: object, type = 'payment.succeeded') {
  return {
    business_id: 'bus_1',
    type,
    timestamp: new Date().toISOString(),
    data: {
      payload_type: 'Payment',
      payment_id: `pay_${crypto.randomUUID()}`,
      status: type.slice('payment.'.length),
      customer: { customer_id: 'cus_1', email: 'ada@example.com', name: 'Ada' },
      metadata: {},
      product_cart: null,
      // One of the pack `power`, with 19 % of tax on top.
      total_amount: 4760,
      tax: 760,
      currency: 'USD',
      discounts: null,
      ...data,
    },
  }
}

async function createProduct(dodo: Shop['dodo'], price: object, name = 'Made by hand'): Promise<string> {
  const response = await fetch(`${dodo.url}/products`, {
    method: 'POST',
    headers: { authorization: `Bearer ${dodo.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      name,
      price: {
        type: 'one_time_price',
        currency: 'USD',
        price: 4000,
        discount: 0,
        purchasing_power_parity: false,
        ...price,
      },
      tax_category: 'saas',
    }),
  })
  return ((await response.json()) as { product_id: string }).product_id
}

const unsignedEvent = () => JSON.stringify(paymentEvent({}), null, 1)

describe.each(['pglite', 'postgres'] as const)('buying a pack, on %s', (driver: Driver) => {
  let database: Database
  let shop: Shop
  let customers = 0

  beforeAll(async () => {
    database = await openTestDatabase(driver)
    shop = await openShop({ database })
  })
  afterAll(async () => {
    try {
      await shop.close()
    } finally {
      await database.close()
    }
  })
  // Whatever was done: every sum is that of its entries.
  afterEach(async () => {
    const { differences } = await shop.ledger.verify()
    if (differences.length > 0) throw new Error(`The books do not balance: ${JSON.stringify(differences)}`)
  })

  function newCustomer(): string {
    customers += 1
    return `customer_${customers}`
  }

  async function checkout(customer: string, quantity?: number, key?: string) {
    const { status, body } = await shop.request(
      'POST',
      '/v1/checkouts',
      { customer, pack: 'power', ...(quantity === undefined ? {} : { quantity }), return_url: returnUrl },
      key === undefined ? {} : { 'idempotency-key': key },
    )
    expect(status).toBe(200)
    return body
  }

  async function available(customer: string): Promise<string> {
    const { balance } = await shop.ledger.balance({ mode: 'test', customer, unit: 'credits' })
    return decimalFromCredits(balance.available)
  }

  const order = async (id: string) => (await shop.request('GET', `/v1/orders/${id}`)).body
  const messages = async (id?: string) =>
    (await shop.request('GET', `/dev/inbox${id === undefined ? '' : `?order=${id}`}`)).body.data

  async function credited(id: string) {
    await expect.poll(async () => (await order(id)).state, { timeout: 10_000, interval: 10 }).toBe('credited')
    return order(id)
  }

  async function settledMessage(messageId: string) {
    const find = async () =>
      (await messages()).find((one: { message_id: string }) => one.message_id === messageId)
    await expect
      .poll(async () => (await find())?.state, { timeout: 10_000, interval: 10 })
      .not.toBe('received')
    return find()
  }

  test('a pack bought twice over is paid once and credited once, soon after the payment', async () => {
    const customer = newCustomer()
    const opened = await checkout(customer, 2)
    expect(opened).toMatchObject({
      customer,
      pack: 'power',
      pack_name: 'Power',
      quantity: 2,
      credits: '1000',
      price: { amount_minor: 8000, currency: 'USD' },
      state: 'open',
      mode: 'test',
      payment: null,
      lot: null,
    })
    expect(opened.checkout_url).toMatch(/\/session\/cks_/)
    expect(await available(customer)).toBe('0')

    const paid = await payInBrowser(opened.checkout_url)
    expect(paid.body.status).toBe('succeeded')
    const bought = await credited(opened.id)
    expect(bought).toMatchObject({ payment: paid.body.payment_id, failure: null })
    expect(bought.lot).toMatch(/^lot_/)
    expect(await available(customer)).toBe('1000')

    const { lots } = await shop.ledger.balance({ mode: 'test', customer, unit: 'credits' })
    expect(lots).toMatchObject([{ source: 'purchase', name: 'Power', expiresAt: undefined }])
    const [message] = await messages(opened.id)
    expect(message).toMatchObject({ event_type: 'payment.succeeded', state: 'processed', order: opened.id })
    expect(JSON.parse(message.body).data.payment_id).toBe(paid.body.payment_id)
    expect(message.headers['webhook-signature']).toMatch(/^v1,/)
  })

  test('coming back from the checkout grants nothing; only the signed message does', async () => {
    const silent = await openShop({ database, dodoOptions: { webhooks: [] } })
    onTestFinished(() => silent.close())
    const customer = newCustomer()
    const { body } = await silent.request('POST', '/v1/checkouts', {
      customer,
      pack: 'power',
      return_url: returnUrl,
    })
    const paid = await payInBrowser(body.checkout_url)
    expect(new URL(paid.body.redirect_to).searchParams.get('status')).toBe('succeeded')
    await silent.request('GET', `/v1/orders/${body.id}`)
    expect(await order(body.id)).toMatchObject({ state: 'open' })
    expect(await available(customer)).toBe('0')
  })

  test('five deliveries at once of one message, and a second message of the same payment, are one grant', async () => {
    const customer = newCustomer()
    const opened = await checkout(customer)
    await payInBrowser(opened.checkout_url)
    await credited(opened.id)
    const [message] = await messages(opened.id)
    const again = { headers: message.headers, body: message.body }
    const statuses = await Promise.all(Array.from({ length: 5 }, () => deliver(shop, again)))
    expect(statuses).toEqual([200, 200, 200, 200, 200])
    expect(await messages(opened.id)).toHaveLength(1)

    const other = signMessage(shop.secret, message.body)
    expect(await deliver(shop, other)).toBe(200)
    expect(await settledMessage(other.headers['webhook-id'] ?? '')).toMatchObject({
      state: 'processed',
      note: 'The payment was credited before.',
    })
    expect(await available(customer)).toBe('500')
  })

  test('five first deliveries at once are one message and one grant', async () => {
    const customer = newCustomer()
    const { id } = await checkout(customer)
    const { productId } = await orderOf(id)
    const message = signMessage(
      shop.secret,
      paymentEvent({
        metadata: { tallystick_order: id },
        product_cart: [{ product_id: productId, quantity: 1 }],
      }),
    )
    const statuses = await Promise.all(Array.from({ length: 5 }, () => deliver(shop, message)))
    expect(statuses).toEqual([200, 200, 200, 200, 200])
    await credited(id)
    expect(await messages(id)).toMatchObject([{ state: 'processed', attempts: 1 }])
    expect(await available(customer)).toBe('500')
  })

  /** The order as the domain sees it. */
  async function orderOf(id: string) {
    const { customer } = await order(id)
    const { orders } = await shop.orders.list(customer, { limit: 1, before: undefined })
    const [found] = orders
    if (found === undefined) throw new Error('The order is not listed.')
    return found
  }

  test('five different messages of one payment at once are one grant', async () => {
    const customer = newCustomer()
    const { id } = await checkout(customer)
    const { productId } = await orderOf(id)
    const event = paymentEvent({
      metadata: { tallystick_order: id },
      product_cart: [{ product_id: productId, quantity: 1 }],
    })
    await Promise.all(Array.from({ length: 5 }, () => deliver(shop, signMessage(shop.secret, event))))
    await credited(id)
    await expect
      .poll(async () => (await messages(id)).map((one: { state: string }) => one.state), { timeout: 10_000 })
      .toEqual(Array(5).fill('processed'))
    expect(await available(customer)).toBe('500')
  })

  test('two servers that are told of one payment at once grant once', async () => {
    const other = await openShop({ database, dodo: shop.dodo, secret: shop.secret })
    onTestFinished(() => other.close())
    const customer = newCustomer()
    const { id } = await checkout(customer)
    const { productId } = await orderOf(id)
    const event = paymentEvent({
      metadata: { tallystick_order: id },
      product_cart: [{ product_id: productId, quantity: 1 }],
    })
    const [one, two] = [signMessage(shop.secret, event), signMessage(shop.secret, event)]
    const statuses = await Promise.all(
      [shop, other, shop, other].flatMap((at) => [deliver(at, one), deliver(at, two)]),
    )
    expect(statuses).toEqual(Array(8).fill(200))
    await expect
      .poll(async () => (await messages(id)).map((each: { state: string }) => each.state), {
        timeout: 10_000,
      })
      .toEqual(['processed', 'processed'])
    expect(await available(customer)).toBe('500')
  })

  describe('what Dodo did not sign just now is refused, logged, and not stored', () => {
    const cases = {
      'a wrong secret': () => signMessage(newSecret(), unsignedEvent()),
      'an altered body': () => {
        const { headers, body } = signMessage(shop.secret, unsignedEvent())
        return { headers, body: body.replace('succeeded', 'succeedee') }
      },
      'a body that was parsed and written again': () => {
        const { headers, body } = signMessage(shop.secret, unsignedEvent())
        return { headers, body: JSON.stringify(JSON.parse(body)) }
      },
      'a message ten minutes old': () =>
        signMessage(shop.secret, unsignedEvent(), { at: new Date(Date.now() - 10 * 60_000) }),
      'a message from the future': () =>
        signMessage(shop.secret, unsignedEvent(), { at: new Date(Date.now() + 10 * 60_000) }),
      'another message id': () => {
        const { headers, body } = signMessage(shop.secret, unsignedEvent())
        return { headers: { ...headers, 'webhook-id': 'msg_other' }, body }
      },
      'no signature': () => {
        const { headers, body } = signMessage(shop.secret, unsignedEvent())
        const { 'webhook-signature': _, ...rest } = headers
        return { headers: rest, body }
      },
      'a signature of nothing': () => {
        const { headers, body } = signMessage(shop.secret, unsignedEvent())
        return { headers: { ...headers, 'webhook-signature': 'v1' }, body }
      },
      'no time': () => {
        const { headers, body } = signMessage(shop.secret, unsignedEvent())
        return { headers: { ...headers, 'webhook-timestamp': 'now' }, body }
      },
    }
    const reasons = {
      'a wrong secret': 'no_matching_signature',
      'an altered body': 'no_matching_signature',
      'a body that was parsed and written again': 'no_matching_signature',
      'a message ten minutes old': 'too_old',
      'a message from the future': 'too_new',
      'another message id': 'no_matching_signature',
      'no signature': 'missing_headers',
      'a signature of nothing': 'no_matching_signature',
      'no time': 'malformed_headers',
    }
    test.each(Object.keys(cases) as (keyof typeof cases)[])('%s', async (name) => {
      const before = (await messages()).length
      shop.lines.length = 0
      const forged = cases[name]()
      const response = await fetch(`${shop.url}/v1/webhooks/dodo`, { method: 'POST', ...forged })
      expect(response.status).toBe(401)
      expect(await response.json()).toMatchObject({ code: 'invalid_signature', reason: reasons[name] })
      expect((await messages()).length).toBe(before)
      const refused = shop.lines.filter(({ message }) => message === 'webhook refused')
      expect(refused).toMatchObject([{ level: 'warn', facts: { reason: reasons[name] } }])
      const written = JSON.stringify(shop.lines)
      expect(written).not.toContain(shop.secret)
      expect(written).not.toContain('ada@example.com')
    })
  })

  test('a declined card leaves the order open with a sentence for the customer; the next card clears it', async () => {
    const customer = newCustomer()
    const opened = await checkout(customer)
    expect((await payInBrowser(opened.checkout_url, declinedCard)).body.status).toBe('failed')
    await expect
      .poll(async () => (await order(opened.id)).failure, { timeout: 10_000 })
      .toEqual({
        code: 'INSUFFICIENT_FUNDS',
        message: 'There is not enough money on this card. Use another card.',
      })
    expect(await order(opened.id)).toMatchObject({ state: 'open' })
    expect(await available(customer)).toBe('0')
    await payInBrowser(opened.checkout_url)
    expect(await credited(opened.id)).toMatchObject({ failure: null })
    expect(await available(customer)).toBe('500')

    // The failure, told late, is not the order's state any more.
    const failed = (await messages(opened.id)).find(
      (one: { event_type: string }) => one.event_type === 'payment.failed',
    )
    const late = signMessage(shop.secret, failed.body)
    await deliver(shop, late)
    await settledMessage(late.headers['webhook-id'] ?? '')
    expect(await order(opened.id)).toMatchObject({ state: 'credited', failure: null })
  })

  test('a payment of no order of ours is kept and flagged: by a payment link, or with an id that we never gave', async () => {
    for (const metadata of [
      {},
      { tallystick_order: 'ord_06bq5m3k7r8x9z0a1b2c3d4e5f' },
      { tallystick_order: 'x' },
      null,
    ]) {
      const message = signMessage(
        shop.secret,
        paymentEvent({ metadata, product_cart: [{ product_id: 'pdt_x', quantity: 1 }] }),
      )
      expect(await deliver(shop, message)).toBe(200)
      const flagged = await settledMessage(message.headers['webhook-id'] ?? '')
      expect(flagged).toMatchObject({ state: 'flagged', note: expect.stringContaining('was not credited') })
      expect(flagged.body).toBe(message.body)
    }
  })

  test.each([
    ['another product', [{ product_id: 'pdt_other', quantity: 1 }]],
    ['another quantity', [{ product_id: '', quantity: 2 }]],
    [
      'something beside it',
      [
        { product_id: '', quantity: 1 },
        { product_id: 'pdt_other', quantity: 1 },
      ],
    ],
    [
      'less and something else',
      [
        { product_id: '', quantity: 0 },
        { product_id: 'pdt_other', quantity: 1 },
      ],
    ],
    ['nothing', []],
    ['no cart', null],
  ])('a payment for %s is flagged, and grants nothing', async (_, cart) => {
    const customer = newCustomer()
    const { id } = await checkout(customer)
    const { productId } = await orderOf(id)
    const product_cart = cart?.map((line) => ({ ...line, product_id: line.product_id || productId })) ?? null
    const message = signMessage(
      shop.secret,
      paymentEvent({ metadata: { tallystick_order: id }, product_cart }),
    )
    await deliver(shop, message)
    expect(await settledMessage(message.headers['webhook-id'] ?? '')).toMatchObject({
      state: 'flagged',
      note: expect.stringContaining('was ordered'),
    })
    expect(await order(id)).toMatchObject({ state: 'open' })
    expect(await available(customer)).toBe('0')
  })

  /** A signed payment for one `power` is delivered; answers its message when it is settled. */
  async function paid(id: string, data: object) {
    const { productId } = await orderOf(id)
    const message = signMessage(
      shop.secret,
      paymentEvent({
        metadata: { tallystick_order: id },
        product_cart: [{ product_id: productId, quantity: 1 }],
        ...data,
      }),
    )
    expect(await deliver(shop, message)).toBe(200)
    return settledMessage(message.headers['webhook-id'] ?? '')
  }

  const discount = { discount_id: 'dsc_1', code: 'FREE', type: 'percentage', amount: 10_000, position: 0 }
  test.each([
    ['with everything taken off', { total_amount: 1, tax: 0, discounts: [discount] }, 'the discount FREE'],
    ['with a discount of the old field', { discount_id: 'dsc_1' }, 'a discount'],
    ['with discounts of a new shape', { discounts: { code: 'FREE' } }, 'a discount'],
    [
      'with a discount, in another currency',
      { currency: 'EUR', total_amount: 1, tax: 0, discounts: [discount] },
      'the discount FREE',
    ],
    ['for one cent', { total_amount: 1, tax: 0 }, '0.01 USD were charged, 0.01 USD without tax'],
    ['for a net below the price', { total_amount: 4200, tax: 760 }, '34.40 USD without tax'],
    ['for more than the price', { total_amount: 8000, tax: 0 }, '80.00 USD were charged'],
    ['with a negative tax', { total_amount: 1, tax: -3999 }, 'does not say what was charged'],
    ['with more tax than it is', { total_amount: 1, tax: 2 }, 'does not say what was charged'],
    ['without a total', { total_amount: undefined }, 'does not say what was charged'],
    ['without a currency', { currency: null }, 'does not say what was charged'],
  ])('a payment %s is flagged, and grants nothing', async (_, data, note) => {
    const customer = newCustomer()
    const { id } = await checkout(customer)
    expect(await paid(id, data)).toMatchObject({ state: 'flagged', note: expect.stringContaining(note) })
    expect(await order(id)).toMatchObject({ state: 'open', payment: null })
    expect(await available(customer)).toBe('0')
  })

  test.each([
    ['without tax', { total_amount: 4000, tax: null }],
    ['with tax on top', { total_amount: 4760, tax: 760 }],
    ['with tax inside the price', { total_amount: 4000, tax: 639 }],
    ['in the currency of the customer', { total_amount: 4391, tax: 701, currency: 'EUR' }],
    ['with no discounts in the list', { discounts: [] }],
  ])('the price is paid %s: credited', async (_, data) => {
    const customer = newCustomer()
    const { id } = await checkout(customer)
    expect(await paid(id, data)).toMatchObject({ state: 'processed', note: null })
    expect(await available(customer)).toBe('500')
  })

  test('a second payment for one order is flagged to be refunded', async () => {
    const customer = newCustomer()
    const opened = await checkout(customer)
    await payInBrowser(opened.checkout_url)
    await credited(opened.id)
    const { productId } = await orderOf(opened.id)
    const message = signMessage(
      shop.secret,
      paymentEvent({
        metadata: { tallystick_order: opened.id },
        product_cart: [{ product_id: productId, quantity: 1 }],
      }),
    )
    await deliver(shop, message)
    expect(await settledMessage(message.headers['webhook-id'] ?? '')).toMatchObject({
      state: 'flagged',
      note: expect.stringContaining('refund one of them'),
    })
    expect(await available(customer)).toBe('500')
  })

  test('the status in the body decides: succeeded in name only grants nothing, and a late processing that has succeeded grants', async () => {
    const customer = newCustomer()
    const { id } = await checkout(customer)
    const { productId } = await orderOf(id)
    const data = {
      metadata: { tallystick_order: id },
      product_cart: [{ product_id: productId, quantity: 1 }],
    }
    const inName = signMessage(shop.secret, paymentEvent({ ...data, status: 'processing' }))
    expect(await deliver(shop, inName)).toBe(200)
    expect(await settledMessage(inName.headers['webhook-id'] ?? '')).toMatchObject({ state: 'flagged' })
    const newStatus = signMessage(
      shop.secret,
      paymentEvent({ ...data, status: 'almost_there' }, 'payment.processing'),
    )
    expect(await deliver(shop, newStatus)).toBe(200)
    expect(await settledMessage(newStatus.headers['webhook-id'] ?? '')).toMatchObject({ state: 'ignored' })
    expect(await available(customer)).toBe('0')
    const late = signMessage(
      shop.secret,
      paymentEvent({ ...data, status: 'succeeded' }, 'payment.processing'),
    )
    expect(await deliver(shop, late)).toBe(200)
    await credited(id)
    expect(await available(customer)).toBe('500')
  })

  test('a payment whose money was given back before it was credited leaves nothing, and the books show both', async () => {
    const customer = newCustomer()
    const { id } = await checkout(customer)
    const { productId } = await orderOf(id)
    const message = signMessage(
      shop.secret,
      paymentEvent({
        metadata: { tallystick_order: id },
        product_cart: [{ product_id: productId, quantity: 1 }],
        refund_status: 'full',
      }),
    )
    await deliver(shop, message)
    expect(await settledMessage(message.headers['webhook-id'] ?? '')).toMatchObject({
      state: 'processed',
      note: 'Of what the payment bought, 500 credits were taken back.',
    })
    expect(await order(id)).toMatchObject({ state: 'credited' })
    expect(await available(customer)).toBe('0')
  })

  test('what is signed and cannot be read is kept and flagged; an unknown event is kept and ignored; both are acknowledged', async () => {
    for (const [body, state] of [
      ['not json', 'flagged'],
      ['null', 'flagged'],
      ['{"type":"payment.succeeded"}', 'flagged'],
      ['{"type":"payment.succeeded","data":{"payment_id":7}}', 'flagged'],
      ['{"type":"payment.refunded","data":{"payment_id":"pay_1","status":"succeeded"}}', 'ignored'],
      ['{"type":"credit.added","data":{"amount":12.5}}', 'flagged'],
      ['{"type":"something.new","data":null}', 'ignored'],
    ] as const) {
      const message = signMessage(shop.secret, body)
      expect(await deliver(shop, message)).toBe(200)
      const kept = await settledMessage(message.headers['webhook-id'] ?? '')
      expect(kept).toMatchObject({ body, state })
    }
  })

  test('quantities as text and values that came after this was written are read with patience', async () => {
    const customer = newCustomer()
    const { id } = await checkout(customer, 3)
    const { productId } = await orderOf(id)
    const event = paymentEvent({
      metadata: { tallystick_order: id, other: 7, flag: true },
      product_cart: [{ product_id: productId, quantity: '3', new_field: {} }],
      customer: { customer_id: 'cus_patience' },
      billing: undefined,
      payment_provider: 'unheard_of',
      total_amount: '12000',
      tax: null,
      currency: 'usd',
      discounts: undefined,
      discount_id: null,
    })
    // Signed as it is written, with its spaces: what arrived is verified, and not what would be written again.
    await deliver(shop, signMessage(shop.secret, JSON.stringify(event, null, 2)))
    await credited(id)
    expect(await available(customer)).toBe('1500')
  })

  test('while a secret is being replaced, both are believed', async () => {
    const [old, next] = [newSecret(), newSecret()]
    const rotating = await openShop({
      database,
      dodo: shop.dodo,
      provider: { webhookSecrets: [old, next] },
    })
    onTestFinished(() => rotating.close())
    expect(await deliver(rotating, signMessage(old, paymentEvent({})))).toBe(200)
    expect(await deliver(rotating, signMessage(next, paymentEvent({})))).toBe(200)
    expect(await deliver(rotating, signMessage(newSecret(), paymentEvent({})))).toBe(401)
  })

  test('the same key is the same order and session, one after the other and at once; another body is refused', async () => {
    const customer = newCustomer()
    const key = crypto.randomUUID()
    const first = await checkout(customer, 2, key)
    const second = await checkout(customer, 2, key)
    expect(second).toEqual(first)
    const parallelKey = crypto.randomUUID()
    const parallel = await Promise.all(Array.from({ length: 5 }, () => checkout(customer, 1, parallelKey)))
    expect(new Set(parallel.map(({ id }) => id)).size).toBe(1)
    expect(new Set(parallel.map((one) => one.checkout_url)).size).toBe(1)
    const other = await shop.request(
      'POST',
      '/v1/checkouts',
      { customer, pack: 'power', quantity: 3, return_url: returnUrl },
      { 'idempotency-key': key },
    )
    expect(other).toMatchObject({ status: 409, body: { code: 'idempotency_key_reused' } })
    expect((await checkout(newCustomer(), 2, key)).id).not.toBe(first.id)
  })

  test('what makes no sense is refused before anything is recorded', async () => {
    const customer = newCustomer()
    const ask = (body: object) =>
      shop.request('POST', '/v1/checkouts', { customer, pack: 'power', return_url: returnUrl, ...body })
    expect(await ask({ pack: 'mega' })).toMatchObject({
      status: 422,
      body: { code: 'unknown_pack', known: ['starter', 'power'] },
    })
    for (const quantity of [0, -1, 1.5, 101, '2'])
      expect(await ask({ quantity })).toMatchObject({
        status: 400,
        body: { code: 'invalid_request', issues: [{ path: 'quantity' }] },
      })
    for (const return_url of ['', 'back', 'javascript:alert(1)', 'file:///etc/passwd'])
      expect(await ask({ return_url })).toMatchObject({
        status: 400,
        body: { issues: [{ path: 'return_url' }] },
      })
    expect((await shop.request('GET', `/v1/customers/${customer}/orders`)).body).toEqual({
      data: [],
      next_cursor: null,
    })
    expect(await shop.request('GET', '/v1/orders/ord_06bq5m3k7r8x9z0a1b2c3d4e5f')).toMatchObject({
      status: 404,
      body: { code: 'order_not_found' },
    })
    expect(await shop.request('GET', '/v1/orders/hold_x')).toMatchObject({
      status: 404,
      body: { code: 'order_not_found' },
    })
  })

  test("a customer's orders come newest first, page by page", async () => {
    const customer = newCustomer()
    const ids: string[] = []
    for (let n = 0; n < 5; n += 1) ids.unshift((await checkout(customer)).id)
    const listed: string[] = []
    let query = '?limit=2'
    for (let page = 0; page < 3; page += 1) {
      const { body } = await shop.request('GET', `/v1/customers/${customer}/orders${query}`)
      listed.push(...body.data.map(({ id }: { id: string }) => id))
      query = `?limit=2&cursor=${body.next_cursor}`
      expect(body.next_cursor === null).toBe(page === 2)
    }
    expect(listed).toEqual(ids)
  })

  test("the customer's e-mail and name are in the checkout, and who paid once is known to Dodo the next time", async () => {
    const customer = newCustomer()
    const email = `${customer}@example.com`
    await database.transaction((tx) =>
      tx.db
        .insertInto('customers')
        .values({ mode: 'test', id: customer, email, name: 'Grace', created_at: tx.now })
        .execute(),
    )
    const first = await checkout(customer)
    const page = await (await fetch(first.checkout_url)).text()
    expect(page).toContain(email)
    expect(page).toContain('Grace')
    await payInBrowser(first.checkout_url)
    await credited(first.id)
    const [{ body }] = await messages(first.id)
    const dodoCustomer = JSON.parse(body).data.customer.customer_id
    const second = await checkout(customer)
    await payInBrowser(second.checkout_url)
    await credited(second.id)
    const [again] = await messages(second.id)
    expect(JSON.parse(again.body).data.customer.customer_id).toBe(dodoCustomer)
  })

  test('a customer whom Dodo has forgotten can still buy', async () => {
    const customer = newCustomer()
    await database.transaction((tx) =>
      tx.db
        .insertInto('provider_customers')
        .values({ provider: 'dodo', mode: 'test', customer_id: customer, provider_customer_id: 'cus_gone' })
        .execute(),
    )
    const opened = await checkout(customer)
    await payInBrowser(opened.checkout_url)
    expect(await credited(opened.id)).toMatchObject({ state: 'credited' })
  })

  test('while Dodo is down a checkout is answered 503, and the same key goes on when it is back', async () => {
    let isDown = true
    const flaky: typeof fetch = (...call) =>
      isDown ? Promise.reject(new TypeError('fetch failed')) : fetch(...call)
    const downShop = await openShop({
      database,
      dodo: shop.dodo,
      secret: shop.secret,
      provider: { fetch: flaky },
    })
    onTestFinished(() => downShop.close())
    const customer = newCustomer()
    const key = { 'idempotency-key': crypto.randomUUID() }
    const body = { customer, pack: 'power', return_url: returnUrl }
    const refused = await downShop.request('POST', '/v1/checkouts', body, key)
    expect(refused).toMatchObject({ status: 503, body: { code: 'provider_unavailable' } })
    const [waiting] = (await shop.request('GET', `/v1/customers/${customer}/orders`)).body.data
    expect(waiting).toMatchObject({ state: 'created', checkout_url: null })
    isDown = false
    const opened = await downShop.request('POST', '/v1/checkouts', body, key)
    expect(opened).toMatchObject({ status: 200, body: { id: waiting.id, state: 'open' } })
    await payInBrowser(opened.body.checkout_url)
    await credited(waiting.id)
    expect(await available(customer)).toBe('500')
  })

  test('when the answer with the session is lost, the same key gets another session of the same order, and the credits come once', async () => {
    let lost: string | undefined
    const losing: typeof fetch = async (input, init) => {
      const response = await fetch(input, init)
      if (lost === undefined && new Request(input, init).url.endsWith('/checkouts')) {
        lost = ((await response.json()) as { checkout_url: string }).checkout_url
        throw new TypeError('fetch failed')
      }
      return response
    }
    const losingShop = await openShop({
      database,
      dodo: shop.dodo,
      secret: shop.secret,
      provider: { fetch: losing },
    })
    onTestFinished(() => losingShop.close())
    const customer = newCustomer()
    const key = { 'idempotency-key': crypto.randomUUID() }
    const body = { customer, pack: 'power', return_url: returnUrl }
    expect(await losingShop.request('POST', '/v1/checkouts', body, key)).toMatchObject({ status: 503 })
    // The lost session is a good one: were it paid, its payment would credit the order.
    if (lost === undefined) throw new Error('No session was made.')
    await payInBrowser(lost)
    const [{ id }] = (await shop.request('GET', `/v1/customers/${customer}/orders`)).body.data
    await credited(id)
    const answer = await losingShop.request('POST', '/v1/checkouts', body, key)
    expect(answer).toMatchObject({ status: 200, body: { id, state: 'credited' } })
    expect(await available(customer)).toBe('500')
  })

  test('two servers at work on one key that make two products at once: the session that is kept sells the product that is noted', async () => {
    const gates = {
      secondLooked: Promise.withResolvers<void>(),
      firstAsksForSession: Promise.withResolvers<void>(),
      secondAsksForSession: Promise.withResolvers<void>(),
      firstIsAnswered: Promise.withResolvers<void>(),
    }
    const gated =
      (before: Record<string, () => Promise<void> | undefined>): typeof fetch =>
      async (input, init) => {
        const { method, url } = new Request(input, init)
        await before[`${method} ${new URL(url).pathname}`]?.()
        return fetch(input, init)
      }
    // A new pack, which has no product yet.
    const name = `Twice ${driver}`
    const catalog = checkCatalog(
      defineCatalog({
        units: { credits: {} },
        actions: { chat: { credits: 1 } },
        packs: { power: pack({ name, credits: 500, price: usd(40) }) },
      }),
    )
    const shared = { database, dodo: shop.dodo, secret: shop.secret, catalog }
    const first = await openShop({
      ...shared,
      provider: {
        fetch: gated({
          'POST /products': () => gates.secondLooked.promise,
          'POST /checkouts': () => {
            gates.firstAsksForSession.resolve()
            return gates.secondAsksForSession.promise
          },
        }),
      },
    })
    onTestFinished(() => first.close())
    const second = await openShop({
      ...shared,
      provider: {
        fetch: gated({
          'POST /products': () => {
            gates.secondLooked.resolve()
            return gates.firstAsksForSession.promise
          },
          'POST /checkouts': () => {
            gates.secondAsksForSession.resolve()
            return gates.firstIsAnswered.promise
          },
        }),
      },
    })
    onTestFinished(() => second.close())

    const customer = newCustomer()
    const ask = (at: Shop) =>
      at.request(
        'POST',
        '/v1/checkouts',
        { customer, pack: 'power', return_url: returnUrl },
        { 'idempotency-key': customer },
      )
    const [one, two] = await Promise.all([
      ask(first).finally(() => gates.firstIsAnswered.resolve()),
      ask(second),
    ])
    expect(one).toMatchObject({ status: 200, body: { state: 'open' } })
    expect(two.body).toEqual(one.body)
    await payInBrowser(one.body.checkout_url)
    await credited(one.body.id)
    expect(await available(customer)).toBe('500')
  })

  test('a product noted in an order and gone since is replaced when the checkout is tried again', async () => {
    let isDown = true
    const flaky: typeof fetch = (input, init) =>
      isDown && new URL(new Request(input, init).url).pathname === '/checkouts'
        ? Promise.reject(new TypeError('fetch failed'))
        : fetch(input, init)
    const flakyShop = await openShop({
      database,
      dodo: shop.dodo,
      secret: shop.secret,
      provider: { fetch: flaky },
    })
    onTestFinished(() => flakyShop.close())
    const customer = newCustomer()
    const ask = () =>
      flakyShop.request(
        'POST',
        '/v1/checkouts',
        { customer, pack: 'power', return_url: returnUrl },
        { 'idempotency-key': customer },
      )
    expect(await ask()).toMatchObject({ status: 503 })
    await database.transaction((tx) =>
      sql`update orders set provider_product_id = 'pdt_gone' where customer_id = ${customer}`.execute(tx.db),
    )
    isDown = false
    const { body } = await ask()
    await payInBrowser(body.checkout_url)
    await credited(body.id)
  })

  test('a stored catalog is changed by nobody, for orders and entries name it', async () => {
    await checkout(newCustomer())
    for (const statement of [
      `update catalogs set body = '{}'`,
      'delete from catalogs',
      'truncate catalogs cascade',
    ])
      await expect(database.transaction((tx) => sql.raw(statement).execute(tx.db))).rejects.toThrow(
        'catalogs are never changed',
      )
  })

  test('a catalog edited after the checkout changes nothing of the order', async () => {
    const customer = newCustomer()
    const opened = await checkout(customer)
    const before = shop.catalog
    shop.catalog = checkCatalog(
      defineCatalog({
        units: { credits: {} },
        actions: { chat: { credits: 1 } },
        packs: { power: pack({ name: 'Might', credits: 7, price: usd(1) }) },
      }),
    )
    onTestFinished(() => {
      shop.catalog = before
    })
    await payInBrowser(opened.checkout_url)
    expect(await credited(opened.id)).toMatchObject({ pack_name: 'Power', credits: '500' })
    expect(await available(customer)).toBe('500')
  })

  test('products are made once a pack and price, and found again when the table has lost them', async () => {
    const list = async () => {
      const response = await fetch(`${shop.dodo.url}/products?page_number=0&page_size=100`, {
        headers: { authorization: `Bearer ${shop.dodo.apiKey}` },
      })
      return ((await response.json()) as { items: unknown[] }).items.length
    }
    await checkout(newCustomer())
    const made = await list()
    await database.transaction((tx) => sql`delete from provider_products`.execute(tx.db))
    // A new process, which has nothing in memory either.
    const next = await openShop({ database, dodo: shop.dodo, secret: shop.secret })
    onTestFinished(() => next.close())
    const customer = newCustomer()
    const { status } = await next.request('POST', '/v1/checkouts', {
      customer,
      pack: 'power',
      return_url: returnUrl,
    })
    expect(status).toBe(200)
    expect(await list()).toBe(made)
    const rows = await database.transaction((tx) =>
      tx.db.selectFrom('provider_products').selectAll().execute(),
    )
    expect(rows).toHaveLength(1)
  })

  test('one more product than fits on a page does not hide ours', async () => {
    const crowded = await openShop({ database, dodoOptions: { webhooks: [] } })
    onTestFinished(() => crowded.close())
    const product = {
      pack: 'power',
      name: 'Power',
      price: { amountMinor: 4000n, currency: 'USD' },
      adopted: undefined,
      chosenAmount: undefined,
    }
    for (let n = 0; n < 130; n += 1) await createProduct(crowded.dodo, { price: 100 }, `before ${n}`)
    const id = await crowded.provider.ensureProduct(product, undefined)
    for (let n = 0; n < 130; n += 1) await createProduct(crowded.dodo, { price: 100 }, `after ${n}`)
    const fresh = await createDodoProvider({
      apiKey: crowded.dodo.apiKey,
      webhookSecrets: [newSecret()],
      target: { baseUrl: crowded.dodo.url },
    })
    expect(await fresh.ensureProduct(product, undefined)).toBe(id)
  })

  test('an adopted product is sold as it is, and refused with both numbers when it is another', async () => {
    const buy = async (dodoProduct: string) => {
      const before = shop.catalog
      shop.catalog = checkCatalog(
        defineCatalog({
          units: { credits: {} },
          actions: { chat: { credits: 1 } },
          packs: { power: pack({ name: 'Power', credits: 500, price: usd(40), dodoProduct }) },
        }),
      )
      const customer = newCustomer()
      const answer = await shop.request('POST', '/v1/checkouts', {
        customer,
        pack: 'power',
        return_url: returnUrl,
      })
      shop.catalog = before
      return { ...answer, customer }
    }
    const right = await createProduct(shop.dodo, {})
    const bought = await buy(right)
    expect(bought.status).toBe(200)
    await payInBrowser(bought.body.checkout_url)
    await credited(bought.body.id)
    expect(await available(bought.customer)).toBe('500')

    const cheap = await buy(await createProduct(shop.dodo, { price: 400 }))
    expect(cheap).toMatchObject({ status: 422, body: { code: 'product_mismatch', pack: 'power' } })
    expect(cheap.body.detail).toContain('40.00 USD in the catalog, 4.00 USD at Dodo')
    const euros = await buy(await createProduct(shop.dodo, { currency: 'EUR' }))
    expect(euros.body.detail).toContain('40.00 USD in the catalog, 40.00 EUR at Dodo')
    const free = await buy(await createProduct(shop.dodo, { pay_what_you_want: true }))
    expect(free).toMatchObject({ status: 422 })
    const fair = await buy(await createProduct(shop.dodo, { purchasing_power_parity: true }))
    expect(fair).toMatchObject({ status: 422 })
    const missing = await buy('pdt_nowhere')
    expect(missing.body.detail).toContain('no such product')
  })

  test('a product that somebody archived at Dodo is made anew by the next checkout', async () => {
    const opened = await checkout(newCustomer())
    const { productId } = await orderOf(opened.id)
    await fetch(`${shop.dodo.url}/products/${productId}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${shop.dodo.apiKey}` },
    })
    const customer = newCustomer()
    const next = await checkout(customer)
    expect((await orderOf(next.id)).productId).not.toBe(productId)
    await payInBrowser(next.checkout_url)
    await credited(next.id)
    expect(await available(customer)).toBe('500')
    // What was begun before is paid as it was.
    await payInBrowser(opened.checkout_url)
    await credited(opened.id)
  })

  test('where no provider is configured, nothing is sold and no webhook is believed', async () => {
    // Orders alone: the routes answer what these throw.
    const { createOrders } = await import('../../src/orders/orders.ts')
    const { createInbox } = await import('../../src/inbox/inbox.ts')
    const { createJobs } = await import('../../src/jobs/jobs.ts')
    const { createLogger } = await import('../../src/observability/logger.ts')
    const log = createLogger({ level: 'silent' })
    const orders = createOrders({
      database,
      mode: 'test',
      provider: undefined,
      catalog: () => shop.catalog,
      context: shop.ledger.context,
      paymentsOf: () => Promise.resolve(new Map()),
    })
    const inbox = createInbox({
      database,
      provider: undefined,
      jobs: createJobs({ database, log }),
      context: () => {
        throw new Error('Nothing is settled without a provider.')
      },
      log,
    })
    const intent = {
      customer: 'x',
      pack: 'power',
      quantity: 1,
      returnUrl,
      cancelUrl: undefined,
      idempotencyKey: 'k',
    }
    await expect(orders.checkout(intent)).rejects.toMatchObject({
      code: 'provider_not_configured',
      status: 503,
    })
    await expect(inbox.receive({ headers: new Headers(), rawBody: '' })).rejects.toMatchObject({
      code: 'provider_not_configured',
    })
  })
})
