import DodoPayments from 'dodopayments'
import { expect, test } from 'vitest'
import { openShop } from '../../test/shop.ts'

test('an endpoint is made, read, changed and deleted', async () => {
  const { client } = await openShop()
  const made = await client.webhooks.create({
    url: 'https://shop.example/hooks',
    description: 'orders',
    filter_types: ['payment.succeeded'],
    metadata: { team: 'billing' },
    rate_limit: 5,
  })
  expect(made).toMatchObject({
    url: 'https://shop.example/hooks',
    description: 'orders',
    filter_types: ['payment.succeeded'],
    metadata: { team: 'billing' },
    rate_limit: 5,
    disabled: false,
  })
  expect(await client.webhooks.retrieve(made.id)).toEqual(made)
  const changed = await client.webhooks.update(made.id, { disabled: true, filter_types: null })
  expect(changed).toEqual({ ...made, disabled: true, filter_types: null, updated_at: changed.updated_at })
  await client.webhooks.delete(made.id)
  await expect(client.webhooks.retrieve(made.id)).rejects.toBeInstanceOf(DodoPayments.NotFoundError)
})

test('every endpoint has a secret of its own, shown only where it is asked for', async () => {
  const { client } = await openShop()
  const one = await client.webhooks.create({ url: 'https://shop.example/one' })
  const two = await client.webhooks.create({ url: 'https://shop.example/two' })
  const secrets = [await client.webhooks.retrieveSecret(one.id), await client.webhooks.retrieveSecret(two.id)]
  for (const { secret } of secrets) expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{32}$/)
  expect(secrets[0]?.secret).not.toBe(secrets[1]?.secret)
  expect(JSON.stringify(one)).not.toContain('whsec_')
})

test('the list goes by cursor, and the iterator of the SDK sees each endpoint once', async () => {
  const { client } = await openShop()
  const made: string[] = []
  for (let index = 0; index < 5; index += 1)
    made.push((await client.webhooks.create({ url: `https://shop.example/${index}` })).id)
  const first = await client.webhooks.list({ limit: 2 })
  expect(first).toMatchObject({ done: false, iterator: made[1] })
  const seen: string[] = []
  for await (const endpoint of client.webhooks.list({ limit: 2 })) seen.push(endpoint.id)
  expect(seen).toEqual(made)
})

test('a repeated idempotency key answers with the endpoint made first', async () => {
  const { client } = await openShop()
  const first = await client.webhooks.create({ url: 'https://shop.example/a', idempotency_key: 'k' })
  const second = await client.webhooks.create({ url: 'https://shop.example/b', idempotency_key: 'k' })
  expect(second).toEqual(first)
})

test('an endpoint that makes no sense is refused', async () => {
  const { client } = await openShop()
  await expect(client.webhooks.create({ url: 'shop.example' })).rejects.toMatchObject({ status: 422 })
  await expect(
    // @ts-expect-error the SDK's types refuse it too: Dodo has no such event, whatever some guides say
    client.webhooks.create({ url: 'https://shop.example', filter_types: ['payment.refunded'] }),
  ).rejects.toMatchObject({ status: 422 })
})
