import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { defineCatalog, pack, usd } from '../catalog/define-catalog.ts'
import { decimalFromCredits, micros } from '../kernel/credits.ts'
import { formatId } from '../kernel/ids.ts'
import { createTestEngine, type TestEngine, type TestEngineOptions } from './create-test-engine.ts'

const catalog = defineCatalog({
  units: { credits: {} },
  actions: { 'image.hires': { credits: 5 } },
  packs: {
    starter: pack({ credits: 100, price: usd(10) }),
    adopted: pack({ credits: 100, price: usd(10), dodoProduct: 'pdt_adopted' }),
    granted: pack({ credits: 100, price: usd(10), grantOn: 'entitlement' }),
  },
})

const start = new Date('2026-01-31T12:00:00Z')

async function open(options: Partial<TestEngineOptions<typeof catalog>> = {}) {
  const made = await createTestEngine({ catalog, now: start, ...options })
  onTestFinished(() => made.close())
  return made
}

type Opened = TestEngine<typeof catalog>

const twentyFive = micros(25_000_000n)

async function available({ engine }: Opened): Promise<string> {
  const { balance } = await engine.balance({ customer: 'ada' })
  return decimalFromCredits(balance.available)
}

function checkout({ engine }: Opened, chosen: 'starter' | 'adopted' | 'granted' = 'starter') {
  return engine.orders.checkout({
    customer: 'ada',
    pack: chosen,
    quantity: 1,
    returnUrl: 'https://app.test/',
    cancelUrl: undefined,
    idempotencyKey: crypto.randomUUID(),
  })
}

test('a test engine is its own: two at once share nothing', async () => {
  const [one, other] = await Promise.all([open(), open()])
  const order = await checkout(one)
  await one.payments.pay(order)
  expect(await available(one)).toBe('100')
  expect(await available(other)).toBe('0')
  await expect(other.payments.pay(order)).rejects.toThrow('no checkout for the order ord_')
  await one.clock.advance({ days: 1 })
  expect(other.clock.now()).toEqual(start)
})

describe('the clock', () => {
  test('stands still until it is advanced, by calendar months and by exact times', async () => {
    const { engine, clock } = await open()
    const grant = { customer: 'ada', source: 'promotion', credits: twentyFive, name: 'Trial' } as const
    await engine.grant({ ...grant, idempotencyKey: '1' })
    const { entries } = await engine.entries({ customer: 'ada', limit: 1 })
    expect(entries[0]?.recordedAt).toEqual(start)
    await clock.advance({ months: 1 })
    expect(clock.now()).toEqual(new Date('2026-02-28T12:00:00Z'))
    await clock.advance({ days: 1, hours: 2, minutes: 3, seconds: 4 })
    expect(clock.now()).toEqual(new Date('2026-03-01T14:03:04Z'))
  })

  test('expires lots and lapses holds, whatever the real time is', async () => {
    const test = await open()
    const { engine, clock } = test
    const grant = { customer: 'ada', source: 'promotion', credits: twentyFive, name: 'Trial' } as const
    const expiresAt = new Date('2026-02-10T00:00:00Z')
    await engine.grant({ ...grant, expiry: { at: expiresAt }, idempotencyKey: '1' })
    await engine.hold({
      customer: 'ada',
      action: 'image.hires',
      expiresInSeconds: 600,
      idempotencyKey: '2',
    })
    expect(await available(test)).toBe('20')
    await clock.advance({ seconds: 600 })
    expect(await available(test)).toBe('25')
    await clock.set(new Date(expiresAt.getTime() - 1))
    expect(await available(test)).toBe('25')
    await clock.set(expiresAt)
    expect(await available(test)).toBe('0')
  })

  test('never goes back', async () => {
    const { clock } = await open()
    await expect(clock.set(new Date('2026-01-31T11:59:59Z'))).rejects.toThrow(
      "The clock stands at 2026-01-31T12:00:00.000Z and cannot be set back to 2026-01-31T11:59:59.000Z: a ledger's time never goes back.",
    )
    await expect(clock.advance({ days: Number.NaN })).rejects.toThrow('no valid date')
    expect(clock.now()).toEqual(start)
  })

  test('brings the background work that comes due', async () => {
    const test = await open()
    const { engine, clock } = test
    const customer = 'visitor'
    await engine.customers.put({ customer: 'ada', email: undefined, name: undefined })
    await engine.grant({
      customer,
      credits: twentyFive,
      source: 'promotion',
      name: 'Trial',
      idempotencyKey: '1',
    })
    await engine.hold({ customer, action: 'image.hires', expiresInSeconds: 60, idempotencyKey: '2' })
    await engine.customers.merge({ customer, into: 'ada' })
    expect(await available(test)).toBe('20')
    await clock.advance({ hours: 1 })
    expect(await available(test)).toBe('25')
  })

  test('needs no timers, which a test runner may have taken away', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const test = await open()
    await test.payments.pay(await checkout(test))
    expect(await available(test)).toBe('100')
  })
})

