import type DodoPayments from 'dodopayments'
import { expect, test } from 'vitest'
import { openShop } from '../../test/shop.ts'
import { dayMs, failsLaterCard, makeKind, makePlan, subscribe } from '../../test/subscribers.ts'

type Change = DodoPayments.SubscriptionChangePlanParams

/** A subscription to a $30-a-30-days plan, ten days old, and a plan at twice the price. */
async function openMember(input: { card?: string } = {}) {
  const shop = await openShop()
  const tokens = await makeKind(shop.client)
  const days = { payment_frequency_count: 30, payment_frequency_interval: 'Day' } as const
  const credits = (credits_amount: string, proration_behavior: 'prorate' | 'no_prorate') => [
    { credit_entitlement_id: tokens, credits_amount, proration_behavior },
  ]
  const basic = await makePlan(shop.client, { ...days, price: 3000, credits: credits('100', 'prorate') })
  const pro = await makePlan(shop.client, {
    ...days,
    name: 'Pro',
    price: 6000,
    credits: credits('300', 'prorate'),
  })
  const sub = await subscribe(shop.client, basic, input)
  await shop.dodo.advance(10 * dayMs)
  const to = (
    product_id: string,
    proration_billing_mode: Change['proration_billing_mode'],
    more: Partial<Change> = {},
  ) => ({
    product_id,
    proration_billing_mode,
    quantity: 1,
    ...more,
  })
  const totals = async () =>
    (await shop.client.payments.list({ page_number: 0, subscription_id: sub.id })).items.map(
      (payment) => payment.total_amount,
    )
  return { ...shop, basic, pro, sub, to, totals, days }
}

test.each([
  ['prorated_immediately', 2000, 300],
  ['difference_immediately', 3000, 400],
  ['full_immediately', 6000, 400],
  ['do_not_bill', 0, 100],
] as const)('%s charges %i for the better plan', async (mode, charge, credits) => {
  const { client, sub, pro, to, totals } = await openMember()
  const before = await sub.read()
  const preview = await client.subscriptions.previewChangePlan(sub.id, to(pro, mode))
  expect(preview.immediate_charge.summary).toMatchObject({
    total_amount: charge,
    currency: 'USD',
    customer_credits: 0,
  })
  expect(preview.new_plan).toMatchObject({ product_id: pro, recurring_pre_tax_amount: 6000 })
  expect(await sub.read(), 'a preview changes nothing').toEqual(before)

  await client.subscriptions.changePlan(sub.id, to(pro, mode))
  expect(await totals()).toEqual(charge > 0 ? [charge, 3000] : [3000])
  const after = await sub.read()
  expect(after).toMatchObject({ product_id: pro, recurring_pre_tax_amount: 6000, status: 'active' })
  expect(after.next_billing_date === before.next_billing_date).toBe(mode !== 'full_immediately')
  expect(after.credit_entitlement_cart[0]).toMatchObject({
    credits_amount: '300',
    remaining_balance: String(credits),
  })
})

test('what a lesser plan leaves over is taken off the renewals', async () => {
  const { client, dodo, sub, basic, pro, to, totals } = await openMember()
  await client.subscriptions.changePlan(sub.id, to(pro, 'full_immediately'))
  const back = await client.subscriptions.previewChangePlan(sub.id, to(basic, 'difference_immediately'))
  expect(back.immediate_charge.summary).toMatchObject({ total_amount: 0, customer_credits: 3000 })
  await client.subscriptions.changePlan(sub.id, to(basic, 'difference_immediately'))
  await dodo.advance(61 * dayMs)
  expect(await totals()).toEqual([3000, 0, 6000, 3000])
})

test('what is left over pays for the next better plan', async () => {
  const { client, sub, basic, pro, to, totals } = await openMember()
  await client.subscriptions.changePlan(sub.id, to(pro, 'full_immediately'))
  await client.subscriptions.changePlan(sub.id, to(basic, 'difference_immediately'))
  const preview = await client.subscriptions.previewChangePlan(sub.id, to(pro, 'difference_immediately'))
  expect(preview.immediate_charge.summary).toMatchObject({ total_amount: 0, customer_credits: -3000 })
  await client.subscriptions.changePlan(sub.id, to(pro, 'difference_immediately'))
  await client.subscriptions.changePlan(sub.id, to(pro, 'difference_immediately', { quantity: 2 }))
  expect(await totals()).toEqual([6000, 6000, 3000])
})

test('a scheduled change comes with the renewal, and may be taken back or replaced', async () => {
  const { client, dodo, sub, basic, pro, to, totals } = await openMember()
  const later = { effective_at: 'next_billing_date' } as const
  await client.subscriptions.changePlan(sub.id, to(pro, 'do_not_bill', later))
  expect((await sub.read()).scheduled_change).toMatchObject({ product_id: pro, product_name: 'Pro' })
  await expect(
    client.subscriptions.changePlan(sub.id, to(basic, 'do_not_bill', later)),
  ).rejects.toMatchObject({
    status: 409,
    error: { code: 'SCHEDULED_PLAN_CHANGE_EXISTS' },
  })
  await client.subscriptions.cancelChangePlan(sub.id)
  await expect(client.subscriptions.cancelChangePlan(sub.id)).rejects.toMatchObject({ status: 404 })
  await client.subscriptions.changePlan(sub.id, to(basic, 'do_not_bill', later))
  await client.subscriptions.changePlan(
    sub.id,
    to(pro, 'do_not_bill', { ...later, cancel_scheduled_change_plan: true }),
  )
  await dodo.advance(21 * dayMs)
  expect(await totals()).toEqual([6000, 3000])
  expect(await sub.read()).toMatchObject({ product_id: pro, scheduled_change: null })
})

test('when the charge fails, the change is prevented or stands with its dues', async () => {
  const prevented = await openMember({ card: failsLaterCard })
  await prevented.client.subscriptions.changePlan(
    prevented.sub.id,
    prevented.to(prevented.pro, 'difference_immediately', { on_payment_failure: 'prevent_change' }),
  )
  expect(await prevented.sub.read()).toMatchObject({ product_id: prevented.basic, status: 'active' })

  const { client, sub, pro, to } = await openMember({ card: failsLaterCard })
  await client.subscriptions.changePlan(sub.id, to(pro, 'difference_immediately'))
  expect(await sub.read()).toMatchObject({ product_id: pro, status: 'on_hold' })
})

test('what is no change of plan is refused', async () => {
  const { client, sub, pro, basic, to, days } = await openMember()
  const refused = (change: Change, status: number) =>
    expect(client.subscriptions.changePlan(sub.id, change)).rejects.toMatchObject({ status })
  await refused(to('pdt_nowhere', 'do_not_bill'), 422)
  await refused(to(await makePlan(client, { ...days, currency: 'EUR' }), 'do_not_bill'), 422)
  await refused(to(pro, 'do_not_bill', { collect_via_payment_link: true }), 501)
  const onDemand = await subscribe(client, basic, {
    subscription_data: { on_demand: { mandate_only: true } },
  })
  await expect(client.subscriptions.changePlan(onDemand.id, to(pro, 'do_not_bill'))).rejects.toMatchObject({
    error: { code: 'PLAN_CHANGE_NOT_ALLOWED' },
  })
})
