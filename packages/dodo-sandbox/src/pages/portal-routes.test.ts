import { expect, test } from 'vitest'
import { makeSession, openShop, submitScript } from '../../test/shop.ts'

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