describe('payments', () => {
  test('a paid order is credited once, however often its message comes', async () => {
    const test = await open()
    const order = await checkout(test)
    expect(order).toMatchObject({ state: 'open', checkoutUrl: 'https://checkout.test/ses_1' })
    const credited = await test.payments.pay(order)
    expect(credited).toMatchObject({ state: 'credited', paymentId: 'pay_1', creditedAt: start })
    expect(await test.payments.deliverAgain(order)).toEqual(credited)
    expect(await test.payments.deliverAgain({ id: formatId('order', order.id) })).toEqual(credited)
    expect(await available(test)).toBe('100')
    expect(await test.engine.inbox.messages({ orderId: order.id, limit: 10 })).toMatchObject([
      { messageId: 'msg_1', state: 'processed', attempts: 1 },
    ])
  })

  test('a declined payment credits nothing and says why, and the order can still be paid', async () => {
    const test = await open()
    const order = await checkout(test)
    expect(await test.payments.decline(order, { code: 'INSUFFICIENT_FUNDS' })).toMatchObject({
      state: 'open',
      failure: {
        code: 'INSUFFICIENT_FUNDS',
        message: 'There is not enough money on this card. Use another card.',
      },
    })
    expect((await test.payments.decline(order)).failure?.code).toBe('CARD_DECLINED')
    expect(await available(test)).toBe('0')
    expect(await test.payments.pay(order)).toMatchObject({ state: 'credited', failure: undefined })
  })

  test('a payment of another price, and a second one, are flagged and told', async () => {
    const test = await open()
    const order = await checkout(test)
    await expect(test.payments.pay(order, { charged: { amountMinor: 1n, currency: 'USD' } })).rejects.toThrow(
      'The payment pay_1 has succeeded and was not credited: 0.01 USD were charged, 0.01 USD without tax, and the price of the order is 10.00 USD.',
    )
    expect(await test.engine.orders.order(order.id)).toMatchObject({ state: 'open' })
    await test.payments.pay(order)
    await expect(test.payments.pay(order)).rejects.toThrow('its order was already paid by the payment pay_2')
    expect(await available(test)).toBe('100')
  })

  test('an adopted product sells at the price of its pack, until told otherwise', async () => {
    const test = await open()
    await test.payments.pay(await checkout(test, 'adopted'))
    test.payments.putProduct('pdt_adopted', { amountMinor: 900n, currency: 'USD' })
    await expect(checkout(test, 'adopted')).rejects.toMatchObject({ code: 'product_mismatch' })
  })

  test('what the fake did not sign is refused', async () => {
    const { server } = await open()
    const forged = new Request(`${server.url}/v1/webhooks/dodo`, { method: 'POST', body: '{}' })
    expect((await server.fetch(forged)).status).toBe(401)
  })
})

