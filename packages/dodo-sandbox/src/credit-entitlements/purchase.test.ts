import { WebhookPayloadSchema } from '@dodopayments/core/schemas'
import DodoPayments from 'dodopayments'
import { expect, test } from 'vitest'
import { brokeCard, inOrder, openReceiver, openShop, submitScript } from '../../test/shop.ts'

type Attach = DodoPayments.Products.AttachCreditEntitlement

async function makeKind(client: DodoPayments, name: string) {
  const kind = await client.creditEntitlements.create({
    name,
    unit: name.toLowerCase(),
    precision: 1,
    overage_enabled: false,
    rollover_enabled: false,
    expires_after_days: 90,
  })
  return kind.id
}

async function makeProduct(client: DodoPayments, credits: Attach[]) {
  const product = await client.products.create({
    name: 'Power',
    tax_category: 'saas',
    price: { type: 'one_time_price', currency: 'USD', price: 4000 },
    credit_entitlements: credits,
  })
  return product.product_id
}

type CartItem = DodoPayments.CheckoutSessionCreateParams['product_cart'][number]

/** Buys as Ada, and answers who she is. */
async function buy(client: DodoPayments, cart: CartItem[], card?: string) {
  const session = await client.checkoutSessions.create({
    product_cart: cart,
    customer: { email: 'ada@example.com' },
  })
  const { answer } = await submitScript(
    String(session.checkout_url),
    card === undefined ? {} : { card_number: card },
  )
  const payment = await client.payments.retrieve(String(answer['payment_id']))
  return { customerId: payment.customer.customer_id, paymentId: payment.payment_id }
}

const creditsOf = async (client: DodoPayments, customerId: string) =>
  Object.fromEntries(
    (await client.customers.listCreditEntitlements(customerId)).items.map(({ name, balance }) => [
      name,
      balance,
    ]),
  )

test('a product shows the credits it brings: its own word over that of their kind', async () => {
  const { client } = await openShop()
  const [tokens, images] = [await makeKind(client, 'Tokens'), await makeKind(client, 'Images')]
  const id = await makeProduct(client, [
    { credit_entitlement_id: tokens, credits_amount: '500' },
    { credit_entitlement_id: images, credits_amount: '2.5', expires_after_days: 7, trial_credits: '1' },
  ])
  const { credit_entitlements } = await client.products.retrieve(id)
  expect(credit_entitlements).toMatchObject([
    {
      credit_entitlement_id: tokens,
      credit_entitlement_name: 'Tokens',
      credit_entitlement_unit: 'tokens',
      credits_amount: '500',
      expires_after_days: 90,
      overage_behavior: 'forgive_at_reset',
      overage_enabled: false,
      rollover_enabled: false,
      proration_behavior: 'no_prorate',
      trial_credits_expire_after_trial: false,
    },
    { credit_entitlement_id: images, credits_amount: '2.5', expires_after_days: 7, trial_credits: '1' },
  ])
  await client.products.update(id, { name: 'Power pack' })
  expect((await client.products.retrieve(id)).credit_entitlements).toEqual(credit_entitlements)
  await client.products.update(id, {
    credit_entitlements: [{ credit_entitlement_id: tokens, credits_amount: '9' }],
  })
  expect((await client.products.retrieve(id)).credit_entitlements).toMatchObject([{ credits_amount: '9' }])
  await client.products.update(id, { credit_entitlements: [] })
  expect((await client.products.retrieve(id)).credit_entitlements).toEqual([])
})

test('what cannot be attached is refused', async () => {
  const { client } = await openShop()
  const kinds: string[] = []
  for (let index = 0; index < 6; index += 1) kinds.push(await makeKind(client, `Kind ${index}`))
  const one = (id: string, input: Partial<Attach> = {}): Attach => ({
    credit_entitlement_id: id,
    credits_amount: '1',
    ...input,
  })
  const refused = (credits: Attach[], message: RegExp, code = 'INVALID_REQUEST_BODY') =>
    expect(makeProduct(client, credits)).rejects.toMatchObject({
      status: 422,
      error: { code, message: expect.stringMatching(message) },
    })
  const first = kinds[0]!
  await refused(
    kinds.map((id) => one(id)),
    /at most 5/,
  )
  await refused([one(first), one(first)], /twice/)
  await refused([one('cde_nowhere')], /there is no cde_nowhere/)
  await refused([one(first, { credits_amount: '0.25' })], /more decimals than the 1/)
  await refused([one(first, { overage_enabled: true })], /price_per_unit/)
  await client.creditEntitlements.delete(first)
  await refused([one(first)], /is deleted/, 'CREDIT_ENTITLEMENT_IS_DELETED')
})

