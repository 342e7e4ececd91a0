/** Ways to pay that customers save, each with what they agreed to. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { forgetBuyer } from '../../src/inbox/forget-buyer.ts'
import { type Driver, openShop, openTestDatabase, type Shop } from '../support/shop.ts'

const consent = {
  consent_text: 'Charge this card when my credits run low, at most $40 a week.',
  url: 'https://app.example/top-up',
  ip: '203.0.113.7',
}

describe.each(['pglite', 'postgres'] as const)('a saved way to pay, on %s', (driver: Driver) => {
  let database: Database
  let shop: Shop

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

  const newCustomer = () => `customer_${crypto.randomUUID()}`

  const ask = (body: object, key: string = crypto.randomUUID()) =>
    shop.request(
      'POST',
      '/v1/checkouts',
      { pack: 'power', return_url: 'http://localhost:3000/back', ...body },
      { 'idempotency-key': key },
    )

  /** Buys a pack, and ticks the box that saves the card. */
  async function buy(customer: string, body: object = {}) {
    const { body: order } = await ask({ customer, ...body })
    const response = await fetch(order.checkout_url, {
      method: 'POST',
      headers: { accept: 'application/json' },
      body: new URLSearchParams({
        email: `${customer}@example.com`,
        name: 'Ada Lovelace',
        country: 'US',
        card_number: '4242 4242 4242 4242',
        expiry: '06 / 32',
        cvc: '123',
        save_card: 'on',
      }),
    })
    expect(await response.json()).toMatchObject({ status: 'succeeded' })
    const state = async () => (await shop.request('GET', `/v1/orders/${order.id}`)).body.state
    await expect.poll(state, { timeout: 10_000, interval: 10 }).toBe('credited')
    return order
  }

  const methods = async (customer: string) =>
    (await shop.request('GET', `/v1/customers/${customer}/payment-methods`)).body.data

  const consents = (customer: string) =>
    database.transaction((tx) =>
      tx.db.selectFrom('payment_consents').selectAll().where('customer_id', '=', customer).execute(),
    )

  test('the consent is recorded before the checkout begins, and linked to what the payment saved', async () => {
    const customer = newCustomer()
    const { body: waiting } = await ask({ customer, save_payment_method: consent })
    expect(await consents(customer)).toMatchObject([
      { consent_text: consent.consent_text, url: consent.url, ip: consent.ip, method_id: null },
    ])
    expect(await methods(customer)).toEqual([])
    const order = await buy(customer, { save_payment_method: consent })
    expect(order.id).not.toBe(waiting.id)
    const saved = await methods(customer)
    expect(saved).toMatchObject([
      {
        kind: 'card',
        last_four: '4242',
        expiry: { month: '06', year: '32' },
        may_be_charged: true,
        consent: { text: consent.consent_text, url: consent.url, ip: consent.ip, order: order.id },
      },
    ])
    expect(Date.parse(saved[0].consent.given_at)).toBeGreaterThan(Date.now() - 60_000)
  })

  test('one that was saved without a consent may not be charged', async () => {
    const customer = newCustomer()
    await buy(customer)
    expect(await methods(customer)).toMatchObject([{ may_be_charged: false, consent: null }])
  })

  test('a repeated checkout keeps the first consent, and another text is another request', async () => {
    const customer = newCustomer()
    const key = crypto.randomUUID()
    const body = { customer, save_payment_method: consent }
    const first = await ask(body, key)
    const moved = await ask({ ...body, save_payment_method: { ...consent, ip: '2001:db8::1' } }, key)
    expect(moved).toEqual(first)
    expect(await consents(customer)).toMatchObject([{ ip: consent.ip }])
    expect(
      await ask({ ...body, save_payment_method: { ...consent, consent_text: 'Anything.' } }, key),
    ).toMatchObject({ status: 409, body: { code: 'idempotency_key_reused' } })
    for (const wrong of [
      {},
      { consent_text: '' },
      { ...consent, ip: 'here' },
      { ...consent, url: 'javascript:1' },
    ])
      expect(await ask({ customer, save_payment_method: wrong })).toMatchObject({ status: 400 })
  })

  test('it is removed at Dodo too, its consent ends, and nobody removes that of another', async () => {
    const [customer, other] = [newCustomer(), newCustomer()]
    await buy(customer, { save_payment_method: consent })
    await buy(other)
    const [{ id }] = await methods(customer)
    const remove = (whose: string, method: string) =>
      shop.request('POST', `/v1/customers/${whose}/payment-methods/${method}/remove`)
    expect(await remove(other, id)).toMatchObject({ status: 404, body: { code: 'payment_method_not_found' } })
    expect(await remove(newCustomer(), id)).toMatchObject({ status: 404 })
    expect(await methods(customer)).toHaveLength(1)
    expect(await remove(customer, id)).toMatchObject({ status: 200 })
    expect(await methods(customer)).toEqual([])
    expect(await consents(customer)).toMatchObject([
      { method_id: id, removed_at: expect.any(Date), consent_text: consent.consent_text },
    ])
    expect(await remove(customer, id)).toMatchObject({ status: 404 })
  })

  test('the portal is linked for who has paid', async () => {
    const customer = newCustomer()
    const portal = (body: object = {}) => shop.request('POST', `/v1/customers/${customer}/portal`, body)
    expect(await portal()).toMatchObject({ status: 404, body: { code: 'not_at_provider' } })
    await buy(customer)
    const { body } = await portal({ return_url: 'http://localhost:3000/account' })
    expect((await fetch(body.url)).status).toBe(200)
  })

  test('erasing a customer forgets where they agreed, and keeps that they did', async () => {
    const customer = newCustomer()
    await buy(customer, { save_payment_method: consent })
    await database.transaction((tx) => forgetBuyer(tx, { mode: 'test', customer, email: undefined }))
    expect(await consents(customer)).toMatchObject([
      { consent_text: consent.consent_text, url: null, ip: null },
    ])
  })
})
