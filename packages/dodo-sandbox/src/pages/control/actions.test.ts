import { expect, test } from 'vitest'
import { makePack, makeSession, openReceiver, openShop, type Shop, submitScript } from '../../../test/shop.ts'
import { makePlan, subscribe } from '../../../test/subscribers.ts'

/** Sends a form of the control page, as a browser does. */
async function send({ dodo }: Pick<Shop, 'dodo'>, action: string, fields: Record<string, string> = {}) {
  const response = await fetch(`${dodo.url}/_sandbox/page/${action}`, {
    method: 'POST',
    redirect: 'manual',
    headers: { accept: 'text/html', 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams(fields),
  })
  return { status: response.status, to: response.headers.get('location'), text: await response.text() }
}

async function page({ dodo }: Pick<Shop, 'dodo'>, path = '/'): Promise<string> {
  return (await fetch(`${dodo.url}${path}`)).text()
}

async function pay({ client }: Pick<Shop, 'client'>, card = '4242 4242 4242 4242'): Promise<string> {
  const { answer } = await submitScript((await makeSession(client)).checkout_url, { card_number: card })
  return String(answer['payment_id'])
}

test('every form of the page is sent to an address that answers it', async () => {
  const receiver = await openReceiver()
  const shop = await openShop({
    webhooks: [{ url: receiver.url }],
    faults: [{ kind: 'rate_limited', route: '/x' }],
  })
  const disputed = await pay(shop)
  await send(shop, `payments/${disputed}/dispute`, { stage: 'dispute' })
  await pay(shop, '4000 0000 0000 0077')
  await shop.dodo.settle()
  const actions = [...(await page(shop)).matchAll(/<form[^>]* action="([^"]+)"/g)].map(
    ([, action = '']) => action,
  )
  expect(actions.length).toBeGreaterThan(15)
  for (const action of new Set(actions)) {
    const { status } = await fetch(`${shop.dodo.url}${action}`, { method: 'POST', redirect: 'manual' })
    expect([action, [303, 422].includes(status)]).toEqual([action, true])
  }
})

test('a product is made, changed, archived and put back', async () => {
  const shop = await openShop()
  const form = { name: 'Power', price: '40', currency: 'usd', kind: 'one_time', tax_category: 'saas' }
  expect(await send(shop, 'products', form)).toMatchObject({ status: 303, to: '/#products' })
  const [made] = (await shop.client.products.list({ page_number: 0 })).items
  expect(made).toMatchObject({ name: 'Power', price: 4000, currency: 'USD', is_recurring: false })
  const id = String(made?.product_id)
  expect(await page(shop, `/_sandbox/page/products/${id}`)).toContain('value="40.00"')
  await send(shop, `products/${id}`, { name: 'Power 2', price: '41.5', tax_category: 'e_book' })
  expect(await shop.client.products.retrieve(id)).toMatchObject({
    name: 'Power 2',
    description: null,
    tax_category: 'e_book',
    price: { type: 'one_time_price', price: 4150 },
  })
  await send(shop, `products/${id}/archive`)
  expect((await shop.client.products.list({ page_number: 0 })).items).toEqual([])
  expect(await page(shop)).toContain('Put back on sale')
  await send(shop, `products/${id}/unarchive`)
  await send(shop, 'products', { ...form, kind: 'Month' })
  const kinds = (await shop.client.products.list({ page_number: 0 })).items.map((item) => item.is_recurring)
  expect(kinds).toEqual([true, false])
})

test.each([
  [{ price: '40.005' }, 'is no amount in USD'],
  [{ price: '-1' }, 'is no amount in USD'],
  [{ currency: 'XXX' }, 'is not a currency'],
  [{ name: '' }, 'name'],
])('a product that makes no sense is refused, and the page says why: %o', async (wrong, why) => {
  const shop = await openShop()
  const form = { name: 'Power', price: '40', currency: 'USD', kind: 'one_time', tax_category: 'saas' }
  const answer = await send(shop, 'products', { ...form, ...wrong })
  expect(answer.status).toBe(422)
  expect(answer.text).toContain(why)
  expect(answer.text).toContain('href="/#products"')
})

test('a payment is refunded in part and then whole, and disputed to the end', async () => {
  const shop = await openShop()
  const id = await pay(shop)
  expect(await send(shop, `payments/${id}/refund`, { amount: '15.50' })).toMatchObject({ to: '/#payments' })
  const [refund] = (await shop.client.payments.retrieve(id)).refunds
  expect(refund).toMatchObject({ amount: 1550, status: 'pending' })
  await send(shop, `refunds/${refund?.refund_id}/settle`, { outcome: 'succeeded' })
  await send(shop, `payments/${id}/refund`)
  await shop.dodo.advance(60_000)
  expect(await shop.client.payments.retrieve(id)).toMatchObject({ refund_status: 'full' })
  const tooMuch = await send(shop, `payments/${id}/refund`, { amount: '1' })
  expect([tooMuch.status, tooMuch.text.includes('PAYMENT_ALREADY_REFUNDED')]).toEqual([422, true])

  const other = await pay(shop)
  await send(shop, `payments/${other}/dispute`, { stage: 'pre_dispute' })
  const [dispute] = (await shop.client.payments.retrieve(other)).disputes
  expect(await page(shop)).toContain(`/disputes/${dispute?.dispute_id}/decide`)
  await send(shop, `disputes/${dispute?.dispute_id}/decide`, { decision: 'challenge' })
  await send(shop, `disputes/${dispute?.dispute_id}/decide`, { decision: 'lose' })
  expect(await shop.client.disputes.retrieve(String(dispute?.dispute_id))).toMatchObject({
    dispute_status: 'dispute_lost',
    dispute_stage: 'pre_dispute',
  })
})