describe('money that goes back', () => {
  async function paid() {
    const test = await open()
    const order = await checkout(test)
    await test.payments.pay(order)
    return { test, order }
  }

  test('a refund takes the share of the credits back, and a second one the rest', async () => {
    const { test, order } = await paid()
    const amount = { amountMinor: 250n, currency: 'USD' }
    const part = await test.payments.refund(order, { amount })
    expect(part.payment).toMatchObject({ refunded: amount, creditsTakenBack: twentyFive })
    expect(await available(test)).toBe('75')
    expect((await test.payments.refund(order)).payment?.refunded?.amountMinor).toBe(1000n)
    expect(await available(test)).toBe('0')
    await expect(test.payments.refund(order)).rejects.toThrow('refunded in full')
  })

  test('a refund that was asked for through the engine is brought to its end', async () => {
    const { test, order } = await paid()
    const { refunds } = test.engine
    const asked = await refunds.refund({
      orderId: order.id,
      asked: { kind: 'unused' },
      actor: undefined,
      reason: undefined,
      idempotencyKey: '1',
    })
    expect(asked.state).toBe('pending')
    await test.payments.refund(order)
    expect((await refunds.follow(asked.id)).state).toBe('succeeded')
    expect(await refunds.list(order.id)).toHaveLength(1)
    expect(await available(test)).toBe('0')
  })

  test('credits are frozen while a dispute is open, free again when it is won, gone when it is lost', async () => {
    const { test, order } = await paid()
    expect((await test.payments.openDispute(order)).payment?.dispute?.state).toBe('open')
    expect((await test.engine.balance({ customer: 'ada' })).balance).toMatchObject({
      frozen: 100_000_000n,
      spendable: 0n,
    })
    expect((await test.payments.winDispute(order)).payment?.dispute?.state).toBe('won')
    expect((await test.engine.balance({ customer: 'ada' })).balance.spendable).toBe(100_000_000n)
    await test.payments.openDispute(order)
    const lost = await test.payments.loseDispute(order)
    expect(lost.payment).toMatchObject({ dispute: { state: 'lost' }, creditsTakenBack: 100_000_000n })
    expect(await available(test)).toBe('0')
    expect(await test.payments.deliverAgain(order)).toEqual(lost)
  })

  test('of nothing that was paid, nothing goes back', async () => {
    const test = await open()
    const order = await checkout(test)
    await expect(test.payments.refund(order)).rejects.toThrow(
      /^The order ord_.* is open: nothing was paid for it\.$/,
    )
    await expect(test.payments.openDispute(order)).rejects.toThrow('nothing was paid')
    await test.payments.pay(order)
    await expect(test.payments.winDispute(order)).rejects.toThrow('No dispute of the order ord_')
    const amount = { amountMinor: 250n, currency: 'EUR' }
    await expect(test.payments.refund(order, { amount })).rejects.toThrow('was made in USD')
    await expect(test.payments.openDispute(order, { amount })).rejects.toThrow(
      'up to 10.00 USD can be disputed',
    )
  })
})

test("a pack that the provider's own credit system grants is credited when it is paid", async () => {
  const test = await open()
  expect(await test.payments.pay(await checkout(test, 'granted'))).toMatchObject({ state: 'credited' })
  expect(await available(test)).toBe('100')
})

test('the server answers a client in the process', async () => {
  const { server } = await open()
  const headers = { authorization: `Bearer ${server.apiKey}` }
  const answer = await server.fetch(new Request(`${server.url}/v1/customers/ada/balance`, { headers }))
  expect(await answer.json()).toMatchObject({ available: '0' })
})

test('an engine that observes refuses nothing', async () => {
  const { engine } = await open({ observe: true })
  await engine.charge({ customer: 'ada', action: 'image.hires', idempotencyKey: '1' })
  await expect(
    (await open()).engine.charge({ customer: 'ada', action: 'image.hires', idempotencyKey: '1' }),
  ).rejects.toMatchObject({ code: 'insufficient_credits' })
})
