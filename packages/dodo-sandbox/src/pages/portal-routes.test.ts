import { expect, test } from 'vitest'
import { makeSession, openShop, submitScript } from '../../test/shop.ts'
import { makePlan, subscribe } from '../../test/subscribers.ts'

const dayMs = 86_400_000

async function pageOf(link: string) {
  const response = await fetch(link)
  return { status: response.status, text: await response.text() }
}

test('the link shows the customer what was bought, and nobody else’s, for 24 hours', async () => {
  const { client, dodo } = await openShop()
  const mine = await submitScript((await makeSession(client)).checkout_url)
  const grace = { email: 'grace@example.com', name: 'Grace <b>Hopper</b>' }
  const hers = await submitScript((await makeSession(client, { customer: grace })).checkout_url, grace)
  const { customer } = await client.payments.retrieve(String(hers.answer['payment_id']))
  const { link } = await client.customers.customerPortal.create(customer.customer_id, {
    return_url: 'https://shop.example/account',
  })
  expect(link).toMatch(new RegExp(`^${dodo.url}/portal/cps_\\w{21}$`))
  const page = await pageOf(link)
  expect(page.status).toBe(200)
  expect(page.text).toContain(hers.answer['payment_id'])
  expect(page.text).not.toContain(mine.answer['payment_id'])
  expect(page.text).toContain('href="https://shop.example/account"')
  expect(page.text).toContain('Grace &lt;b&gt;Hopper&lt;/b&gt;')
  await dodo.advance(dayMs - 1)
  expect((await pageOf(link)).status).toBe(200)
  await dodo.advance(1)
  expect(await pageOf(link)).toMatchObject({ status: 410, text: expect.stringContaining('link has expired') })
  expect((await pageOf(`${dodo.url}/portal/cps_guessed`)).status).toBe(410)
})

test('a link for nobody, or back to nowhere, is refused', async () => {
  const { client } = await openShop()
  await expect(client.customers.customerPortal.create('cus_none')).rejects.toMatchObject({ status: 404 })
  const { customer_id } = await client.customers.create({ email: 'ada@example.com', name: 'Ada' })
  await expect(
    client.customers.customerPortal.create(customer_id, { return_url: 'javascript:alert(1)' }),
  ).rejects.toMatchObject({ status: 422 })
})

test('invoices, credit notes, saved cards and credits are on it, and a card can be removed by its owner alone', async () => {
  const { client, dodo } = await openShop()
  const kind = await client.creditEntitlements.create({
    name: 'Images',
    unit: 'images',
    precision: 0,
    overage_enabled: false,
    rollover_enabled: false,
  })
  const pack = await client.products.create({
    name: 'Power',
    tax_category: 'saas',
    price: { type: 'one_time_price', currency: 'USD', price: 4000 },
    credit_entitlements: [{ credit_entitlement_id: kind.id, credits_amount: '400' }],
  })
  const cart = { product_cart: [{ product_id: pack.product_id, quantity: 1 }] }
  const paid = await submitScript((await makeSession(client, cart)).checkout_url, { save_card: 'on' })
  const { customer, payment_id } = await client.payments.retrieve(String(paid.answer['payment_id']))
  const refund = await client.refunds.create({ payment_id })
  await dodo.advance(60_000)
  const { link } = await client.customers.customerPortal.create(customer.customer_id)
  const { text } = await pageOf(link)
  expect(text).toContain('400 images')
  expect(text).toContain('VISA 4242')
  for (const path of [`/invoices/payments/${payment_id}`, `/invoices/refunds/${refund.refund_id}`]) {
    expect(text).toContain(`href="${path}"`)
    expect((await fetch(`${dodo.url}${path}`)).headers.get('content-type')).toBe('application/pdf')
  }

  const { items } = await client.customers.retrievePaymentMethods(customer.customer_id)
  const remove = (from: string) =>
    fetch(`${from}/cards/${items[0]?.payment_method_id}/remove`, { method: 'POST', redirect: 'manual' })
  const stranger = await client.customers.create({ email: 'eve@example.com', name: 'Eve' })
  const other = await client.customers.customerPortal.create(stranger.customer_id)
  expect((await remove(other.link)).status).toBe(404)
  expect((await remove(`${dodo.url}/portal/cps_guessed`)).status).toBe(410)
  expect((await client.customers.retrievePaymentMethods(customer.customer_id)).items).toHaveLength(1)
  expect((await remove(link)).status).toBe(303)
  expect((await client.customers.retrievePaymentMethods(customer.customer_id)).items).toEqual([])
})

test('a customer ends a subscription, keeps it, and pays with another card', async () => {
  const { client, dodo } = await openShop()
  const { id, customerId, read } = await subscribe(client, await makePlan(client, { name: 'Studio' }))
  const { link } = await client.customers.customerPortal.create(customerId)
  const { text } = await pageOf(link)
  expect(text).toContain('Studio')
  const send = (from: string, action: string, fields: Record<string, string> = {}) =>
    fetch(`${from}/subscriptions/${id}/${action}`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams(fields),
    })
  expect((await send(link, 'end')).status).toBe(303)
  expect((await read()).cancel_at_next_billing_date).toBe(true)
  await send(link, 'keep')
  expect((await read()).cancel_at_next_billing_date).toBe(false)

  const toForm = await send(link, 'card')
  expect(toForm.headers.get('location')).toMatch(/^\/session\/cks_/)
  await submitScript(`${dodo.url}${toForm.headers.get('location')}`, { card_number: '5555 5555 5555 4444' })
  const { items } = await client.customers.retrievePaymentMethods(customerId)
  const saved = items.find(({ card }) => card?.last4_digits === '4242')
  expect((await read()).payment_method_id).not.toBe(saved?.payment_method_id)
  await send(link, 'card', { payment_method_id: String(saved?.payment_method_id) })
  expect((await read()).payment_method_id).toBe(saved?.payment_method_id)

  const stranger = await client.customers.create({ email: 'eve@example.com', name: 'Eve' })
  const other = await client.customers.customerPortal.create(stranger.customer_id)
  expect((await send(other.link, 'end')).status).toBe(404)
  expect((await read()).cancel_at_next_billing_date).toBe(false)
})
