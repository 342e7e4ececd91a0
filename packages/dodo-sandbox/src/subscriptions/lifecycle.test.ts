import DodoPayments from 'dodopayments'
import { expect, test } from 'vitest'
import { openHearing } from '../../test/hearing.ts'
import { brokeCard, submitScript } from '../../test/shop.ts'
import { dayMs, makeKind, makePlan, subscribe } from '../../test/subscribers.ts'

const refusal = (status: number, code: string) => ({ status, error: { code } })

test('a subscription starts with its first payment, and is found by what it is', async () => {
  const { client, heard } = await openHearing()
  const tokens = await makeKind(client)
  const plan = await makePlan(client, { credits: [{ credit_entitlement_id: tokens, credits_amount: '100' }] })
  const sub = await subscribe(client, plan, { quantity: 2, metadata: { org: 'analytical' } })
  expect(await heard()).toEqual([
    'payment.succeeded',
    'subscription.active',
    'subscription.updated',
    'credit.added',
  ])
  expect(sub.payment).toMatchObject({ total_amount: 4000, product_cart: null, subscription_ids: [sub.id] })
  const read = await sub.read()
  expect(read).toMatchObject({
    status: 'active',
    product_id: plan,
    quantity: 2,
    recurring_pre_tax_amount: 4000,
    metadata: { org: 'analytical' },
    has_payment_method: true,
    on_demand: false,
    previous_billing_date: read.created_at,
    credit_entitlement_cart: [
      {
        credit_entitlement_id: tokens,
        credits_amount: '100',
        remaining_balance: '200',
        overage_balance: '0',
      },
    ],
  })
  expect(read.next_billing_date > read.previous_billing_date).toBe(true)
  const ids = async (query: DodoPayments.SubscriptionListParams) =>
    (await client.subscriptions.list({ page_number: 0, ...query })).items.map((item) => item.subscription_id)
  expect(await ids({ status: 'active', product_id: plan, customer_id: sub.customerId })).toEqual([sub.id])
  expect(await ids({ status: 'cancelled' })).toEqual([])
  expect(await ids({ cancel_at_next_billing_date: true })).toEqual([])
  await expect(client.subscriptions.retrieve('sub_nowhere')).rejects.toBeInstanceOf(
    DodoPayments.NotFoundError,
  )
})

test('a declined start stays open for another card, and is given up when the checkout ends', async () => {
  const { client, dodo, heard } = await openHearing()
  const plan = await makePlan(client)
  const session = await client.checkoutSessions.create({
    product_cart: [{ product_id: plan, quantity: 1 }],
    customer: { email: 'ada@example.com', name: 'Ada' },
  })
  const first = await submitScript(String(session.checkout_url), { card_number: brokeCard })
  const declined = await client.payments.retrieve(String(first.answer['payment_id']))
  const id = String(declined.subscription_id)
  expect((await client.subscriptions.retrieve(id)).status).toBe('pending')
  await submitScript(String(session.checkout_url))
  expect((await client.subscriptions.retrieve(id)).status).toBe('active')
  expect(await heard()).toEqual([
    'payment.failed',
    'payment.succeeded',
    'subscription.active',
    'subscription.updated',
  ])
  const lost = await subscribe(client, plan, { card: brokeCard })
  await dodo.advance(2 * dayMs)
  expect((await lost.read()).status).toBe('failed')
  expect(await heard()).toEqual(['payment.failed', 'subscription.failed', 'subscription.updated'])
})

