import DodoPayments from 'dodopayments'
import { expect, test } from 'vitest'
import { makePack, openShop } from '../../test/shop.ts'

test('a product comes back as it was made, with every field the SDK promises', async () => {
  const { client } = await openShop()
  const made = await client.products.create({
    name: 'Power',
    description: '500 credits',
    tax_category: 'digital_products',
    metadata: { pack: 'power', credits: 500, best: true },
    price: { type: 'one_time_price', currency: 'USD', price: 4000, discount: 0 },
  })
  expect(made).toMatchObject({
    name: 'Power',
    description: '500 credits',
    tax_category: 'digital_products',
    metadata: { pack: 'power', credits: 500, best: true },
    price: { type: 'one_time_price', currency: 'USD', price: 4000, pay_what_you_want: false },
    is_recurring: false,
    license_key_enabled: false,
    credit_entitlements: [],
    entitlements: [],
  })
  expect(made.product_id).toMatch(/^pdt_\w{21}$/)
  expect(await client.products.retrieve(made.product_id)).toEqual(made)
})

test('recurring and usage-based prices are kept', async () => {
  const { client } = await openShop()
  const periods = {
    payment_frequency_count: 1,
    payment_frequency_interval: 'Month',
    subscription_period_count: 1,
    subscription_period_interval: 'Year',
  } as const
  await client.products.create({
    name: 'Plan',
    tax_category: 'saas',
    price: { type: 'recurring_price', currency: 'EUR', price: 1900, ...periods },
  })
  await client.products.create({
    name: 'Metered',
    tax_category: 'saas',
    price: { type: 'usage_based_price', currency: 'EUR', fixed_price: 500, ...periods },
  })
  await makePack(client)
  const recurring = await client.products.list({ recurring: true, page_number: 0 })
  expect(recurring.items.map((item) => [item.name, item.price, item.is_recurring])).toEqual([
    ['Metered', 500, true],
    ['Plan', 1900, true],
  ])
})

test('an update changes what it names and nothing else', async () => {
  const { client, clock } = await openShop()
  const id = await makePack(client)
  const before = await client.products.retrieve(id)
  clock.advance(1000)
  await client.products.update(id, { name: 'Power pack', metadata: { pack: 'power' } })
  const after = await client.products.retrieve(id)
  expect(after).toEqual({
    ...before,
    name: 'Power pack',
    metadata: { pack: 'power' },
    updated_at: after.updated_at,
  })
  expect(Date.parse(after.updated_at) - Date.parse(before.updated_at)).toBe(1000)
})

test('an archived product leaves the list, cannot be archived twice, and comes back', async () => {
  const { client } = await openShop()
  const id = await makePack(client)
  await client.products.archive(id)
  expect((await client.products.list({ page_number: 0 })).items).toEqual([])
  expect((await client.products.list({ page_number: 0, archived: true })).items).toHaveLength(1)
  await expect(client.products.archive(id)).rejects.toMatchObject({
    status: 410,
    error: { code: 'PRODUCT_IS_DELETED' },
  })
  await client.products.unarchive(id)
  expect((await client.products.list({ page_number: 0 })).items).toHaveLength(1)
})

test('pages count from zero, newest first, and the iterator of the SDK sees each product once', async () => {
  const { client } = await openShop()
  const made: string[] = []
  for (let index = 0; index < 25; index += 1) made.push(await makePack(client, 1000 + index))
  const seen: string[] = []
  for await (const product of client.products.list({ page_number: 0 })) seen.push(product.product_id)
  expect(seen).toEqual(made.toReversed())
  const second = await client.products.list({ page_number: 1, page_size: 10 })
  expect(second.items.map((item) => item.product_id)).toEqual(made.toReversed().slice(10, 20))
  await expect(client.products.list({ page_size: 101 })).rejects.toMatchObject({
    status: 422,
    error: { code: 'INVALID_REQUEST_PARAMETERS' },
  })
})

test('what cannot be attached here yet is refused by name, once', async () => {
  let requests = 0
  const { dodo } = await openShop()
  const client = new DodoPayments({
    baseURL: dodo.url,
    bearerToken: dodo.apiKey,
    fetch: (input, init) => {
      requests += 1
      return fetch(input, init)
    },
  })
  const refused = client.products.create({
    name: 'Power',
    tax_category: 'saas',
    price: { type: 'one_time_price', currency: 'USD', price: 4000 },
    license_key_enabled: true,
  })
  await expect(refused).rejects.toMatchObject({
    status: 501,
    error: { code: 'NOT_COVERED_BY_LOCAL_DODO', message: expect.stringContaining('licence keys') },
  })
  expect(requests).toBe(1)
})

test('a product that makes no sense is a 422 that names the field', async () => {
  const { client } = await openShop()
  const refused = client.products.create({
    name: 'Power',
    tax_category: 'saas',
    price: { type: 'one_time_price', currency: 'USD', price: 40.5 },
  })
  await expect(refused).rejects.toBeInstanceOf(DodoPayments.UnprocessableEntityError)
  await expect(refused).rejects.toMatchObject({
    error: { code: 'INVALID_REQUEST_BODY', message: expect.stringContaining('price.price') },
  })
})

test('a product nobody made is a 404', async () => {
  const { client } = await openShop()
  await expect(client.products.retrieve('pdt_nowhere')).rejects.toBeInstanceOf(DodoPayments.NotFoundError)
  await expect(client.products.update('pdt_nowhere', { name: 'x' })).rejects.toBeInstanceOf(
    DodoPayments.NotFoundError,
  )
  await expect(client.products.archive('pdt_nowhere')).rejects.toBeInstanceOf(DodoPayments.NotFoundError)
  await expect(client.products.unarchive('pdt_nowhere')).rejects.toBeInstanceOf(DodoPayments.NotFoundError)
})
