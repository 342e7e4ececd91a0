import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { decimalFromCredits } from '../../src/kernel/credits.ts'
import {
  type Driver,
  deliver,
  newSecret,
  openShop,
  openTestDatabase,
  type Shop,
  type SignedMessage,
  signMessage,
} from '../support/shop.ts'

// Far more than it takes, on a machine that does other things.
const patience = { timeout: 20_000 }

describe.each(['pglite', 'postgres'] as const)('the inbox, on %s', (driver: Driver) => {
  let database: Database
  let shop: Shop
  let count = 0
  const oldSecret = newSecret()

  beforeAll(async () => {
    database = await openTestDatabase(driver)
    const secret = newSecret()
    shop = await openShop({
      database,
      secret,
      dodoOptions: { webhooks: [] },
      provider: { webhookSecrets: [secret, oldSecret] },
    })
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

  const next = (prefix: string) => `${prefix}_${(count += 1)}`

  async function opened(customer = next('customer')) {
    const { body } = await shop.request('POST', '/v1/checkouts', {
      customer,
      pack: 'power',
      return_url: 'http://localhost:3000/back',
    })
    const order = await database.transaction(async (tx) => {
      const { rows } = await sql<{ provider_product_id: string }>`
        select provider_product_id from orders where provider_session_id = ${body.provider_session}`.execute(
        tx.db,
      )
      return rows[0]
    })
    return { customer, order: body.id as string, product: order?.provider_product_id ?? '' }
  }

  const paymentOf = (product: string, metadata: object, payment = next('pay')) => ({
    payload_type: 'Payment',
    payment_id: payment,
    status: 'succeeded',
    customer: { customer_id: next('cus') },
    metadata,
    product_cart: [{ product_id: product, quantity: 1 }],
    total_amount: 4000,
    tax: 0,
    currency: 'USD',
  })

  const event = (type: string, data: object) => ({
    business_id: 'bus_1',
    type,
    timestamp: new Date().toISOString(),
    data,
  })

  async function send(message: SignedMessage): Promise<string> {
    expect(await deliver(shop, message)).toBe(200)
    const id = message.headers['webhook-id'] ?? ''
    await expect.poll(async () => (await shown(id)).state, patience).not.toBe('received')
    return id
  }

  const shown = async (id: string) => (await shop.request('GET', `/v1/inbox/${id}`)).body
  const replay = async (body: object) => (await shop.request('POST', '/v1/inbox/replay', body)).body
  const available = async (customer: string) =>
    decimalFromCredits(
      (await shop.ledger.balance({ mode: 'test', customer, unit: 'credits' })).balance.available,
    )

  test('a flagged message is listed, shown byte for byte, and processed when it is played again after its cause is mended', async () => {
    const { product } = await opened()
    const customer = next('newcomer')
    const payment = next('pay')
    const message = signMessage(
      shop.secret,
      event('payment.succeeded', paymentOf(product, { tallystick_customer: customer }, payment)),
    )
    const id = await send(message)
    expect(await shown(id)).toMatchObject({
      state: 'flagged',
      entity: payment,
      body: message.body,
      erased: false,
    })
    const { data } = (await shop.request('GET', `/v1/inbox?state=flagged&entity=${payment}`)).body
    expect(data).toMatchObject([{ message_id: id, note: expect.stringContaining('Assign it to a customer') }])
    expect(data[0]).not.toHaveProperty('body')
    await opened(customer)
    expect(await replay({ ids: [id] })).toMatchObject({ data: [{ message_id: id, outcome: 'processed' }] })
    expect(await available(customer)).toBe('500')
    expect(await replay({ ids: [id, 'msg_nowhere'] })).toMatchObject({
      data: [{ outcome: 'processed' }, { outcome: 'not_found' }],
    })
    expect(await available(customer)).toBe('500')
  })

  test('all of a type and a time are played again, a page at a time: nothing is done twice', async () => {
    const bought = [await opened(), await opened(), await opened()]
    const from = new Date().toISOString()
    for (const { order, product } of bought)
      await send(
        signMessage(shop.secret, event('payment.succeeded', paymentOf(product, { tallystick_order: order }))),
      )
    const first = await replay({ type: 'payment.succeeded', from, limit: 2 })
    expect(first.data).toHaveLength(2)
    const second = await replay({ type: 'payment.succeeded', from, limit: 2, cursor: first.next_cursor })
    expect(second).toMatchObject({ data: [{ outcome: 'processed' }], next_cursor: null })
    for (const { customer } of bought) expect(await available(customer)).toBe('500')
  })

  test('an old message that is played again undoes nothing newer', async () => {
    const { customer, order, product } = await opened()
    const payment = next('pay')
    await send(
      signMessage(
        shop.secret,
        event('payment.succeeded', paymentOf(product, { tallystick_order: order }, payment)),
      ),
    )
    const dispute = (status: string) => ({
      payload_type: 'Dispute',
      dispute_id: `dp_of_${payment}`,
      payment_id: payment,
      dispute_status: status,
      dispute_stage: 'dispute',
      amount: '4000',
      currency: 'USD',
    })
    const spendable = async () =>
      decimalFromCredits(
        (await shop.ledger.balance({ mode: 'test', customer, unit: 'credits' })).balance.spendable,
      )
    const at = (seconds: number) => new Date(Date.now() - seconds * 1000)
    const openedId = await send(
      signMessage(shop.secret, event('dispute.opened', dispute('dispute_opened')), { at: at(100) }),
    )
    expect(await spendable()).toBe('0')
    await send(signMessage(shop.secret, event('dispute.won', dispute('dispute_won')), { at: at(50) }))
    expect(await spendable()).toBe('500')
    expect(await replay({ ids: [openedId] })).toMatchObject({ data: [{ outcome: 'processed' }] })
    expect(await spendable()).toBe('500')
  })

  test('both secrets are believed while one is being replaced', async () => {
    for (const secret of [shop.secret, oldSecret]) {
      const { customer, order, product } = await opened()
      await send(
        signMessage(secret, event('payment.succeeded', paymentOf(product, { tallystick_order: order }))),
      )
      expect(await available(customer)).toBe('500')
    }
    const forged = signMessage(newSecret(), event('payment.succeeded', paymentOf('pdt_1', {})))
    expect(await deliver(shop, forged)).toBe(401)
  })

  test('what nobody knows is kept, a hand-made payment.refunded too', async () => {
    for (const type of ['payment.refunded', 'something.new']) {
      const id = await send(signMessage(shop.secret, event(type, { payment_id: 'pay_1' })))
      expect(await shown(id)).toMatchObject({ state: 'ignored', event_type: type })
    }
    const { data } = (await shop.request('GET', '/v1/inbox?type=payment.refunded')).body
    expect(data).toHaveLength(1)
  })

  test('a refund of a part that does not say of how much takes nothing before that is told, and waits for a person', async () => {
    const { customer, order, product } = await opened()
    const bought = paymentOf(product, { tallystick_order: order })
    await send(signMessage(shop.secret, event('payment.succeeded', bought)))
    const refund = {
      refund_id: next('ref'),
      payment_id: bought.payment_id,
      status: 'succeeded',
      is_partial: true,
      amount: null,
      currency: null,
    }
    const id = await send(signMessage(shop.secret, event('refund.succeeded', refund)))
    expect(await shown(id)).toMatchObject({
      state: 'flagged',
      note: expect.stringContaining(refund.refund_id),
    })
    const withRefund = (told: object) => event('payment.succeeded', { ...bought, refunds: [told] })
    await send(signMessage(shop.secret, withRefund(refund)))
    expect(await available(customer)).toBe('500')
    await send(signMessage(shop.secret, withRefund({ ...refund, amount: 1000, currency: 'USD' })))
    expect(await available(customer)).toBe('375')
  })

  test('a refund that says neither an amount nor that it is of a part takes all', async () => {
    const { customer, order, product } = await opened()
    const bought = paymentOf(product, { tallystick_order: order })
    await send(signMessage(shop.secret, event('payment.succeeded', bought)))
    const refund = {
      refund_id: next('ref'),
      payment_id: bought.payment_id,
      status: 'succeeded',
      amount: null,
    }
    await send(signMessage(shop.secret, event('refund.succeeded', refund)))
    expect(await available(customer)).toBe('0')
  })

  test('what Postgres cannot keep as text is kept all the same, and the credits follow', async () => {
    const { customer, order, product } = await opened()
    const payment = next('pay')
    const bought = {
      ...paymentOf(product, { tallystick_order: order }, payment),
      customer: { customer_id: next('cus'), name: 'Ada\0' },
      payment_method_id: 'pm\0_\uD800',
    }
    await send(signMessage(shop.secret, event('payment.succeeded', bought)))
    expect(await available(customer)).toBe('500')
    const refund = {
      refund_id: `ref_of_${payment}`,
      payment_id: payment,
      status: 'succeeded',
      amount: 2000,
      currency: 'USD',
      reason: 'Too\0 dear',
    }
    const message = signMessage(shop.secret, event('refund.succeeded', refund))
    const id = await send(message)
    expect(message.body).toContain('\\u0000')
    expect(await shown(id)).toMatchObject({ state: 'processed', body: message.body })
    expect(await available(customer)).toBe('250')
    // Its refund is read again with whatever is told of the payment later.
    await send(signMessage(shop.secret, event('payment.succeeded', { ...bought, refunds: [refund] })))
    expect(await available(customer)).toBe('250')

    const odd = await send(signMessage(shop.secret, event('something\0new', {})))
    expect(await shown(odd)).toMatchObject({ state: 'ignored', event_type: 'something\uFFFDnew' })
    const notJson = await send(signMessage(shop.secret, '{"type":"\0"}'))
    expect(await shown(notJson)).toMatchObject({ state: 'flagged', body: '{"type":"\uFFFD"}' })
  })

  test('a request that does not say which messages is told so', async () => {
    for (const body of [
      {},
      { ids: [] },
      { ids: ['msg_1'], type: 'payment.succeeded' },
      { from: 'yesterday' },
    ])
      expect(await shop.request('POST', '/v1/inbox/replay', body)).toMatchObject({
        status: 400,
        body: { code: 'invalid_request' },
      })
    expect(await shop.request('GET', '/v1/inbox/msg_nowhere')).toMatchObject({
      status: 404,
      body: { code: 'message_not_found' },
    })
  })
})