test('it renews on its dates by the calendar, and expires when its period ends', async () => {
  const { client, dodo, payments } = await openHearing()
  const plan = await makePlan(client, { subscription_period_count: 3, subscription_period_interval: 'Month' })
  const sub = await subscribe(client, plan)
  const before = await sub.read()
  await dodo.advance(new Date(before.next_billing_date).getTime() - dodo.now().getTime() - 1)
  expect(await payments(sub.id)).toHaveLength(1)
  await dodo.advance(1)
  expect(await sub.read()).toMatchObject({
    previous_billing_date: before.next_billing_date,
    status: 'active',
  })
  await dodo.advance(100 * dayMs)
  const made = await payments(sub.id)
  expect(made.map((payment) => [payment.status, payment.total_amount])).toEqual([
    ['succeeded', 2000],
    ['succeeded', 2000],
    ['succeeded', 2000],
  ])
  expect(made[1]?.created_at).toBe(before.next_billing_date)
  expect(await sub.read()).toMatchObject({ status: 'expired', expires_at: before.expires_at })
})

test('a trial is free or has its own price, and then the plan is paid', async () => {
  const { client, dodo, payments } = await openHearing()
  const tokens = await makeKind(client)
  const credits = [
    {
      credit_entitlement_id: tokens,
      credits_amount: '100',
      trial_credits: '10',
      trial_credits_expire_after_trial: true,
    },
  ]
  const plan = await makePlan(client, { credits, trial_period_days: 14, trial_amount: 100 })
  const sub = await subscribe(client, plan)
  expect(sub.payment.total_amount).toBe(100)
  const read = await sub.read()
  expect(read).toMatchObject({ trial_period_days: 14, trial_amount: 100, status: 'active' })
  expect(new Date(read.next_billing_date).getTime() - new Date(read.created_at).getTime()).toBe(14 * dayMs)
  expect(read.credit_entitlement_cart[0]?.remaining_balance).toBe('10')
  await dodo.advance(15 * dayMs)
  expect((await payments(sub.id)).map((payment) => payment.total_amount)).toEqual([2000, 100])
  expect((await sub.read()).credit_entitlement_cart[0]?.remaining_balance).toBe('100')

  const free = await subscribe(client, await makePlan(client), {
    subscription_data: { trial_period_days: 7 },
  })
  expect(free.payment).toMatchObject({ total_amount: 0, status: 'succeeded', card_last_four: '4242' })
  await dodo.advance(8 * dayMs)
  expect((await payments(free.id)).map((payment) => payment.total_amount)).toEqual([2000, 0])
})

test('a paused subscription is not charged, and what was left of its cycle is left when it goes on', async () => {
  const { client, dodo, heard, payments } = await openHearing()
  const sub = await subscribe(client, await makePlan(client))
  const before = await sub.read()
  await heard()
  await dodo.advance(10 * dayMs)
  await expect(
    client.subscriptions.update(sub.id, { status: 'paused', metadata: { a: 1 } }),
  ).rejects.toMatchObject({ status: 422 })
  expect(await client.subscriptions.update(sub.id, { status: 'paused' })).toMatchObject({
    status: 'paused',
    paused_at: dodo.now().toISOString(),
  })
  await dodo.advance(60 * dayMs)
  expect(await payments(sub.id)).toHaveLength(1)
  const resumed = await client.subscriptions.update(sub.id, { status: 'active' })
  expect(resumed).toMatchObject({ status: 'active', paused_at: null })
  expect(new Date(resumed.next_billing_date).getTime() - new Date(before.next_billing_date).getTime()).toBe(
    60 * dayMs,
  )
  expect(await heard()).toEqual([
    'subscription.paused',
    'subscription.updated',
    'subscription.unpaused',
    'subscription.updated',
  ])
  await expect(client.subscriptions.update(sub.id, { pause: true })).rejects.toMatchObject({ status: 422 })
})

