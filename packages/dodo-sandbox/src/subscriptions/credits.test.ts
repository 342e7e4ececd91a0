import type DodoPayments from 'dodopayments'
import { expect, test } from 'vitest'
import { inOrder, openReceiver, openShop } from '../../test/shop.ts'
import { dayMs, makeKind, makePlan, subscribe, useCredits } from '../../test/subscribers.ts'

type Attach = DodoPayments.Products.AttachCreditEntitlement

/** A subscriber of a plan with credits, and the `credit.*` events since the start. */
async function openSubscriber(
  attach: Partial<Attach>,
  quantity = 1,
  price: Parameters<typeof makePlan>[1] = {},
) {
  const receiver = await openReceiver()
  const shop = await openShop({ webhooks: [{ url: receiver.url }] })
  const tokens = await makeKind(shop.client)
  const plan = await makePlan(shop.client, {
    ...price,
    credits: [{ credit_entitlement_id: tokens, credits_amount: '100', ...attach }],
  })
  const sub = await subscribe(shop.client, plan, { quantity })
  await shop.dodo.settle()
  const before = receiver.received.length
  return {
    ...shop,
    tokens,
    sub,
    use: (amount: string) =>
      useCredits(shop.dodo, { customer_id: sub.customerId, credit_entitlement_id: tokens, amount }),
    async cart() {
      const [cart] = (await sub.read()).credit_entitlement_cart
      return { balance: cart?.remaining_balance, overage: cart?.overage_balance }
    },
    async told() {
      await shop.dodo.settle()
      const told = await inOrder(shop, receiver.received.slice(before))
      return told
        .map(({ body }) => JSON.parse(body) as { type: string; data: Record<string, unknown> })
        .filter(({ type }) => type.startsWith('credit.'))
    },
    async types() {
      return (await this.told()).map(({ type, data }) => `${type} ${String(data['amount'])}`)
    },
  }
}

const priced = { overage_enabled: true, price_per_unit: '0.05', currency: 'USD' } as const

test('what is left rolls over in part, so many times, and the rest is forfeited', async () => {
  const member = await openSubscriber({
    rollover_enabled: true,
    rollover_percentage: 50,
    max_rollover_count: 1,
  })
  await member.use('20')
  await member.dodo.advance(32 * dayMs)
  expect(await member.types()).toEqual([
    'credit.deducted 20',
    'credit.rolled_over 40',
    'credit.rollover_forfeited 40',
    'credit.added 100',
  ])
  expect(await member.cart()).toEqual({ balance: '140', overage: '0' })
  await member.dodo.advance(31 * dayMs)
  expect((await member.types()).slice(4)).toEqual([
    'credit.rollover_forfeited 40',
    'credit.rolled_over 50',
    'credit.rollover_forfeited 50',
    'credit.added 100',
  ])
  const { items } = await member.client.creditEntitlements.balances.listGrants(member.sub.customerId, {
    credit_entitlement_id: member.tokens,
    page_number: 0,
    status: 'active',
  })
  expect(items).toMatchObject([
    { source_type: 'subscription', remaining_amount: '100', rollover_count: 0 },
    {
      source_type: 'rollover',
      remaining_amount: '50',
      rollover_count: 1,
      parent_grant_id: expect.any(String),
    },
  ])
})

test('a rest that rolled over lives as long as the window', async () => {
  const member = await openSubscriber({
    rollover_enabled: true,
    rollover_timeframe_count: 1,
    rollover_timeframe_interval: 'Week',
    expires_after_days: 60,
  })
  await member.dodo.advance(42 * dayMs)
  expect(await member.types()).toEqual(['credit.rolled_over 100', 'credit.added 100', 'credit.expired 100'])
})

test('what would expire with the cycle rolls over before it does', async () => {
  const cycle = { payment_frequency_count: 30, payment_frequency_interval: 'Day' } as const
  const member = await openSubscriber({ rollover_enabled: true, expires_after_days: 30 }, 1, cycle)
  await member.dodo.advance(30 * dayMs)
  expect(await member.types()).toEqual(['credit.rolled_over 100', 'credit.added 100'])
})

test('credits without rollover expire on their day, before the new ones come', async () => {
  const member = await openSubscriber({ expires_after_days: 20 })
  await member.dodo.advance(32 * dayMs)
  expect(await member.types()).toEqual(['credit.expired 100', 'credit.added 100'])
  expect(await member.cart()).toEqual({ balance: '100', overage: '0' })
})

test.each([
  [
    'forgive_at_reset',
    ['credit.overage_reset 40', 'credit.added 100'],
    2000,
    { balance: '100', overage: '0' },
  ],
  // 40 at 5 cents.
  [
    'invoice_at_billing',
    ['credit.overage_charged 40', 'credit.added 100'],
    2200,
    { balance: '100', overage: '0' },
  ],
  ['carry_deficit', ['credit.added 100'], 2000, { balance: '100', overage: '40' }],
  ['carry_deficit_auto_repay', ['credit.added 100'], 2000, { balance: '60', overage: '0' }],
] as const)('overage at the end of the cycle: %s', async (overage_behavior, events, charged, left) => {
  const member = await openSubscriber({ ...priced, overage_behavior, overage_limit: '50' })
  await member.use('140')
  expect(await member.cart()).toEqual({ balance: '0', overage: '40' })
  expect((await member.client.subscriptions.retrieveCreditUsage(member.sub.id)).items).toMatchObject([
    { balance: '0', overage: '40', overage_limit: '50', remaining_headroom: '10', limit_reached: false },
  ])
  await member.dodo.advance(32 * dayMs)
  expect((await member.types()).slice(1)).toEqual(events)
  const [renewal] = (await member.client.payments.list({ page_number: 0, subscription_id: member.sub.id }))
    .items
  expect(renewal?.total_amount).toBe(charged)
  expect(await member.cart()).toEqual(left)
})

test('a low balance is told once, when it falls under its share', async () => {
  const member = await openSubscriber({ low_balance_threshold_percent: 20 }, 2)
  await member.use('160')
  expect(await member.types(), 'at the threshold is not under it').toHaveLength(1)
  await member.use('1')
  await member.use('1')
  const told = await member.told()
  expect(told.filter(({ type }) => type === 'credit.balance_low').map(({ data }) => data)).toEqual([
    {
      payload_type: 'CreditBalanceLow',
      credit_entitlement_id: member.tokens,
      credit_entitlement_name: 'Tokens',
      customer_id: member.sub.customerId,
      subscription_id: member.sub.id,
      brand_id: expect.any(String),
      available_balance: '39',
      subscription_credits_amount: '200',
      threshold_amount: '40',
      threshold_percent: 20,
    },
  ])
})

test('a subscription’s credits are changed for the cycles to come, and stay when it ends', async () => {
  const member = await openSubscriber({})
  await member.client.subscriptions.update(member.sub.id, {
    credit_entitlement_cart: [{ credit_entitlement_id: member.tokens, credits_amount: '250.5' }],
  })
  expect(await member.cart()).toEqual({ balance: '100', overage: '0' })
  await member.dodo.advance(32 * dayMs)
  expect(await member.cart()).toEqual({ balance: '350.5', overage: '0' })
  await member.client.subscriptions.update(member.sub.id, { status: 'cancelled' })
  expect(await member.cart()).toEqual({ balance: '350.5', overage: '0' })
  await expect(
    member.client.subscriptions.update(member.sub.id, {
      credit_entitlement_cart: [{ credit_entitlement_id: 'cde_x', credits_amount: '1' }],
    }),
  ).rejects.toMatchObject({ status: 422 })
})