test('a payment under way is settled, and the next one fails when asked to', async () => {
  const shop = await openShop()
  const id = await pay(shop, '4000 0000 0000 0077')
  await send(shop, `payments/${id}/settle`, { outcome: 'failed' })
  expect((await shop.client.payments.retrieve(id)).status).toBe('failed')
  await send(shop, 'fail-next-payment', { error_code: 'DO_NOT_HONOR' })
  expect(await page(shop)).toContain('DO_NOT_HONOR</span>')
  expect((await shop.client.payments.retrieve(await pay(shop))).error_code).toBe('DO_NOT_HONOR')
  expect((await shop.client.payments.retrieve(await pay(shop))).status).toBe('succeeded')
})

test('the clock is moved by its buttons', async () => {
  const shop = await openShop({ now: () => new Date('2026-01-31T10:00:00.000Z') })
  await send(shop, 'clock', { by: 'month' })
  expect(shop.dodo.now().toISOString()).toBe('2026-02-28T10:00:00.000Z')
  await send(shop, 'clock', { by: 'day' })
  await send(shop, 'clock', { by: 'hour' })
  expect(shop.dodo.now().toISOString()).toBe('2026-03-01T11:00:00.000Z')
  expect((await send(shop, 'clock', { by: 'next' })).text).toContain('there is no next event')
  const id = await pay(shop)
  await send(shop, `payments/${id}/refund`)
  await send(shop, 'clock', { by: 'next' })
  expect((await shop.client.payments.retrieve(id)).refund_status).toBe('full')
})

test('a fault is put into force and taken out', async () => {
  const shop = await openShop()
  await send(shop, 'faults', {
    kind: 'server_error',
    only_for: 'GET /customers',
    count: '5',
    per_thousand: '',
  })
  const text = await page(shop)
  expect(text).toContain('5 times more')
  const [, id = ''] = /action="\/_sandbox\/page\/faults\/(flt_\w+)\/remove"/.exec(text) ?? []
  await send(shop, `faults/${id}/remove`)
  expect((await shop.client.customers.list({ page_number: 0 })).items).toEqual([])
  expect((await send(shop, 'faults', { kind: 'drop', only_for: 'everything' })).text).toContain('event_type')
})

test('credits are given and used', async () => {
  const shop = await openShop()
  const { client } = shop
  const { id } = await client.creditEntitlements.create({
    name: 'Images',
    unit: 'image',
    precision: 0,
    overage_enabled: false,
    rollover_enabled: false,
  })
  const { customer_id } = await client.customers.create({ email: 'ada@example.com', name: 'Ada' })
  await send(shop, `credits/${id}/${customer_id}/grant`, { amount: '10' })
  await send(shop, `credits/${id}/${customer_id}/use`, { amount: '3' })
  const balances = await client.customers.listCreditEntitlements(customer_id)
  expect(balances.items[0]?.balance).toBe('7')
  expect(await page(shop)).toContain('7 image')
  expect((await send(shop, `credits/${id}/${customer_id}/use`, { amount: '0.5' })).status).toBe(422)
})

test('an endpoint is tried, disabled and enabled, and its secret rotated', async () => {
  const receiver = await openReceiver()
  const shop = await openShop()
  const { id } = await shop.client.webhooks.create({ url: receiver.url })
  await pay(shop)
  await shop.dodo.settle()
  await send(shop, `webhooks/${id}/test`, { event_type: 'payment.failed' })
  expect(receiver.received).toHaveLength(2)
  await send(shop, `webhooks/${id}/disable`)
  expect((await shop.client.webhooks.retrieve(id)).disabled).toBe(true)
  await send(shop, `webhooks/${id}/enable`)
  const before = await shop.client.webhooks.retrieveSecret(id)
  await send(shop, `webhooks/${id}/rotate-secret`)
  expect(await shop.client.webhooks.retrieveSecret(id)).not.toEqual(before)
})

test('a customer’s portal opens from the page', async () => {
  const shop = await openShop()
  await makePack(shop.client)
  const { customer_id } = await shop.client.customers.create({ email: 'ada@example.com', name: 'Ada' })
  const { to } = await send(shop, `customers/${customer_id}/portal`)
  expect(to).toMatch(new RegExp(`^${shop.dodo.url}/portal/cps_`))
})

test('a subscription is paused, resumed, renewed, ended and cancelled; one on demand is charged', async () => {
  const shop = await openShop()
  const { client } = shop
  const plan = await makePlan(client)
  const { id, read } = await subscribe(client, plan)
  const act = (what: string, fields?: Record<string, string>) =>
    send(shop, `subscriptions/${id}/${what}`, fields)
  expect(await act('pause')).toMatchObject({ status: 303, to: '/#subscriptions' })
  expect((await read()).status).toBe('paused')
  await act('resume')
  await act('end')
  expect(await read()).toMatchObject({ status: 'active', cancel_at_next_billing_date: true })
  expect(await page(shop)).toContain('Do not end it')
  await act('keep')
  const before = await client.payments.list({ subscription_id: id, page_number: 0 })
  await act('renew')
  await shop.dodo.advance(60_000)
  const after = await client.payments.list({ subscription_id: id, page_number: 0 })
  expect(after.items.length).toBe(before.items.length + 1)
  await act('cancel')
  expect((await read()).status).toBe('cancelled')
  expect((await act('pause')).status).toBe(422)

  const mandate = await subscribe(client, plan, { subscription_data: { on_demand: { mandate_only: true } } })
  await send(shop, `subscriptions/${mandate.id}/charge`, { amount: '7.25' })
  const [charge] = (await client.payments.list({ subscription_id: mandate.id, page_number: 0 })).items
  expect(charge?.total_amount).toBe(725)
})
