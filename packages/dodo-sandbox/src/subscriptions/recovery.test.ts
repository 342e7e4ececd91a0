import { expect, test } from 'vitest'
import { openHearing } from '../../test/hearing.ts'
import { brokeCard, submitScript } from '../../test/shop.ts'
import { dayMs, failsLaterCard, makeKind, makePlan, subscribe } from '../../test/subscribers.ts'

const refusal = (status: number, code: string) => ({ status, error: { code } })

test('a failed renewal puts it on hold, and a card that works brings it back', async () => {
  const { client, dodo, heard, payments } = await openHearing()
  const tokens = await makeKind(client)
  const plan = await makePlan(client, { credits: [{ credit_entitlement_id: tokens, credits_amount: '100' }] })
  const sub = await subscribe(client, plan, { card: failsLaterCard })
  await heard()
  await dodo.advance(32 * dayMs)
  expect(await heard()).toEqual([
    'payment.failed',
    'subscription.on_hold',
    'subscription.updated',
    'dunning.started',
  ])
  expect(await sub.read()).toMatchObject({
    status: 'on_hold',
    credit_entitlement_cart: [{ remaining_balance: '100' }],
  })
  await dodo.advance(30 * dayMs)
  expect(await payments(sub.id), 'retries are asked for').toHaveLength(2)

  const { payment_link } = await client.subscriptions.updatePaymentMethod(sub.id, {
    payment_method: { type: 'new', return_url: 'https://shop.example/back' },
  })
  await submitScript(String(payment_link), { card_number: brokeCard })
  expect(await heard()).toEqual(['payment.failed'])
  await submitScript(String(payment_link))
  expect(await heard()).toEqual([
    'payment.succeeded',
    'subscription.update_payment_method',
    'subscription.active',
    'subscription.renewed',
    'subscription.updated',
    'dunning.recovered',
    'credit.added',
  ])
  const [paid] = await payments(sub.id)
  expect(await client.payments.retrieve(String(paid?.payment_id))).toMatchObject({
    is_update_payment_method: true,
    total_amount: 2000,
  })
  const recovered = await sub.read()
  expect(recovered.status).toBe('active')
  expect(recovered.next_billing_date > dodo.now().toISOString()).toBe(true)
  await dodo.advance(32 * dayMs)
  expect((await sub.read()).status).toBe('active')
})

test('without dues a saved card takes over at once, and a new one for nothing', async () => {
  const { client, heard } = await openHearing()
  const plan = await makePlan(client)
  const sub = await subscribe(client, plan)
  const other = await subscribe(client, plan, {
    customer: { customer_id: sub.customerId },
    card: '5555555555554444',
  })
  const { payment_method_id } = await other.read()
  await heard()
  await client.subscriptions.updatePaymentMethod(sub.id, {
    payment_method: { type: 'existing', payment_method_id: String(payment_method_id) },
  })
  expect((await sub.read()).payment_method_id).toBe(payment_method_id)
  expect(await heard()).toEqual(['subscription.update_payment_method', 'subscription.updated'])
  const { payment_link } = await client.subscriptions.updatePaymentMethod(sub.id, {
    payment_method: { type: 'new' },
  })
  await submitScript(String(payment_link))
  expect(await heard()).toEqual([
    'payment.succeeded',
    'subscription.update_payment_method',
    'subscription.updated',
  ])
  expect((await sub.read()).payment_method_id).not.toBe(payment_method_id)
  await expect(
    client.subscriptions.updatePaymentMethod(sub.id, {
      payment_method: { type: 'existing', payment_method_id: 'pm_nowhere' },
    }),
  ).rejects.toMatchObject({ status: 422 })
})

test('retries come on Dodo’s schedule when they are asked for, as long as the window is open', async () => {
  const { client, dodo, payments } = await openHearing({ behaviour: { renewalRetryDays: 13 } })
  const sub = await subscribe(client, await makePlan(client), { card: failsLaterCard })
  const due = new Date((await sub.read()).next_billing_date).getTime()
  await dodo.advance(60 * dayMs)
  const failed = (await payments(sub.id)).filter((payment) => payment.status === 'failed').toReversed()
  const hours = failed.map((payment) => (new Date(payment.created_at).getTime() - due) / 3_600_000)
  expect(hours).toEqual([0, 12, 36, 84, 156, 252])
  const attempts = await Promise.all(failed.map(({ payment_id }) => client.payments.retrieve(payment_id)))
  expect(attempts.map((payment) => payment.retry_attempt)).toEqual([0, 1, 2, 3, 4, 5])
})

test('a grace period makes it past due before it is on hold', async () => {
  const { client, dodo, heard } = await openHearing({ behaviour: { gracePeriodDays: 3 } })
  const sub = await subscribe(client, await makePlan(client), { card: failsLaterCard })
  const due = new Date((await sub.read()).next_billing_date)
  await heard()
  await dodo.advance(due.getTime() - dodo.now().getTime() + dayMs)
  expect((await sub.read()).status).toBe('past_due')
  expect(await heard()).toEqual([
    'payment.failed',
    'subscription.past_due',
    'subscription.updated',
    'dunning.started',
  ])
  await dodo.advance(3 * dayMs)
  expect((await sub.read()).status).toBe('on_hold')
  expect(await heard()).toEqual(['subscription.on_hold', 'subscription.updated'])
})

test('a failed renewal is tried again by request, three times and an hour apart', async () => {
  const { client, dodo, payments } = await openHearing()
  const sub = await subscribe(client, await makePlan(client), { card: failsLaterCard })
  await dodo.advance(32 * dayMs)
  const failed = String((await payments(sub.id))[0]?.payment_id)
  expect(await client.payments.retrieveRetryState(failed)).toMatchObject({ can_retry: true, sends_used: 0 })
  expect(await client.payments.retry(failed)).toMatchObject({
    status: 'failed',
    sends_used: 1,
    retry_attempt: 1,
  })
  await expect(client.payments.retry(failed)).rejects.toMatchObject(
    refusal(422, 'PAYMENT_RETRY_NOT_AVAILABLE_YET'),
  )
  for (const _ of [2, 3]) {
    await dodo.advance(3_600_000)
    await client.payments.retry(failed)
  }
  await dodo.advance(3_600_000)
  expect(await client.payments.retrieveRetryState(failed)).toMatchObject({
    can_retry: false,
    reason: 'SUBSCRIPTION_PAYMENT_RETRY_LIMIT_EXCEEDED',
  })
  expect(await client.payments.retrieveRetryState(sub.payment.payment_id)).toMatchObject({ can_retry: false })
})