test('it is cancelled at once, or at the end of its cycle, which can be taken back', async () => {
  const { client, dodo, heard, payments } = await openHearing()
  const plan = await makePlan(client)
  const later = await subscribe(client, plan)
  await heard()
  await client.subscriptions.update(later.id, {
    cancel_at_next_billing_date: true,
    cancellation_feedback: 'too_expensive',
  })
  expect(await heard()).toEqual(['subscription.plan_changed', 'subscription.updated'])
  await client.subscriptions.update(later.id, { cancel_at_next_billing_date: false })
  await client.subscriptions.update(later.id, { cancel_at_next_billing_date: true })
  const { next_billing_date } = await later.read()
  await heard()
  await dodo.advance(32 * dayMs)
  expect(await later.read()).toMatchObject({ status: 'cancelled', cancelled_at: next_billing_date })
  expect(await heard()).toEqual(['subscription.cancelled', 'subscription.updated'])
  expect(await payments(later.id)).toHaveLength(1)

  const now = await subscribe(client, plan)
  expect(await client.subscriptions.update(now.id, { status: 'cancelled' })).toMatchObject({
    status: 'cancelled',
    cancelled_at: dodo.now().toISOString(),
  })
  await expect(
    client.subscriptions.update(now.id, { next_billing_date: '2099-01-01T00:00:00Z' }),
  ).rejects.toMatchObject(refusal(422, 'SUBSCRIPTION_INACTIVE'))
})

test('a billing date that has come brings the renewal about', async () => {
  const { client, dodo, payments } = await openHearing()
  const sub = await subscribe(client, await makePlan(client))
  await dodo.advance(dayMs)
  await client.subscriptions.update(sub.id, { next_billing_date: dodo.now().toISOString() })
  await dodo.settle()
  expect(await payments(sub.id)).toHaveLength(2)
  expect((await sub.read()).previous_billing_date).toBe(dodo.now().toISOString())
})

test('what a subscription shows is changed, and its period only extended', async () => {
  const { client } = await openHearing()
  const sub = await subscribe(client, await makePlan(client))
  const before = await sub.read()
  const changed = await client.subscriptions.update(sub.id, {
    billing: { country: 'DE', city: 'Berlin' },
    customer_name: 'Countess Lovelace',
    tax_id: 'DE123',
    subscription_period_count: 2,
  })
  expect(changed).toMatchObject({
    billing: { country: 'DE', city: 'Berlin', zipcode: null },
    customer: { name: 'Countess Lovelace' },
    tax_id: 'DE123',
    subscription_period_count: 2,
  })
  expect(String(changed.expires_at) > String(before.expires_at)).toBe(true)
  await expect(
    client.subscriptions.update(sub.id, { subscription_period_interval: 'Month' }),
  ).rejects.toMatchObject({
    status: 422,
  })
  await expect(client.subscriptions.update(sub.id, { cancellation_comment: 'x' })).rejects.toMatchObject({
    status: 422,
  })
})

test('a cart may hold what is bought once and what is subscribed to', async () => {
  const { client } = await openHearing()
  const tokens = await makeKind(client)
  const pack = await client.products.create({
    name: 'Pack',
    tax_category: 'saas',
    price: { type: 'one_time_price', currency: 'USD', price: 500 },
    credit_entitlements: [{ credit_entitlement_id: tokens, credits_amount: '7' }],
  })
  const plan = await makePlan(client, { credits: [{ credit_entitlement_id: tokens, credits_amount: '100' }] })
  const sub = await subscribe(client, plan, {
    product_cart: [
      { product_id: pack.product_id, quantity: 1 },
      { product_id: plan, quantity: 1 },
    ],
  })
  expect(sub.payment.total_amount).toBe(2500)
  expect((await sub.read()).credit_entitlement_cart[0]?.remaining_balance).toBe('107')
})

test('a saved card starts a subscription without a page', async () => {
  const { client, dodo } = await openHearing()
  const plan = await makePlan(client)
  const first = await subscribe(client, plan)
  const session = await client.checkoutSessions.create({
    product_cart: [{ product_id: plan, quantity: 1 }],
    customer: { customer_id: first.customerId },
    confirm: true,
    payment_method_id: String((await first.read()).payment_method_id),
  })
  await dodo.advance(10_000)
  const payment = await client.payments.retrieve(String(session.payment_id))
  expect(await client.subscriptions.retrieve(String(payment.subscription_id))).toMatchObject({
    status: 'active',
  })
})
