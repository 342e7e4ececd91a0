import { expect, test } from 'vitest'
import { eventTypes, makeSession, openReceiver, openShop, submitForm, submitScript } from '../../test/shop.ts'

const card_number = '4000 0027 6000 3184'

async function answer(checkoutUrl: string, decision: string, accept = 'application/json') {
  return fetch(`${checkoutUrl}/challenge`, {
    method: 'POST',
    redirect: 'manual',
    headers: { accept },
    body: new URLSearchParams({ decision }),
  })
}

test('a challenged card pays once the customer approves, and not before', async () => {
  const receiver = await openReceiver()
  const { client, dodo } = await openShop({ webhooks: [{ url: receiver.url }] })
  const { checkout_url, session_id } = await makeSession(client)
  const asked = await submitScript(checkout_url, { card_number })
  expect(asked.answer).toMatchObject({
    status: 'requires_customer_action',
    next: `/session/${session_id}/challenge`,
  })
  const id = String(asked.answer['payment_id'])
  expect(await client.payments.retrieve(id)).toMatchObject({ status: 'requires_customer_action' })
  expect(await client.checkoutSessions.retrieve(session_id)).toMatchObject({
    payment_status: 'requires_customer_action',
  })
  await dodo.settle()
  expect(receiver.received).toEqual([])
  // Until then the session can be paid by nobody else, and leads back to the question.
  expect((await submitScript(checkout_url)).status).toBe(409)
  const page = await fetch(checkout_url)
  expect(page.url).toBe(`${checkout_url}/challenge`)
  expect(await page.text()).toContain('Your bank asks')

  const approved = await answer(checkout_url, 'approve')
  const redirect_to = `https://shop.example/thanks?payment_id=${id}&status=succeeded`
  expect(await approved.json()).toMatchObject({ status: 'succeeded', payment_id: id, redirect_to })
  // Answered twice, the first answer counts.
  expect(await (await answer(checkout_url, 'fail')).json()).toMatchObject({ status: 'succeeded' })
  expect(await client.payments.retrieve(id)).toMatchObject({ status: 'succeeded' })
  await dodo.settle()
  expect(await eventTypes({ dodo }, receiver)).toEqual(['payment.succeeded'])
})

test('without a script the form leads to the bank and back to the shop, in a page and in a frame', async () => {
  const { client } = await openShop()
  for (const prefix of ['', '/overlay']) {
    const { checkout_url } = await makeSession(client)
    const url = checkout_url.replace('/session/', `${prefix}/session/`)
    const asked = await submitForm(url, { card_number })
    expect([asked.status, asked.headers.get('location')]).toEqual([303, `${new URL(url).pathname}/challenge`])
    const approved = await answer(url, 'approve', 'text/html')
    expect(approved.status).toBe(303)
    expect(approved.headers.get('location')).toMatch(
      prefix === '' ? /^https:\/\/shop/ : /^\/overlay\/session/,
    )
  }
})

test.each([
  ['fail', 'failed', 'AUTHENTICATION_FAILURE', 'could not confirm'],
  ['close', 'cancelled', null, 'was not confirmed'],
])('%s ends the payment as %s, says so in the form, and leaves the session open', async (...row) => {
  const [decision, status, error_code, said] = row
  const receiver = await openReceiver()
  const { client, dodo } = await openShop({ webhooks: [{ url: receiver.url }] })
  const { checkout_url } = await makeSession(client)
  const asked = await submitScript(checkout_url, { card_number, save_card: 'on' })
  const told = (await (await answer(checkout_url, decision)).json()) as { status: string; next: string }
  expect(told.status).toBe(status)
  const payment = await client.payments.retrieve(String(asked.answer['payment_id']))
  expect(payment).toMatchObject({ status, error_code })
  const { items } = await client.customers.retrievePaymentMethods(payment.customer.customer_id)
  expect(items).toEqual([])
  expect(await (await fetch(new URL(told.next, checkout_url))).text()).toContain(said)
  expect((await submitScript(checkout_url)).answer['status']).toBe('succeeded')
  await dodo.settle()
  expect(await eventTypes({ dodo }, receiver)).toEqual([`payment.${status}`, 'payment.succeeded'])
})

test('force_3ds has every good card asked, and leaves a bad one declined', async () => {
  const { client } = await openShop()
  const pay = async (fields: Record<string, string>) =>
    (await submitScript((await makeSession(client, { force_3ds: true })).checkout_url, fields)).answer[
      'status'
    ]
  expect(await pay({})).toBe('requires_customer_action')
  expect(await pay({ card_number: '4000 0000 0000 0002' })).toBe('failed')
})

test('a card may stay under way until its bank decides, and a discount is given back when it fails', async () => {
  const receiver = await openReceiver()
  const { client, dodo } = await openShop({ webhooks: [{ url: receiver.url }] })
  await client.discounts.create({ type: 'percentage', amount: 5000, code: 'ONCE', usage_limit: 1 })
  const { checkout_url, session_id } = await makeSession(client, { discount_codes: ['ONCE'] })
  const sent = await submitScript(checkout_url, { card_number: '4000 0000 0000 0077' })
  const id = String(sent.answer['payment_id'])
  expect(sent.answer).toMatchObject({
    status: 'processing',
    redirect_to: `https://shop.example/thanks?payment_id=${id}&status=processing`,
  })
  expect((await client.discounts.retrieveByCode('ONCE')).times_used).toBe(1)
  expect(await (await fetch(checkout_url)).text()).toContain('being processed')
  expect((await submitScript(checkout_url)).status).toBe(409)
  await dodo.advance(86_400_000 * 2)
  const settle = (outcome: object) =>
    fetch(`${dodo.url}/_sandbox/payments/${id}/settle`, { method: 'POST', body: JSON.stringify(outcome) })
  expect((await settle({ outcome: 'failed', error_code: 'DO_NOT_HONOR' })).status).toBe(200)
  expect(await client.payments.retrieve(id)).toMatchObject({ status: 'failed', error_code: 'DO_NOT_HONOR' })
  expect(await client.checkoutSessions.retrieve(session_id)).toMatchObject({ payment_status: 'failed' })
  expect((await client.discounts.retrieveByCode('ONCE')).times_used).toBe(0)
  expect((await settle({ outcome: 'succeeded' })).status).toBe(409)
  await dodo.settle()
  expect(await eventTypes({ dodo }, receiver)).toEqual(['payment.processing', 'payment.failed'])
})
