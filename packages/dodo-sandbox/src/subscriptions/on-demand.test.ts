import { expect, test } from 'vitest'
import { brokeCard, eventTypes, openReceiver, openShop, submitScript } from '../../test/shop.ts'
import { dayMs, failsLaterCard, makePlan, subscribe } from '../../test/subscribers.ts'

const mandate = { subscription_data: { on_demand: { mandate_only: true } } }
const refusal = (status: number, code: string) => ({ status, error: { code } })

test('a mandate costs nothing, is charged by request, and one charge at a time', async () => {
  const receiver = await openReceiver()
  const { client, dodo } = await openShop({
    webhooks: [{ url: receiver.url }],
    behaviour: { offSessionChargeMs: 60_000 },
  })
  const sub = await subscribe(client, await makePlan(client), { ...mandate, metadata: { account: 'acc_1' } })
  expect(sub.payment).toMatchObject({ total_amount: 0, status: 'succeeded' })
  expect(await sub.read()).toMatchObject({ status: 'active', on_demand: true, has_payment_method: true })

  const { payment_id } = await client.subscriptions.charge(sub.id, {
    product_price: 1500,
    product_description: 'Top-up',
    metadata: { topup_id: 'top_1' },
  })
  expect(await client.payments.retrieve(payment_id)).toMatchObject({
    status: 'processing',
    total_amount: 1500,
    product_cart: null,
    subscription_id: sub.id,
    metadata: { topup_id: 'top_1' },
  })
  await expect(client.subscriptions.charge(sub.id, { product_price: 1500 })).rejects.toMatchObject(
    refusal(409, 'PREVIOUS_PAYMENT_PENDING'),
  )
  await dodo.advance(60_000)
  expect((await client.payments.retrieve(payment_id)).status).toBe('succeeded')
  const again = await client.subscriptions.charge(sub.id, { product_price: 700 })
  expect(again.payment_id).not.toBe(payment_id)
  expect((await client.payments.retrieve(again.payment_id)).metadata).toEqual({ account: 'acc_1' })
  await dodo.advance(60_000)
  expect(await eventTypes({ dodo }, receiver)).toEqual([
    'payment.succeeded',
    'subscription.active',
    'subscription.updated',
    'payment.processing',
    'payment.succeeded',
    'payment.processing',
    'payment.succeeded',
  ])
})

test('a failed charge changes nothing but its payment, and a declined card gives no mandate', async () => {
  const { client, dodo } = await openShop()
  const plan = await makePlan(client)
  const sub = await subscribe(client, plan, { ...mandate, card: failsLaterCard })
  const { payment_id } = await client.subscriptions.charge(sub.id, { product_price: 1500 })
  await dodo.advance(10_000)
  expect(await client.payments.retrieve(payment_id)).toMatchObject({
    status: 'failed',
    error_code: 'GENERIC_DECLINE',
  })
  expect((await sub.read()).status).toBe('active')
  expect((await subscribe(client, plan, { ...mandate, card: brokeCard })).payment.status).toBe('failed')
})

test('it is charged while it goes on and nothing else', async () => {
  const { client, dodo } = await openShop()
  const plan = await makePlan(client)
  const charge = (id: string, product_price = 1500) => client.subscriptions.charge(id, { product_price })
  const ordinary = await subscribe(client, plan)
  await expect(charge(ordinary.id)).rejects.toMatchObject(refusal(422, 'SUBSCRIPTION_NOT_ON_DEMAND'))
  const sub = await subscribe(client, plan, mandate)
  await expect(charge(sub.id, 10)).rejects.toMatchObject(
    refusal(422, 'TOTAL_PAYMENT_AMOUNT_BELOW_MINIMUM_AMOUNT'),
  )
  await dodo.advance(40 * dayMs)
  expect(
    (await client.payments.list({ page_number: 0, subscription_id: sub.id })).items,
    'nothing renews by itself',
  ).toHaveLength(1)
  await client.subscriptions.update(sub.id, { cancel_at_next_billing_date: true })
  await expect(charge(sub.id)).rejects.toMatchObject(
    refusal(422, 'CHARGE_NOT_ALLOWED_FOR_SCHEDULED_CANCELLATION'),
  )
  await dodo.advance(32 * dayMs)
  await expect(charge(sub.id)).rejects.toMatchObject(refusal(422, 'SUBSCRIPTION_INACTIVE'))
  const other = await subscribe(client, plan, mandate)
  await dodo.advance(400 * dayMs)
  await expect(charge(other.id)).rejects.toMatchObject(refusal(422, 'SUBSCRIPTION_EXPIRED'))
})

test('a first charge may come with the mandate, and on demand may end', async () => {
  const { client, dodo } = await openShop()
  const sub = await subscribe(client, await makePlan(client), {
    subscription_data: { on_demand: { mandate_only: false, product_price: 900 } },
  })
  expect(sub.payment.total_amount).toBe(900)
  const date = new Date(dodo.now().getTime() + dayMs).toISOString()
  await client.subscriptions.update(sub.id, { disable_on_demand: { next_billing_date: date } })
  await dodo.advance(2 * dayMs)
  const payments = (await client.payments.list({ page_number: 0, subscription_id: sub.id })).items
  expect(payments.map((payment) => payment.total_amount)).toEqual([2000, 900])
})

test('the page asks for a card though nothing is to be paid', async () => {
  const { client } = await openShop()
  const session = await client.checkoutSessions.create({
    product_cart: [{ product_id: await makePlan(client), quantity: 1 }],
    customer: { email: 'ada@example.com', name: 'Ada' },
    ...mandate,
  })
  const page = await (await fetch(String(session.checkout_url))).text()
  expect(page).toMatch(/<fieldset id="card-fields" >/)
  expect((await submitScript(String(session.checkout_url), { card_number: '' })).answer).toMatchObject({
    fields: { card_number: expect.any(String) },
  })
})