test('a paid product brings its credits, times the quantity; a declined card brings none', async () => {
  const { client, dodo } = await openShop()
  const [tokens, images] = [await makeKind(client, 'Tokens'), await makeKind(client, 'Images')]
  const id = await makeProduct(client, [
    { credit_entitlement_id: tokens, credits_amount: '500' },
    { credit_entitlement_id: images, credits_amount: '2.5' },
  ])
  const declined = await buy(client, [{ product_id: id, quantity: 1 }], brokeCard)
  expect(await creditsOf(client, declined.customerId)).toEqual({})
  const { customerId, paymentId } = await buy(client, [{ product_id: id, quantity: 3 }])
  expect(await creditsOf(client, customerId)).toEqual({ Tokens: '1500', Images: '7.5' })
  const { items } = await client.creditEntitlements.balances.listGrants(customerId, {
    credit_entitlement_id: tokens,
    page_number: 0,
  })
  expect(items).toMatchObject([
    {
      source_type: 'one_time',
      source_id: paymentId,
      initial_amount: '1500',
      expires_at: new Date(dodo.now().getTime() + 90 * 86_400_000).toISOString(),
    },
  ])
})

test('it can be started so that the quantity does not count', async () => {
  const { client } = await openShop({ behaviour: { multiplyCreditsByQuantity: false } })
  const id = await makeProduct(client, [
    { credit_entitlement_id: await makeKind(client, 'Tokens'), credits_amount: '500' },
  ])
  const { customerId } = await buy(client, [{ product_id: id, quantity: 3 }])
  expect(await creditsOf(client, customerId)).toEqual({ Tokens: '500' })
})

test('a session may bring another amount of what the product has, and a product changed later changes nothing', async () => {
  const { client } = await openShop()
  const [tokens, images] = [await makeKind(client, 'Tokens'), await makeKind(client, 'Images')]
  const id = await makeProduct(client, [{ credit_entitlement_id: tokens, credits_amount: '500' }])
  const item = (credit_entitlement_id: string): CartItem => ({
    product_id: id,
    quantity: 1,
    credit_entitlements: [{ credit_entitlement_id, credits_amount: '650.5' }],
  })
  await expect(client.checkoutSessions.create({ product_cart: [item(images)] })).rejects.toMatchObject({
    status: 422,
    error: { message: expect.stringContaining(images) },
  })
  const session = await client.checkoutSessions.create({
    product_cart: [item(tokens)],
    customer: { email: 'ada@example.com' },
  })
  await client.products.update(id, {
    credit_entitlements: [{ credit_entitlement_id: tokens, credits_amount: '1' }],
  })
  const { answer } = await submitScript(String(session.checkout_url))
  const payment = await client.payments.retrieve(String(answer['payment_id']))
  expect(await creditsOf(client, payment.customer.customer_id)).toEqual({ Tokens: '650.5' })
})

test('every change of a balance is a webhook that the SDK and the strict schemas take', async () => {
  const receiver = await openReceiver()
  const { client, dodo } = await openShop({ webhooks: [{ url: receiver.url }] })
  const tokens = await makeKind(client, 'Tokens')
  const id = await makeProduct(client, [{ credit_entitlement_id: tokens, credits_amount: '10' }])
  const { customerId, paymentId } = await buy(client, [{ product_id: id, quantity: 1 }])
  await client.creditEntitlements.balances.createLedgerEntry(customerId, {
    credit_entitlement_id: tokens,
    amount: '3',
    entry_type: 'debit',
  })
  await dodo.advance(91 * 86_400_000)
  const told = await inOrder({ dodo }, receiver.received)
  const events = told.map(({ body, headers }) => {
    WebhookPayloadSchema.parse(JSON.parse(body))
    return client.webhooks.unwrap(body, { headers })
  })
  expect(events.map((event) => event.type)).toEqual([
    'payment.succeeded',
    'credit.added',
    'credit.deducted',
    'credit.expired',
  ])
  expect(events[1]?.data).toMatchObject({
    payload_type: 'CreditLedgerEntry',
    transaction_type: 'credit_added',
    amount: '10',
    customer_id: customerId,
    reference_type: 'payment',
    reference_id: paymentId,
  })
  expect(events[3]?.data).toMatchObject({ amount: '7', balance_before: '7', balance_after: '0' })
})

test('it can be started so that changes by hand are told as such', async () => {
  const receiver = await openReceiver()
  const { client, dodo } = await openShop({
    webhooks: [{ url: receiver.url }],
    behaviour: { ledgerEntryEvents: 'manual_adjustment' },
  })
  const customer = await client.customers.create({ email: 'ada@example.com', name: 'Ada' })
  await client.creditEntitlements.balances.createLedgerEntry(customer.customer_id, {
    credit_entitlement_id: await makeKind(client, 'Tokens'),
    amount: '3',
    entry_type: 'credit',
  })
  await dodo.settle()
  expect(receiver.received.map(({ body }) => WebhookPayloadSchema.parse(JSON.parse(body)).type)).toEqual([
    'credit.manual_adjustment',
  ])
})
