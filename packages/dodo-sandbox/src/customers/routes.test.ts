import DodoPayments from 'dodopayments'
import { expect, test } from 'vitest'
import { openShop } from '../../test/shop.ts'

test('a customer is made, read and changed', async () => {
  const { client } = await openShop()
  const made = await client.customers.create({
    email: 'ada@example.com',
    name: 'Ada',
    phone_number: '+44 20 7946 0000',
    metadata: { org: 'analytical' },
  })
  expect(made.customer_id).toMatch(/^cus_\w{21}$/)
  expect(await client.customers.retrieve(made.customer_id)).toEqual(made)
  const changed = await client.customers.update(made.customer_id, { name: 'Ada Lovelace' })
  expect(changed).toEqual({ ...made, name: 'Ada Lovelace' })
  expect(await client.customers.retrieve(made.customer_id)).toEqual(changed)
})

test('customers are found by e-mail, by a part of the name, and by when they were made', async () => {
  const { client, clock } = await openShop()
  const ada = await client.customers.create({ email: 'ada@example.com', name: 'Ada Lovelace' })
  clock.advance(60_000)
  const between = clock.now().toISOString()
  clock.advance(60_000)
  const grace = await client.customers.create({ email: 'grace@example.com', name: 'Grace Hopper' })
  const ids = async (query: DodoPayments.CustomerListParams) =>
    (await client.customers.list({ page_number: 0, ...query })).items.map((item) => item.customer_id)
  expect(await ids({})).toEqual([grace.customer_id, ada.customer_id])
  expect(await ids({ email: 'ADA@example.com' })).toEqual([ada.customer_id])
  expect(await ids({ name: 'hopp' })).toEqual([grace.customer_id])
  expect(await ids({ created_at_gte: between })).toEqual([grace.customer_id])
  expect(await ids({ created_at_lte: between })).toEqual([ada.customer_id])
})

test('a second customer of one e-mail is another customer', async () => {
  const { client } = await openShop()
  const first = await client.customers.create({ email: 'ada@example.com', name: 'Ada' })
  const second = await client.customers.create({ email: 'ada@example.com', name: 'Ada' })
  expect(second.customer_id).not.toBe(first.customer_id)
})

test('what is no customer is refused', async () => {
  const { client } = await openShop()
  await expect(client.customers.create({ email: 'nobody', name: 'x' })).rejects.toBeInstanceOf(
    DodoPayments.UnprocessableEntityError,
  )
  const tooMany = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`k${index}`, 'v']))
  await expect(
    client.customers.create({ email: 'a@example.com', name: 'x', metadata: tooMany }),
  ).rejects.toMatchObject({ status: 422 })
  await expect(client.customers.retrieve('cus_nowhere')).rejects.toBeInstanceOf(DodoPayments.NotFoundError)
})
