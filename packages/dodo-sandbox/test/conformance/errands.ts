import { makePack, makeSession, type Shop, submitScript } from '../shop.ts'
import { dayMs, failsLaterCard, makePlan, subscribe } from '../subscribers.ts'

/** Uses of the official SDK, a resource each, that together call every route the sandbox covers. */
export const errands: Readonly<Record<string, (shop: Shop) => Promise<void>>> = {
  async products({ client }) {
    const id = await makePack(client)
    await client.products.retrieve(id)
    await client.products.update(id, { name: 'Power 2' })
    await client.products.archive(id)
    await client.products.unarchive(id)
    await listAll(client.products.list({ page_number: 0 }))
  },

  async customers({ client }) {
    const { customer_id } = await client.customers.create({
      email: 'grace@example.com',
      name: 'Grace Hopper',
    })
    await client.customers.retrieve(customer_id)
    await client.customers.update(customer_id, { name: 'Rear Admiral Hopper' })
    await client.customers.customerPortal.create(customer_id, { return_url: 'https://shop.example' })
    await listAll(client.customers.list({ page_number: 0 }))
  },

  async 'checkouts and payments'({ client }) {
    const { session_id, checkout_url } = await makeSession(client)
    await submitScript(checkout_url)
    const { payment_id } = await client.checkoutSessions.retrieve(session_id)
    await client.payments.retrieve(String(payment_id))
    await client.payments.retrieveLineItems(String(payment_id))
    await listAll(client.payments.list({ page_number: 0 }))
  },

  async 'saved cards'({ client }) {
    const { customer_id } = await client.customers.create({ email: 'saver@example.com', name: 'Saver' })
    const { checkout_url } = await makeSession(client, { customer: { customer_id } })
    await submitScript(checkout_url, { save_card: 'on' })
    const { items } = await client.customers.retrievePaymentMethods(customer_id)
    await client.customers.deletePaymentMethod(String(items[0]?.payment_method_id), { customer_id })
  },

  async 'refunds and disputes'({ client, dodo }) {
    const { answer } = await submitScript((await makeSession(client)).checkout_url)
    const payment_id = String(answer['payment_id'])
    await fetch(`${dodo.url}/_sandbox/payments/${payment_id}/dispute`, { method: 'POST', body: '{}' })
    for await (const { dispute_id } of client.disputes.list({ page_number: 0 }))
      await client.disputes.retrieve(dispute_id)
    const { refund_id } = await client.refunds.create({ payment_id })
    await client.refunds.retrieve(refund_id)
    await client.invoices.payments.retrieve(payment_id)
    const other = await submitScript((await makeSession(client)).checkout_url)
    const refunded = await client.refunds.create({ payment_id: String(other.answer['payment_id']) })
    await dodo.advance(2_000)
    await client.invoices.payments.retrieveRefund(refunded.refund_id)
    await listAll(client.refunds.list({ page_number: 0 }))
  },

  async discounts({ client }) {
    const { discount_id, code } = await client.discounts.create({
      type: 'percentage',
      amount: 1000,
      code: 'TENTH',
    })
    await client.discounts.retrieve(discount_id)
    await client.discounts.retrieveByCode(code)
    await client.discounts.update(discount_id, { name: 'A tenth off' })
    await listAll(client.discounts.list({ page_number: 0 }))
    const cart = [{ product_id: await makePack(client), quantity: 1 }]
    await client.checkoutSessions.preview({ product_cart: cart, discount_codes: [code] })
    await client.misc.listSupportedCountries()
    await client.discounts.delete(discount_id)
  },

  async 'credit entitlements'({ client }) {
    const { id } = await client.creditEntitlements.create({
      name: 'Images',
      unit: 'image',
      precision: 0,
      overage_enabled: false,
      rollover_enabled: false,
    })
    await client.creditEntitlements.retrieve(id)
    await client.creditEntitlements.update(id, { description: 'Enlarged images' })
    await client.creditEntitlements.delete(id)
    await client.creditEntitlements.undelete(id)
    await listAll(client.creditEntitlements.list({ page_number: 0 }))
    const { customer_id } = await client.customers.create({
      email: 'mary@example.com',
      name: 'Mary Somerville',
    })
    const ofImages = { credit_entitlement_id: id }
    await client.creditEntitlements.balances.createLedgerEntry(customer_id, {
      ...ofImages,
      amount: '100',
      entry_type: 'credit',
    })
    await client.creditEntitlements.balances.retrieve(customer_id, ofImages)
    await listAll(client.creditEntitlements.balances.list(id, { page_number: 0 }))
    await listAll(client.creditEntitlements.balances.listGrants(customer_id, { ...ofImages, page_number: 0 }))
    await listAll(client.creditEntitlements.balances.listLedger(customer_id, { ...ofImages, page_number: 0 }))
    await client.customers.listCreditEntitlements(customer_id)
  },

  async subscriptions({ client, dodo }) {
    const [basic, pro] = [await makePlan(client), await makePlan(client, { name: 'Pro', price: 5000 })]
    const { id } = await subscribe(client, basic)
    await client.subscriptions.retrieve(id)
    await client.subscriptions.update(id, { metadata: { seat: 1 } })
    const change = { product_id: pro, quantity: 1, proration_billing_mode: 'do_not_bill' } as const
    await client.subscriptions.previewChangePlan(id, change)
    await client.subscriptions.changePlan(id, { ...change, effective_at: 'next_billing_date' })
    await client.subscriptions.cancelChangePlan(id)
    await client.subscriptions.updatePaymentMethod(id, { payment_method: { type: 'new' } })
    await client.subscriptions.retrieveCreditUsage(id)
    await listAll(client.subscriptions.list({ page_number: 0 }))
    const mandate = await subscribe(client, basic, {
      subscription_data: { on_demand: { mandate_only: true } },
    })
    await client.subscriptions.charge(mandate.id, { product_price: 1500 })
    const failing = await subscribe(client, basic, { card: failsLaterCard })
    await dodo.advance(32 * dayMs)
    const [failed] = (await client.payments.list({ page_number: 0, subscription_id: failing.id })).items
    await client.payments.retrieveRetryState(String(failed?.payment_id))
    await client.payments.retry(String(failed?.payment_id))
  },

  async webhooks({ client }) {
    const { id } = await client.webhooks.create({ url: 'https://shop.example/hooks' })
    await client.webhooks.retrieve(id)
    await client.webhooks.retrieveSecret(id)
    await client.webhooks.headers.update(id, { headers: { 'x-shop': 'darkroom' } })
    await client.webhooks.headers.retrieve(id)
    await client.webhooks.update(id, { description: 'orders' })
    await listAll(client.webhooks.list())
    await client.webhooks.delete(id)
  },
}

/** Every page of a list, as the SDK's iterator fetches them. */
async function listAll(list: AsyncIterable<unknown> & PromiseLike<unknown>): Promise<number> {
  let count = 0
  for await (const _item of list) count += 1
  return count
}
