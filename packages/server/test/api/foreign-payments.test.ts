/** Payments that no checkout of ours started, or that are not what was ordered: credited where that is certain, and decided by a person where not. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { checkCatalog } from '../../src/catalog/check-catalog.ts'
import { chosen, defineCatalog, pack, usd } from '../../src/catalog/define-catalog.ts'
import type { Database } from '../../src/database/database.ts'
import { decimalFromCredits } from '../../src/kernel/credits.ts'
import {
  type Driver,
  deliver,
  openShop,
  openTestDatabase,
  payInBrowser,
  type Shop,
  signMessage,
} from '../support/shop.ts'

describe.each(['pglite', 'postgres'] as const)('a payment without a checkout, on %s', (driver: Driver) => {
  let database: Database
  let shop: Shop
  let power: string
  let any: string

  beforeAll(async () => {
    database = await openTestDatabase(driver)
    shop = await openShop({
      database,
      catalog: checkCatalog(
        defineCatalog({
          units: { credits: {} },
          actions: { chat: { credits: 1 } },
          packs: {
            power: pack({ name: 'Power', credits: 500, price: usd(40) }),
            any: pack({
              name: 'Any',
              credits: 10,
              price: chosen({ per: usd(1), min: usd(5), max: usd(500) }),
            }),
          },
        }),
      ),
    })
    power = await productOf({ pack: 'power' })
    any = await productOf({ pack: 'any', amount: 500 })
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

  /** Somebody bought it once, so it has a product. */
  async function productOf(body: object): Promise<string> {
    const customer = await newCustomer()
    const { status } = await shop.request('POST', '/v1/checkouts', {
      customer,
      return_url: 'http://localhost:3000',
      ...body,
    })
    expect(status).toBe(200)
    const { orders } = await shop.orders.list(customer, { limit: 1, before: undefined })
    return orders[0]?.productId ?? ''
  }

  async function newCustomer(known: { readonly email?: string } = {}): Promise<string> {
    const id = `customer_${crypto.randomUUID()}`
    await database.transaction((tx) =>
      tx.db
        .insertInto('customers')
        .values({ mode: 'test', id, created_at: tx.now, ...known })
        .execute(),
    )
    return id
  }

  /** Told by Dodo; answers the payment's id when it is settled. */
  async function told(fields: object = {}): Promise<string> {
    const paymentId = `pay_${crypto.randomUUID()}`
    await tell({ payment_id: paymentId, ...fields })
    return paymentId
  }

  async function tell(fields: object): Promise<void> {
    const event = {
      business_id: 'bus_1',
      type: 'payment.succeeded',
      timestamp: new Date().toISOString(),
      data: {
        payload_type: 'Payment',
        status: 'succeeded',
        customer: { customer_id: `cus_${crypto.randomUUID()}`, email: 'ada@example.com', name: 'Ada' },
        metadata: {},
        product_cart: [{ product_id: power, quantity: 1 }],
        total_amount: 4000,
        tax: 0,
        currency: 'USD',
        discounts: null,
        ...fields,
      },
    }
    const message = signMessage(shop.secret, event)
    expect(await deliver(shop, message)).toBe(200)
    const find = async () =>
      (await shop.request('GET', '/dev/inbox')).body.data.find(
        (one: { message_id: string }) => one.message_id === message.headers['webhook-id'],
      )
    await expect
      .poll(async () => (await find())?.state, { timeout: 10_000, interval: 10 })
      .not.toBe('received')
  }

  async function payment(id: string) {
    const { body } = await shop.request('GET', '/v1/payments?limit=100')
    return body.data.find((one: { payment: string }) => one.payment === id)
  }

  async function available(customer: string): Promise<string> {
    const { balance } = await shop.ledger.balance({ mode: 'test', customer, unit: 'credits' })
    return decimalFromCredits(balance.available)
  }

  const assign = (id: string, body: object) =>
    shop.request('POST', `/v1/payments/${id}/assign`, { actor: 'grace', ...body })
  const dismiss = (id: string, body: object = {}) =>
    shop.request('POST', `/v1/payments/${id}/dismiss`, { actor: 'grace', reason: 'not ours', ...body })

  test('a payment link that names the customer is credited, times the quantity, and gets an order', async () => {
    const customer = await newCustomer()
    const id = await told({
      metadata: { tallystick_customer: customer },
      product_cart: [{ product_id: power, quantity: 3 }],
      total_amount: 12_000,
    })
    expect(await available(customer)).toBe('1500')
    const found = await payment(id)
    expect(found).toMatchObject({ standing: 'credited', customer, credits: '1500', decided_by: null })
    expect((await shop.request('GET', `/v1/orders/${found.order}`)).body).toMatchObject({
      origin: 'payment',
      quantity: 3,
      state: 'credited',
    })
  })

  test("a static link of Dodo's that names the customer is paid, and its credits are there", async () => {
    const customer = await newCustomer()
    const link = new URL(`/buy/${power}`, shop.dodo.url)
    link.search = new URLSearchParams({ quantity: '2', metadata_tallystick_customer: customer }).toString()
    const opened = await fetch(link)
    await opened.body?.cancel()
    await payInBrowser(opened.url)
    await expect.poll(() => available(customer), { timeout: 10_000, interval: 10 }).toBe('1000')
    const { body } = await shop.request('GET', `/v1/customers/${customer}/orders`)
    expect(body.data).toMatchObject([
      { origin: 'payment', quantity: 2, payment_details: { charged: { total: { amount_minor: 8000 } } } },
    ])
  })

  test("so is one of Dodo's customer who paid before", async () => {
    const customer = await newCustomer()
    const by = { customer: { customer_id: `cus_${customer}` } }
    await told({ ...by, metadata: { tallystick_customer: customer } })
    const first = await told(by)
    // Whose it is was told by metadata alone, and who pays by a link may pay for another: an assignment tells it for good.
    expect(await payment(first)).toMatchObject({ standing: 'unassigned' })
    await assign(first, { customer })
    await told(by)
    expect(await available(customer)).toBe('1500')
  })

  test("whoever types another person's e-mail at the checkout gets neither that person's credits nor their portal", async () => {
    const email = `${crypto.randomUUID()}@example.com`
    const [real, other] = [await newCustomer({ email }), await newCustomer()]
    const buy = async (customer: string, typed: string) => {
      const body = { customer, pack: 'power', return_url: 'http://localhost:3000' }
      const { body: order } = await shop.request('POST', '/v1/checkouts', body)
      const before = await available(customer)
      await payInBrowser(order.checkout_url, undefined, typed)
      await expect
        .poll(() => available(customer), { timeout: 10_000, interval: 10 })
        .toBe(String(Number(before) + 500))
    }
    await buy(real, email)
    await buy(other, email)
    const idOf = async (customer: string) =>
      (
        await database.transaction((tx) =>
          tx.db
            .selectFrom('provider_customers')
            .select('provider_customer_id as id')
            .where('customer_id', '=', customer)
            .execute(),
        )
      ).map(({ id }) => id)
    const [ofReal, ofOther] = [await idOf(real), await idOf(other)]
    expect(ofReal).toHaveLength(1)
    expect(ofOther).toHaveLength(1)
    expect(ofOther).not.toEqual(ofReal)

    // Whichever of its customers Dodo takes the payer of a link for, by the e-mail.
    const byLink = await told({ customer: { customer_id: ofOther[0], email } })
    expect(await payment(byLink)).toMatchObject({ standing: 'unassigned' })
    await told({ customer: { customer_id: ofReal[0], email: email.toUpperCase() } })
    expect([await available(real), await available(other)]).toEqual(['1000', '500'])
    await buy(real, email)
    expect(await idOf(real)).toEqual(ofReal)
  })

  test('what the customer chose to pay by a link brings its credits, tax not counted', async () => {
    const customer = await newCustomer()
    const fields = {
      metadata: { tallystick_customer: customer },
      product_cart: [{ product_id: any, quantity: 1 }],
    }
    await told({ ...fields, total_amount: 1428, tax: 228 })
    expect(await available(customer)).toBe('120')
    const converted = await told({ ...fields, currency: 'EUR', total_amount: 1200 })
    expect(await payment(converted)).toMatchObject({
      standing: 'unassigned',
      note: expect.stringContaining('in another currency'),
    })
    expect(await assign(converted, { customer })).toMatchObject({
      status: 422,
      body: { code: 'pack_needed' },
    })
    expect(await assign(converted, { customer, pack: 'power' })).toMatchObject({
      status: 200,
      body: { credits: '500' },
    })
  })

  test('one of nobody known waits, and is assigned', async () => {
    const customer = await newCustomer()
    const id = await told({ product_cart: [{ product_id: power, quantity: 2 }], total_amount: 8000 })
    const { body: waiting } = await shop.request('GET', '/v1/payments?standing=unassigned&limit=1')
    expect(waiting.data).toMatchObject([
      {
        payment: id,
        standing: 'unassigned',
        note: expect.stringContaining('whose it is is not known'),
        products: [{ product: power, quantity: 2 }],
        charged: { total: { amount_minor: 8000, currency: 'USD' } },
        mode: 'test',
      },
    ])
    const assigned = await assign(id, { customer })
    expect(assigned).toMatchObject({
      status: 200,
      body: { standing: 'credited', customer, credits: '1000', decided_by: 'grace' },
    })
    expect(assigned.body.decided_at).toMatch(/^20/)
    expect(await assign(id, { customer, actor: 'ada' })).toEqual(assigned)
    expect(await assign(id, { customer: await newCustomer() })).toMatchObject({
      status: 409,
      body: { code: 'payment_not_waiting', standing: 'credited', detail: expect.stringContaining(customer) },
    })
    // Told again, it is credited still, and once.
    await tell({ payment_id: id, product_cart: [{ product_id: power, quantity: 2 }], total_amount: 8000 })
    expect(await available(customer)).toBe('1000')
  })

  test('assigned ten times at once it grants once', async () => {
    const [one, two] = [await newCustomer(), await newCustomer()]
    const id = await told()
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, turn) => assign(id, { customer: turn % 2 === 0 ? one : two })),
    )
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([
      ...Array(5).fill(200),
      ...Array(5).fill(409),
    ])
    expect([await available(one), await available(two)].sort()).toEqual(['0', '500'])
  })

  test('told and assigned at once it grants once', async () => {
    const customer = await newCustomer()
    const id = await told()
    await Promise.all([
      ...Array.from({ length: 3 }, () => assign(id, { customer })),
      ...Array.from({ length: 3 }, () =>
        tell({ payment_id: id, metadata: { tallystick_customer: customer } }),
      ),
    ])
    expect(await available(customer)).toBe('500')
  })

  test('one whose product is not known needs its pack', async () => {
    const customer = await newCustomer()
    for (const product_cart of [null, [{ product_id: 'pdt_unknown', quantity: 2 }]]) {
      const id = await told({ product_cart })
      expect(await assign(id, { customer })).toMatchObject({ status: 422, body: { code: 'pack_needed' } })
      expect(await assign(id, { customer, pack: 'nothing' })).toMatchObject({
        status: 422,
        body: { code: 'unknown_pack' },
      })
      expect(await assign(id, { customer, pack: 'power' })).toMatchObject({ status: 200 })
    }
    expect(await available(customer)).toBe('1500')
  })

  test('a second payment for one order can be assigned too, and is an order of its own', async () => {
    const customer = await newCustomer()
    const { body: order } = await shop.request('POST', '/v1/checkouts', {
      customer,
      pack: 'power',
      return_url: 'http://localhost:3000',
    })
    const metadata = { tallystick_order: order.id }
    await told({ metadata })
    const id = await told({ metadata })
    expect(await payment(id)).toMatchObject({ standing: 'flagged', order: order.id })
    const { body } = await assign(id, { customer })
    expect(body).toMatchObject({ standing: 'credited', credits: '500' })
    expect(body.order).not.toBe(order.id)
    await tell({ payment_id: id, metadata })
    expect(await available(customer)).toBe('1000')
  })

  test('what was paid is what its credits cost, and what went back before is taken back', async () => {
    const customer = await newCustomer()
    const id = `pay_${crypto.randomUUID()}`
    const refund = {
      refund_id: `ref_${id}`,
      payment_id: id,
      amount: 500,
      currency: 'USD',
      status: 'succeeded',
    }
    await tell({ payment_id: id, total_amount: 2000, refunds: [refund] })
    const { body } = await assign(id, { customer })
    expect(body).toMatchObject({ credits: '500', credits_taken_back: '125' })
    const { lots } = await shop.ledger.balance({ mode: 'test', customer, unit: 'credits' })
    expect(lots[0]).toMatchObject({ paid: { amountMinor: 2000n, currency: 'USD' } })
  })

  test('a dismissed payment stays so, whoever tells it again', async () => {
    const customer = await newCustomer()
    const id = await told()
    const dismissed = await dismiss(id)
    expect(dismissed).toMatchObject({
      status: 200,
      body: { standing: 'dismissed', note: 'Dismissed by grace: not ours', decided_by: 'grace' },
    })
    expect(await dismiss(id, { reason: 'again' })).toEqual(dismissed)
    await tell({ payment_id: id, metadata: { tallystick_customer: customer } })
    expect(await payment(id)).toMatchObject({ standing: 'dismissed' })
    expect(await available(customer)).toBe('0')
    expect(await assign(id, { customer })).toMatchObject({
      status: 409,
      body: { code: 'payment_not_waiting', detail: expect.stringContaining('stays so') },
    })
  })

  test('what cannot be decided is refused', async () => {
    const customer = await newCustomer()
    expect(await assign('pay_nowhere', { customer })).toMatchObject({
      status: 404,
      body: { code: 'payment_not_found' },
    })
    expect(await dismiss('pay_nowhere')).toMatchObject({ status: 404 })
    const waiting = await told()
    expect(await assign(waiting, { customer: 'nobody' })).toMatchObject({
      status: 404,
      body: { code: 'customer_not_found' },
    })
    expect(await shop.request('POST', `/v1/payments/${waiting}/dismiss`, { actor: 'grace' })).toMatchObject({
      status: 400,
      body: { issues: [{ path: 'reason' }] },
    })
    const failed = await told({ status: 'failed' })
    expect(await assign(failed, { customer })).toMatchObject({
      status: 409,
      body: { code: 'payment_not_waiting', state: 'failed' },
    })
    const credited = await told({ metadata: { tallystick_customer: customer } })
    expect(await dismiss(credited)).toMatchObject({ status: 409, body: { standing: 'credited' } })
  })

  test('they are listed page by page, the last one first', async () => {
    const all = (await shop.request('GET', '/v1/payments?limit=100')).body.data
    const listed: unknown[] = []
    let query = '?limit=7'
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop
      const { body } = await shop.request('GET', `/v1/payments${query}`)
      listed.push(...body.data)
      if (body.next_cursor === null) break
      query = `?limit=7&cursor=${body.next_cursor}`
    }
    expect(listed).toEqual(all)
    expect(await shop.request('GET', '/v1/payments?standing=lost')).toMatchObject({ status: 400 })
    expect(await shop.request('GET', '/v1/payments?cursor=x')).toMatchObject({ status: 400 })
  })
})
