/** What an order says of its payment: what was charged, in which currency, what went back, and the invoice. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkCatalog } from '../../src/catalog/check-catalog.ts'
import { defineCatalog, money, pack, usd } from '../../src/catalog/define-catalog.ts'
import type { Database } from '../../src/database/database.ts'
import {
  type Driver,
  deliver,
  openShop,
  openTestDatabase,
  payInBrowser,
  type Shop,
  signMessage,
} from '../support/shop.ts'

describe.each(['pglite', 'postgres'] as const)('the payment of an order, on %s', (driver: Driver) => {
  let database: Database
  let shop: Shop
  const withoutInvoice = new Set<string>()

  /** Dodo, which makes invoices a while after their payments. */
  const slowInvoices: typeof fetch = async (input, init) => {
    const paymentId = /\/invoices\/payments\/(\w+)$/.exec(new Request(input).url)?.[1]
    return paymentId !== undefined && withoutInvoice.has(paymentId)
      ? Response.json({ code: 'NOT_FOUND', message: 'no invoice' }, { status: 404 })
      : fetch(input, init)
  }

  beforeAll(async () => {
    database = await openTestDatabase(driver)
    shop = await openShop({
      database,
      provider: { fetch: slowInvoices },
      catalog: checkCatalog(
        defineCatalog({
          units: { credits: {} },
          actions: { chat: { credits: 1 } },
          packs: {
            power: pack({ name: 'Power', credits: 500, price: usd(40) }),
            yen: pack({ name: 'Yen', credits: 500, price: money(6000, 'JPY') }),
          },
        }),
      ),
    })
  })
  afterAll(async () => {
    try {
      await shop.close()
    } finally {
      await database.close()
    }
  })

  async function dodo(method: string, path: string, body: object) {
    const response = await fetch(`${shop.dodo.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${shop.dodo.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    // A change of a product is answered with nothing.
    expect([response.status < 300, path, await response.text()]).toEqual([true, path, expect.anything()])
  }

  async function checkout(body: object = {}) {
    const answer = await shop.request('POST', '/v1/checkouts', {
      customer: `customer_${crypto.randomUUID()}`,
      pack: 'power',
      return_url: 'http://localhost:3000/back',
      ...body,
    })
    expect(answer.status).toBe(200)
    return answer.body
  }

  const order = async (id: string) => (await shop.request('GET', `/v1/orders/${id}`)).body

  async function credited(id: string) {
    await expect.poll(async () => (await order(id)).state, { timeout: 10_000, interval: 10 }).toBe('credited')
    return order(id)
  }

  async function bought(body: object = {}, country = 'US') {
    const opened = await checkout(body)
    await payInBrowser(opened.checkout_url, undefined, undefined, country)
    return credited(opened.id)
  }

  const usDollars = (amount_minor: number) => ({ amount_minor, currency: 'USD' })

  test('an unpaid order has no payment, and a paid one says what was charged', async () => {
    const opened = await checkout({ quantity: 2 })
    expect(opened).toMatchObject({ payment: null, payment_details: null, origin: 'checkout' })
    await payInBrowser(opened.checkout_url)
    const paid = await credited(opened.id)
    expect(paid.payment_details).toMatchObject({
      payment: paid.payment,
      standing: 'credited',
      charged: { total: usDollars(8000), tax: usDollars(0), net: usDollars(8000) },
      settlement: { total: usDollars(8000) },
      refunded: usDollars(0),
      credits_taken_back: '0',
      dispute: null,
      invoice: `/v1/orders/${opened.id}/invoice`,
    })
    const { body } = await shop.request('GET', `/v1/customers/${paid.customer}/orders`)
    expect(body.data).toEqual([paid])
  })

  test('tax on top of the price', async () => {
    const { payment_details: details, credits } = await bought({ billing_country: 'DE' }, 'DE')
    expect(details.charged).toEqual({ total: usDollars(4760), tax: usDollars(760), net: usDollars(4000) })
    expect(credits).toBe('500')
  })

  async function withTaxInThePrice(work: () => Promise<void>) {
    const opened = await checkout()
    const { orders } = await shop.orders.list(opened.customer, { limit: 1, before: undefined })
    const containTax = (tax_inclusive: boolean) =>
      dodo('PATCH', `/products/${orders[0]?.productId}`, {
        price: { type: 'one_time_price', currency: 'USD', price: 4000, tax_inclusive },
      })
    await containTax(true)
    try {
      await work()
    } finally {
      await containTax(false)
    }
  }

  test('tax contained in the price', async () => {
    await withTaxInThePrice(async () => {
      const { payment_details: details } = await bought({}, 'DE')
      expect(details.charged).toEqual({ total: usDollars(4000), tax: usDollars(639), net: usDollars(3361) })
    })
  })

  test('a discount on a price that contains its tax is what it takes off the price, to the cent', async () => {
    await dodo('POST', '/discounts', { type: 'percentage', amount: 5000, code: 'HALF' })
    await withTaxInThePrice(async () => {
      // Without the tax 16.80 are taken off 33.61: in proportion 19.99 of 40.00.
      const paid = await bought({ billing_country: 'DE', discount_code: 'HALF' }, 'DE')
      expect(paid.discount).toEqual({ code: 'HALF', amount: usDollars(2000) })
      expect(paid.payment_details.charged.total).toEqual(usDollars(2000))
    })
  })

  test('a price that Dodo converted to euros is credited, and both currencies are told', async () => {
    await dodo('PATCH', '/_sandbox/settings', { adaptive_currency: true })
    try {
      const { payment_details: details, price } = await bought({ billing_country: 'DE' }, 'DE')
      expect(price).toEqual(usDollars(4000))
      expect(details.charged).toEqual({
        total: { amount_minor: 4379, currency: 'EUR' },
        tax: { amount_minor: 699, currency: 'EUR' },
        net: { amount_minor: 3680, currency: 'EUR' },
      })
      expect(details.settlement).toMatchObject({ total: { currency: 'USD' } })
      expect(details.refunded).toEqual({ amount_minor: 0, currency: 'EUR' })
    } finally {
      await dodo('PATCH', '/_sandbox/settings', { adaptive_currency: false })
    }
  })

  test('a discount in a converted currency is frozen in that of the price', async () => {
    await dodo('POST', '/discounts', { type: 'percentage', amount: 2500, code: 'QUARTER' })
    await dodo('PATCH', '/_sandbox/settings', { adaptive_currency: true })
    try {
      const paid = await bought({ billing_country: 'DE', discount_code: 'quarter' }, 'DE')
      expect(paid.discount).toEqual({ code: 'QUARTER', amount: usDollars(1000) })
      expect(paid.payment_details.charged.net).toEqual({ amount_minor: 2760, currency: 'EUR' })
    } finally {
      await dodo('PATCH', '/_sandbox/settings', { adaptive_currency: false })
    }
  })

  test('a payment of nothing, for a discount of all of it', async () => {
    await dodo('POST', '/discounts', { type: 'percentage', amount: 10_000, code: 'GIFT' })
    const { payment_details: details } = await bought({ discount_code: 'GIFT' }, 'DE')
    expect(details).toMatchObject({
      standing: 'credited',
      charged: { total: usDollars(0), tax: usDollars(0), net: usDollars(0) },
    })
  })

  test('a currency without decimals', async () => {
    const { payment_details: details, price } = await bought({ pack: 'yen' }, 'JP')
    expect(price).toEqual({ amount_minor: 6000, currency: 'JPY' })
    expect(details.charged).toEqual({
      total: { amount_minor: 6600, currency: 'JPY' },
      tax: { amount_minor: 600, currency: 'JPY' },
      net: { amount_minor: 6000, currency: 'JPY' },
    })
  })

  test('what went back is told as money and as credits, and a dispute by its state', async () => {
    const paid = await bought()
    const about = { payment_id: paid.payment, currency: 'USD', created_at: new Date().toISOString() }
    const refund = { payload_type: 'Refund', refund_id: 'ref_1', amount: 1000, status: 'succeeded', ...about }
    const dispute = {
      payload_type: 'Dispute',
      dispute_id: `dp_${paid.payment}`,
      dispute_status: 'dispute_opened',
      dispute_stage: 'dispute',
      amount: '4000',
      reason: 'fraudulent',
      ...about,
    }
    for (const [type, data] of [
      ['refund.succeeded', { ...refund, refund_id: `ref_${paid.payment}` }],
      ['dispute.opened', dispute],
    ] as const) {
      const event = { business_id: 'bus_1', type, timestamp: new Date().toISOString(), data }
      expect(await deliver(shop, signMessage(shop.secret, event))).toBe(200)
    }
    await expect
      .poll(async () => (await order(paid.id)).payment_details, { timeout: 10_000 })
      .toMatchObject({
        refunded: usDollars(1000),
        credits_taken_back: '125',
        dispute: { state: 'open', stage: 'dispute', amount: usDollars(4000), reason: 'fraudulent' },
      })
  })

  test('a payment that is not what was ordered is told with why it was not credited', async () => {
    const opened = await checkout()
    const event = {
      business_id: 'bus_1',
      type: 'payment.succeeded',
      timestamp: new Date().toISOString(),
      data: {
        payload_type: 'Payment',
        payment_id: `pay_${crypto.randomUUID()}`,
        status: 'succeeded',
        metadata: { tallystick_order: opened.id },
        product_cart: [{ product_id: 'pdt_other', quantity: 1 }],
        total_amount: 4000,
        currency: 'USD',
      },
    }
    await deliver(shop, signMessage(shop.secret, event))
    await expect
      .poll(async () => (await order(opened.id)).payment_details, { timeout: 10_000 })
      .toMatchObject({
        payment: event.data.payment_id,
        standing: 'flagged',
        note: expect.stringContaining('it is for 1 × pdt_other'),
      })
    expect(await order(opened.id)).toMatchObject({ state: 'open', payment: null })
  })

  test('the invoice is passed on as it is, and a 404 says why there is none', async () => {
    const invoice = (id: string) => fetch(`${shop.url}/v1/orders/${id}/invoice`)
    const opened = await checkout()
    const unpaid = await invoice(opened.id)
    expect([unpaid.status, await unpaid.json()]).toMatchObject([
      404,
      { code: 'invoice_not_found', is_paid: false },
    ])
    const paid = await bought()
    withoutInvoice.add(paid.payment)
    const early = await invoice(paid.id)
    expect([early.status, await early.json()]).toMatchObject([
      404,
      { code: 'invoice_not_found', is_paid: true },
    ])
    withoutInvoice.clear()
    const made = await invoice(paid.id)
    expect(made.status).toBe(200)
    expect(made.headers.get('content-type')).toBe('application/pdf')
    expect(made.headers.get('content-disposition')).toBe(`inline; filename="invoice-${paid.id}.pdf"`)
    const pdf = Buffer.from(await made.arrayBuffer())
    const atDodo = await fetch(`${shop.dodo.url}/invoices/payments/${paid.payment}`, {
      headers: { authorization: `Bearer ${shop.dodo.apiKey}` },
    })
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-')
    expect(pdf.equals(Buffer.from(await atDodo.arrayBuffer()))).toBe(true)
    expect((await invoice('ord_nothing')).status).toBe(404)
  })
})
