/** Refunds that are asked for here: how much, once, and what becomes of the credits meanwhile and afterwards. */
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { decimalFromCredits } from '../../src/kernel/credits.ts'
import { chargeOf, holdOf } from '../../src/ledger/__fixtures__/operations.ts'
import { bringCredits } from '../../src/merges/bring-credits.ts'
import { noteMerge } from '../../src/merges/note-merge.ts'
import { takeCredits } from '../../src/merges/take-credits.ts'
import type { PaymentProvider } from '../../src/providers/provider.ts'
import { type Driver, openShop, openTestDatabase, payInBrowser, type Shop } from '../support/shop.ts'

const returnUrl = 'http://localhost:3000/back'

// They end when a test says so.
const refundMs = 3_600_000

describe.each(['pglite', 'postgres'] as const)('refunding an order, on %s', (driver: Driver) => {
  let database: Database
  let shop: Shop

  beforeAll(async () => {
    database = await openTestDatabase(driver)
    shop = await openShop({ database, dodoOptions: { behaviour: { refundMs } } })
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

  /** The pack `power`: 500 credits for 40.00 USD, bought by a new customer. */
  async function buy(country = 'US') {
    const customer = `customer_${crypto.randomUUID()}`
    const { body: opened } = await shop.request('POST', '/v1/checkouts', {
      customer,
      pack: 'power',
      return_url: returnUrl,
      billing_country: country,
    })
    await payInBrowser(opened.checkout_url)
    await expect
      .poll(async () => (await shop.request('GET', `/v1/orders/${opened.id}`)).body.state, {
        timeout: 10_000,
        interval: 10,
      })
      .toBe('credited')
    const { body: order } = await shop.request('GET', `/v1/orders/${opened.id}`)
    const owner = { mode: 'test', customer, unit: 'credits' } as const
    return {
      id: String(order.id),
      payment: String(order.payment),
      owner,
      spend: (credits: string) => shop.ledger.submit(chargeOf(owner, credits)),
      quote: async () => (await shop.request('GET', `/v1/orders/${order.id}/refund-quote`)).body,
      refund: (body: object, key: string = crypto.randomUUID(), at: Shop = shop) =>
        at.request('POST', `/v1/orders/${order.id}/refunds`, body, { 'idempotency-key': key }),
      refunds: async () => (await shop.request('GET', `/v1/orders/${order.id}/refunds`)).body.data,
      /** What is there, what of it can be spent, and what is owed. */
      async balance() {
        const { balance } = await shop.ledger.balance(owner)
        return [balance.available, balance.spendable, balance.debt].map(decimalFromCredits)
      },
    }
  }
  type Purchase = Awaited<ReturnType<typeof buy>>

  async function control(path: string, body: object) {
    const response = await fetch(`${shop.dodo.url}/_sandbox/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    })
    const answer = (await response.json()) as Record<string, string>
    if (!response.ok) throw new Error(`The local Dodo refused ${path}: ${JSON.stringify(answer)}`)
    return answer
  }

  const fault = (rule: object) => control('faults', { rules: [rule] })

  /** Dodo's end of the refund that is under way, and what it brings here by its message. */
  async function end(purchase: Purchase, outcome: 'succeeded' | 'failed' | 'review' = 'succeeded') {
    const underWay = (await purchase.refunds()).find(({ state }: { state: string }) =>
      ['pending', 'review'].includes(state),
    )
    await control(`refunds/${underWay.provider_refund}/settle`, { outcome })
    if (outcome !== 'review') await becomes(purchase, underWay.id, outcome)
  }

  async function becomes(purchase: Purchase, id: string, state: string) {
    const find = async () => (await purchase.refunds()).find((one: { id: string }) => one.id === id)?.state
    await expect.poll(find, { timeout: 10_000, interval: 10 }).toBe(state)
  }

  async function atDodo({ payment }: Purchase): Promise<{ amount: number; status: string }[]> {
    const response = await fetch(`${shop.dodo.url}/payments/${payment}`, {
      headers: { authorization: `Bearer ${shop.dodo.apiKey}` },
    })
    return ((await response.json()) as { refunds: { amount: number; status: string }[] }).refunds
  }

  /** What the job does once the order's refund is due. */
  async function lookAfter({ payment }: Purchase, at: Shop = shop) {
    await database.transaction((tx) =>
      sql`update refund_requests set look_at = now() - interval '1 hour'
        where payment_id = ${payment} and look_at is not null`.execute(tx.db),
    )
    await at.lookAfterRefunds()
  }

  /** Another process of the shop, between which and Dodo something stands. */
  async function openOther(wrapProvider: (provider: PaymentProvider) => PaymentProvider) {
    const other = await openShop({
      database,
      dodo: shop.dodo,
      secret: shop.secret,
      work: false,
      wrapProvider,
    })
    onTestFinished(() => other.close())
    return other
  }

  test('all of it: the credits are frozen at once, and taken back when the money is', async () => {
    const order = await buy()
    const { status, body } = await order.refund({ all: true, reason: 'Wrong pack', actor: 'ops@example.com' })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      id: expect.stringMatching(/^rfd_/),
      order: order.id,
      payment: order.payment,
      state: 'pending',
      kind: 'all',
      amount: { amount_minor: 4000, currency: 'USD' },
      credits: null,
      reason: 'Wrong pack',
      actor: 'ops@example.com',
      failure: null,
    })
    expect(await order.balance()).toEqual(['500', '0', '0'])
    await expect(order.spend('1')).rejects.toMatchObject({ code: 'insufficient_credits' })
    await end(order)
    expect(await order.balance()).toEqual(['0', '0', '0'])
    expect(await atDodo(order)).toMatchObject([{ amount: 4000, status: 'succeeded' }])
    expect((await order.refund({ all: true })).body).toMatchObject({
      status: 422,
      code: 'nothing_left_to_refund',
      paid: { amount_minor: 4000, currency: 'USD' },
    })
  })

  test('a part, and another: each takes its share, and the last one the rest', async () => {
    const order = await buy()
    for (const [amount_minor, left] of [
      [1000, '375'],
      [333, '333.375'],
      [2667, '0'],
    ] as const) {
      expect((await order.refund({ amount_minor })).body).toMatchObject({ state: 'pending', kind: 'amount' })
      await end(order)
      expect(await order.balance()).toEqual([left, left, '0'])
    }
    expect((await order.refund({ amount_minor: 1 })).body.code).toBe('nothing_left_to_refund')
  })

  test('more than is left is refused with what is left', async () => {
    const order = await buy()
    await order.refund({ amount_minor: 1000 })
    await end(order)
    expect((await order.refund({ amount_minor: 3001 })).body).toMatchObject({
      status: 422,
      code: 'refund_exceeds_payment',
      asked: { amount_minor: 3001, currency: 'USD' },
      left: { amount_minor: 3000, currency: 'USD' },
      paid: { amount_minor: 4000, currency: 'USD' },
    })
    expect(await order.balance()).toEqual(['375', '375', '0'])
  })

  test('the unused, with the tax that was paid for them: the quote says both numbers, the refund is of exactly these', async () => {
    const order = await buy('DE')
    await order.spend('123.456789')
    // 376.543211 of 500 credits are 0.753086… of the 47.60 EUR-like total with 19 % of tax.
    const quote = await order.quote()
    const total = quote.paid.amount_minor
    const expected = Math.floor((total * 376_543_211) / 500_000_000)
    expect(quote).toMatchObject({
      order: order.id,
      unit: 'credits',
      unused: { credits: '376.543211', amount: { amount_minor: expected } },
      all: { credits: '500', amount: { amount_minor: total } },
      left: { amount_minor: total },
      refused: null,
    })
    const { body } = await order.refund({ unused: true })
    expect(body).toMatchObject({
      kind: 'unused',
      credits: '376.543211',
      amount: { amount_minor: expected, currency: quote.paid.currency },
    })
    expect((await order.quote()).refused.code).toBe('refund_under_way')
    await end(order)
    expect(await order.balance()).toEqual(['0', '0', '0'])
    expect(await atDodo(order)).toMatchObject([{ amount: expected }])
    expect((await order.refund({ unused: true })).body).toMatchObject({ code: 'nothing_unused', status: 422 })
    const after = await order.quote()
    expect(after.unused).toMatchObject({ credits: '0', amount: { amount_minor: 0 } })
    expect(after.all).toMatchObject({ credits: '123.456789', amount: { amount_minor: total - expected } })
  })

  test('the unused that a merge took to another customer are quoted, frozen and refunded there', async () => {
    const [order, others] = [await buy(), await buy()]
    await order.spend('100')
    const key = await database.transaction(async (tx) => {
      const { mode, customer, unit } = order.owner
      const merge = await noteMerge(tx, { mode, customer, into: others.owner.customer })
      return takeCredits(tx, { merge, unit }, shop.ledger.context)
    })
    await database.transaction((tx) => bringCredits(tx, key!, shop.ledger.context))
    expect(await others.balance()).toEqual(['900', '900', '0'])
    expect((await order.quote()).unused).toMatchObject({ credits: '400', amount: { amount_minor: 3200 } })
    expect((await order.refund({ unused: true })).body).toMatchObject({ kind: 'unused', credits: '400' })
    expect(await others.balance()).toEqual(['900', '500', '0'])
    await end(order)
    expect(await others.balance()).toEqual(['500', '500', '0'])
    expect(await order.balance()).toEqual(['0', '0', '0'])
  })

  test('what a hold has set aside is not unused, and comes back frozen while the refund is under way, free afterwards', async () => {
    const order = await buy()
    const hold = await shop.ledger.submit(holdOf(order.owner, '100'))
    expect((await order.quote()).unused).toMatchObject({ credits: '400', amount: { amount_minor: 3200 } })
    await order.refund({ unused: true })
    const { walletId } = chargeOf(order.owner, '1')
    await shop.ledger.submit({
      kind: 'release',
      walletId,
      key: { id: crypto.randomUUID(), fingerprint: 0n },
      holdId: hold.hold?.id ?? '',
    })
    expect(await order.balance()).toEqual(['500', '0', '0'])
    await end(order)
    expect(await order.balance()).toEqual(['100', '100', '0'])
  })

  test('what is spent while the refund is asked for is not refunded, and never owed', async () => {
    const order = await buy()
    const spending = Array.from({ length: 60 }, () => order.spend('1'))
    const { body } = await order.refund({ unused: true })
    const spent = (await Promise.allSettled(spending)).filter(({ status }) => status === 'fulfilled').length
    expect(body).toMatchObject({
      credits: String(500 - spent),
      amount: { amount_minor: Math.floor((4000 * (500 - spent)) / 500) },
    })
    await end(order)
    expect(await order.balance()).toEqual(['0', '0', '0'])
  })

  test('one that fails frees the credits, and another may be asked for', async () => {
    const order = await buy()
    await order.spend('100')
    const { body } = await order.refund({ unused: true })
    await end(order, 'failed')
    expect((await order.refunds())[0]).toMatchObject({
      id: body.id,
      state: 'failed',
      failure: expect.stringContaining('could not give the money back'),
    })
    expect(await order.balance()).toEqual(['400', '400', '0'])
    expect((await order.refund({ unused: true })).body.state).toBe('pending')
    await end(order)
    expect(await order.balance()).toEqual(['0', '0', '0'])
  })

  test('one that fails leaves frozen what a person froze meanwhile, until a person sets it free', async () => {
    const order = await buy()
    await order.refund({ unused: true })
    const { lots } = await shop.ledger.balance(order.owner)
    const byHand = (kind: 'freeze' | 'unfreeze') => {
      const { walletId, key } = chargeOf(order.owner, '1')
      return shop.ledger.submit({ kind, walletId, key, lotId: lots[0]?.id ?? '', reason: undefined })
    }
    await byHand('freeze')
    await end(order, 'failed')
    expect(await order.balance()).toEqual(['500', '0', '0'])
    await byHand('unfreeze')
    expect(await order.balance()).toEqual(['500', '500', '0'])
  })

  test('a double click is one refund, and the same key with another body is refused', async () => {
    const order = await buy()
    const key = crypto.randomUUID()
    const answers = await Promise.all([1, 2, 3].map(() => order.refund({ amount_minor: 500 }, key)))
    for (const { body } of answers) expect(body).toEqual(answers[0]?.body)
    expect(await atDodo(order)).toHaveLength(1)
    await end(order)
    expect((await order.refund({ amount_minor: 500 }, key)).body).toMatchObject({
      id: answers[0]?.body.id,
      state: 'succeeded',
    })
    expect((await order.refund({ amount_minor: 501 }, key)).body.code).toBe('idempotency_key_reused')
    expect(await order.refunds()).toHaveLength(1)
  })

  test('of two keys at once, at two processes, one is refused while the other is under way', async () => {
    const order = await buy()
    const other = await openOther((provider) => provider)
    const answers = await Promise.all([
      order.refund({ amount_minor: 500 }),
      order.refund({ amount_minor: 700 }, crypto.randomUUID(), other),
    ])
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.find(({ status }) => status === 409)?.body.code).toBe('refund_under_way')
    expect(await atDodo(order)).toHaveLength(1)
  })

  test('one whose answer is lost is found by its request, and not sent again', async () => {
    const order = await buy()
    await fault({ kind: 'lost_answer', route: 'POST /refunds' })
    const { body } = await order.refund({ amount_minor: 1000 })
    expect(body).toMatchObject({ state: 'pending', provider_refund: expect.any(String) })
    expect(await atDodo(order)).toHaveLength(1)
    await end(order)
    expect(await order.balance()).toEqual(['375', '375', '0'])
  })

  test('one that Dodo did not take for an error of its own waits, with its credits frozen, and is sent again later', async () => {
    const order = await buy()
    await fault({ kind: 'server_error', route: 'POST /refunds' })
    const { status, body } = await order.refund({ amount_minor: 1000 })
    expect({ status, body }).toMatchObject({ status: 200, body: { state: 'asked', provider_refund: null } })
    expect(await order.balance()).toEqual(['500', '0', '0'])
    expect((await order.refund({ all: true })).body.code).toBe('refund_under_way')
    expect(await atDodo(order)).toHaveLength(0)
    await lookAfter(order)
    expect((await order.refunds())[0]).toMatchObject({ id: body.id, state: 'pending' })
    await end(order)
    expect(await order.balance()).toEqual(['375', '375', '0'])
    expect(await atDodo(order)).toHaveLength(1)
  })

  test('what Dodo refuses ends the request with its reason, and the credits are free', async () => {
    const order = await buy()
    const other = await openOther((provider) => ({
      ...provider,
      refund: async (request) => {
        // Somebody at the dashboard was faster.
        await control(`payments/${request.paymentId}/refund`, { amount: 100 })
        return provider.refund(request)
      },
    }))
    const { status, body } = await order.refund({ amount_minor: 1000 }, crypto.randomUUID(), other)
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { state: 'failed', failure: expect.stringContaining('refund of this payment is pending') },
    })
    expect(await order.balance()).toEqual(['500', '500', '0'])
  })

  test('a process that dies after it has written a refund down leaves it to another, which sends it once', async () => {
    const order = await buy()
    const dying = await openOther((provider) => ({
      ...provider,
      refund: () => Promise.reject(new Error('killed')),
    }))
    const key = crypto.randomUUID()
    expect((await order.refund({ unused: true }, key, dying)).status).toBe(500)
    expect((await order.refunds())[0]).toMatchObject({ state: 'asked', credits: '500' })
    await expect(order.spend('1')).rejects.toMatchObject({ code: 'insufficient_credits' })
    expect((await order.refund({ unused: true }, key)).body).toMatchObject({ state: 'asked' })
    expect(await atDodo(order)).toHaveLength(0)
    await lookAfter(order)
    await lookAfter(order)
    expect(await atDodo(order)).toHaveLength(1)
    await end(order)
    expect(await order.balance()).toEqual(['0', '0', '0'])
  })

  test('a process that dies after Dodo has taken a refund leaves it to another, which finds it', async () => {
    const order = await buy()
    const dying = await openOther((provider) => ({
      ...provider,
      refund: async (request) => {
        await provider.refund(request)
        throw new Error('killed')
      },
    }))
    expect((await order.refund({ amount_minor: 1000 }, crypto.randomUUID(), dying)).status).toBe(500)
    expect(await atDodo(order)).toHaveLength(1)
    await lookAfter(order)
    expect((await order.refunds())[0]).toMatchObject({
      state: 'pending',
      provider_refund: expect.any(String),
    })
    expect(await atDodo(order)).toHaveLength(1)
    await end(order)
    expect(await order.balance()).toEqual(['375', '375', '0'])
  })

  test('one that was sent twice before its first answer was seen is not taken for refused', async () => {
    const order = await buy()
    const dying = await openOther((provider) => ({
      ...provider,
      refund: async (request) => {
        await provider.refund(request)
        throw new Error('killed')
      },
    }))
    await order.refund({ amount_minor: 1000 }, crypto.randomUUID(), dying)
    // Dodo shows the first one only after the second was sent.
    let looks = 0
    const late = await openOther((provider) => ({
      ...provider,
      getPayment: async (id) => {
        const payment = await provider.getPayment(id)
        looks += 1
        return payment && (looks === 1 ? { ...payment, refunds: [] } : payment)
      },
    }))
    await lookAfter(order, late)
    expect(looks).toBe(2)
    expect((await order.refunds())[0]).toMatchObject({ state: 'pending' })
    expect(await atDodo(order)).toHaveLength(1)
  })

  test('where no message comes, the job asks how it ended', async () => {
    const order = await buy()
    await fault({ kind: 'drop', event_type: 'refund.succeeded' })
    const { body } = await order.refund({ unused: true })
    await control(`refunds/${body.provider_refund}/settle`, { outcome: 'succeeded' })
    expect(await order.balance()).toEqual(['500', '0', '0'])
    await lookAfter(order)
    await becomes(order, body.id, 'succeeded')
    expect(await order.balance()).toEqual(['0', '0', '0'])
    const left = await database.transaction((tx) =>
      tx.db.selectFrom('refund_requests').selectAll().where('payment_id', '=', order.payment).execute(),
    )
    expect(left).toMatchObject([{ look_at: null, sends: 1 }])
  })

  test('a dispute that is lost after a part was refunded takes what the refund did not, and no more', async () => {
    const order = await buy()
    await order.spend('450')
    await order.refund({ unused: true })
    await end(order)
    expect(await order.balance()).toEqual(['0', '0', '0'])
    const { dispute_id } = await control(`payments/${order.payment}/dispute`, { amount: 3600 })
    await expect
      .poll(async () => (await order.quote()).refused?.code, { timeout: 10_000, interval: 10 })
      .toBe('payment_disputed')
    expect((await order.refund({ amount_minor: 100 })).body).toMatchObject({
      status: 409,
      code: 'payment_disputed',
      dispute: dispute_id,
    })
    await control(`disputes/${dispute_id}/decide`, { decision: 'challenge' })
    await control(`disputes/${dispute_id}/decide`, { decision: 'lose' })
    await expect
      .poll(async () => (await order.quote()).refused?.code, { timeout: 10_000, interval: 10 })
      .toBe('nothing_left_to_refund')
    expect(await order.balance()).toEqual(['0', '0', '450'])
  })

  test('a refund of the dashboard is in the list, and counts, also when no message told of it', async () => {
    const order = await buy()
    await fault({ kind: 'drop', event_type: 'refund.succeeded' })
    const { refund_id = '' } = await control(`payments/${order.payment}/refund`, { amount: 1000 })
    await control(`refunds/${refund_id}/settle`, { outcome: 'succeeded' })
    expect((await order.quote()).left).toMatchObject({ amount_minor: 3000 })
    expect(await order.balance()).toEqual(['375', '375', '0'])
    expect(await order.refunds()).toMatchObject([
      {
        id: null,
        kind: null,
        provider_refund: refund_id,
        state: 'succeeded',
        amount: { amount_minor: 1000 },
      },
    ])
  })

  test('a payment of more than 30 days ago is refused with the day until which it could be refunded', async () => {
    const order = await buy()
    await database.transaction((tx) =>
      sql`update payments set created_at = now() - interval '30 days 1 minute' where payment_id = ${order.payment}`.execute(
        tx.db,
      ),
    )
    const { body } = await order.refund({ all: true })
    expect(body).toMatchObject({ status: 422, code: 'refund_window_over', days: 30 })
    expect((await order.quote()).refused.code).toBe('refund_window_over')
    expect(await order.balance()).toEqual(['500', '500', '0'])
  })

  test('an order that is not paid, one of nothing, and one that is not there are refused', async () => {
    const { body: opened } = await shop.request('POST', '/v1/checkouts', {
      customer: `customer_${crypto.randomUUID()}`,
      pack: 'power',
      return_url: returnUrl,
    })
    for (const [method, path] of [
      ['POST', 'refunds'],
      ['GET', 'refund-quote'],
    ] as const)
      expect(
        (
          await shop.request(
            method,
            `/v1/orders/${opened.id}/${path}`,
            method === 'POST' ? { all: true } : undefined,
          )
        ).body,
      ).toMatchObject({ status: 409, code: 'order_not_paid', state: 'open' })
    expect((await shop.request('GET', `/v1/orders/${opened.id}/refunds`)).body).toEqual({ data: [] })
    expect((await shop.request('POST', '/v1/orders/ord_1/refunds', { all: true })).body.code).toBe(
      'order_not_found',
    )
    const free = await buy()
    await database.transaction((tx) =>
      sql`update payments set total_minor = 0, tax_minor = 0 where payment_id = ${free.payment}`.execute(
        tx.db,
      ),
    )
    const zero = await openOther((provider) => ({
      ...provider,
      getPayment: () => Promise.resolve(undefined),
    }))
    expect((await free.refund({ all: true }, crypto.randomUUID(), zero)).body).toMatchObject({
      status: 422,
      code: 'nothing_was_paid',
    })
    await database.transaction((tx) =>
      sql`update payments set total_minor = null, tax_minor = null, currency = null where payment_id = ${free.payment}`.execute(
        tx.db,
      ),
    )
    expect((await free.refund({ all: true }, crypto.randomUUID(), zero)).body).toMatchObject({
      status: 409,
      code: 'paid_amount_unknown',
    })
  })

  test('what is asked for is said in one way', async () => {
    const order = await buy()
    for (const body of [
      {},
      { unused: true, all: true },
      { all: false },
      { amount_minor: 0 },
      { amount_minor: 1.5 },
    ])
      expect((await order.refund(body)).body).toMatchObject({ status: 400, code: 'invalid_request' })
    expect(await order.refunds()).toEqual([])
  })
})
