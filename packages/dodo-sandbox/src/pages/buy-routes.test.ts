import { expect, test } from 'vitest'
import { makePack, openShop, submitScript } from '../../test/shop.ts'

test('a static link opens a checkout of its product, with what it says', async () => {
  const { client, dodo } = await openShop()
  const pack = await makePack(client, 4000)
  const link = new URL(`/buy/${pack}`, dodo.url)
  link.search = new URLSearchParams({
    quantity: '2',
    redirect_url: 'https://shop.example/thanks',
    metadata_order: '7',
    metadata_source: 'mail',
    email: 'ada@example.com',
    fullName: 'Ada Lovelace',
    country: 'DE',
    city: 'Berlin',
    disableEmail: 'true',
    showDiscounts: 'false',
  }).toString()
  const opened = await fetch(link)
  const page = await opened.text()
  expect(opened.url).toMatch(/\/session\/cks_\w{21}$/)
  expect(page).toMatch(/name="email"[^>]*value="ada@example.com"[^>]*readonly/)
  expect(page).toMatch(/name="name"[^>]*value="Ada Lovelace" required maxlength="254"\s+aria/)
  expect(page).toContain('$95.20')
  expect(page).not.toContain('Discount code')
  const { answer } = await submitScript(opened.url, { country: 'DE' })
  expect(answer['redirect_to']).toContain('https://shop.example/thanks?payment_id=pay_')
  expect(await client.payments.retrieve(String(answer['payment_id']))).toMatchObject({
    metadata: { order: '7', source: 'mail' },
    product_cart: [{ product_id: pack, quantity: 2 }],
    billing: { country: 'DE', city: 'Berlin' },
  })
})

test('each opening is a checkout of its own', async () => {
  const { client, dodo } = await openShop()
  const link = `${dodo.url}/buy/${await makePack(client)}`
  expect((await fetch(link)).url).not.toBe((await fetch(link)).url)
})

test('a link that makes no sense says why', async () => {
  const { client, dodo } = await openShop()
  const pack = await makePack(client)
  for (const [path, why] of [
    ['pdt_nowhere', 'there is no product pdt_nowhere'],
    [`${pack}?quantity=0`, 'product_cart.0.quantity'],
    [`${pack}?quantity=many`, 'product_cart.0.quantity'],
    [`${pack}?redirect_url=javascript:alert(1)`, 'return_url'],
    [`${pack}?country=XX`, 'billing_address.country'],
  ] as const) {
    const response = await fetch(`${dodo.url}/buy/${path}`)
    expect([path, response.status]).toEqual([path, 422])
    expect(await response.text()).toContain(why)
  }
  expect((await fetch(`${dodo.url}/buy/${pack}?paymentAmount=900`)).status).toBe(501)
})
