import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import DodoPayments from 'dodopayments'
import { extractText, getDocumentProxy } from 'unpdf'
import { expect, onTestFinished, test } from 'vitest'
import { brokeCard, makePack, makeSession, openShop, type Shop, submitScript } from '../../test/shop.ts'
import { latinOf } from './latin.ts'

/** The words of a PDF, with single spaces. */
async function read(response: Response): Promise<string> {
  expect(response.headers.get('content-type')).toBe('application/pdf')
  const { text } = await extractText(await getDocumentProxy(new Uint8Array(await response.arrayBuffer())), {
    mergePages: true,
  })
  return text.replaceAll(/\s+/g, ' ')
}

async function buy(
  shop: Shop,
  input: Partial<DodoPayments.CheckoutSessionCreateParams> = {},
  fields: Record<string, string> = {},
): Promise<string> {
  const { checkout_url } = await makeSession(shop.client, input)
  return String((await submitScript(checkout_url, fields)).answer['payment_id'])
}

test('an invoice lists what was bought, what was taken off, the tax and the total', async () => {
  const shop = await openShop()
  await shop.client.discounts.create({ type: 'percentage', amount: 2500, code: 'QUARTER' })
  const product_cart = [{ product_id: await makePack(shop.client, 4000), quantity: 2 }]
  const id = await buy(shop, { product_cart, discount_codes: ['QUARTER'] }, { country: 'DE' })
  const payment = await shop.client.payments.retrieve(id)
  const text = await read(await shop.client.invoices.payments.retrieve(id))
  for (const words of [
    `Invoice ${payment.invoice_id}`,
    payment.created_at.slice(0, 10),
    'Ada Lovelace ada@example.com DE',
    `Payment: ${id}`,
    'VISA ending in 4242',
    'QUARTER',
    'Power x 2 USD 80.00',
    'Discount -USD 20.00',
    'Net USD 60.00',
    'Tax USD 11.40',
    'Total USD 71.40',
  ])
    expect(text).toContain(words)
  // Whoever is given the address can open it.
  expect(await read(await fetch(payment.invoice_url ?? ''))).toBe(text)
})

test('it has the settlement currency alone, with the digits of that currency', async () => {
  const shop = await openShop()
  await fetch(`${shop.dodo.url}/_sandbox/settings`, {
    method: 'PATCH',
    body: JSON.stringify({ adaptive_currency: true }),
  })
  const yen = await buy(shop, {}, { country: 'JP' })
  expect((await shop.client.payments.retrieve(yen)).currency).toBe('JPY')
  const text = await read(await shop.client.invoices.payments.retrieve(yen))
  expect(text).toContain('Total USD 44.00')
  expect(text).not.toContain('JPY')
  for (const [currency, price, total] of [
    ['JPY', 1200, 'Total JPY 1,200'],
    ['KWD', 1234, 'Total KWD 1.234'],
    ['INR', 340_000, 'Total INR 3,400.00'],
  ] as const) {
    const product = await shop.client.products.create({
      name: 'Native',
      tax_category: 'saas',
      price: { type: 'one_time_price', currency, price },
    })
    const id = await buy(shop, { product_cart: [{ product_id: product.product_id, quantity: 1 }] })
    expect(await read(await shop.client.invoices.payments.retrieve(id))).toContain(total)
  }
})

test('a refund that succeeded has a credit note, and one under way has none', async () => {
  const shop = await openShop()
  const pack = await makePack(shop.client, 4000)
  const id = await buy(shop, { product_cart: [{ product_id: pack, quantity: 1 }] }, { country: 'DE' })
  const { refund_id } = await shop.client.refunds.create({
    payment_id: id,
    items: [{ item_id: pack, amount: 1190 }],
    reason: 'did not work',
  })
  await expect(shop.client.invoices.payments.retrieveRefund(refund_id)).rejects.toBeInstanceOf(
    DodoPayments.NotFoundError,
  )
  await shop.dodo.advance(2_000)
  const text = await read(await shop.client.invoices.payments.retrieveRefund(refund_id))
  for (const words of [
    `Credit note ${refund_id}`,
    'Reason: did not work',
    'Refund in part USD 10.00',
    'Tax USD 1.90',
    'Total USD 11.90',
  ])
    expect(text).toContain(words)
})

test('what was not paid, and what nobody made, has no invoice', async () => {
  const shop = await openShop()
  const failed = await buy(shop, {}, { card_number: brokeCard })
  expect(await shop.client.payments.retrieve(failed)).toMatchObject({ invoice_id: null, invoice_url: null })
  for (const id of [failed, 'pay_nowhere'])
    await expect(shop.client.invoices.payments.retrieve(id)).rejects.toBeInstanceOf(
      DodoPayments.NotFoundError,
    )
  await expect(shop.client.invoices.payments.retrieveRefund('ref_nowhere')).rejects.toBeInstanceOf(
    DodoPayments.NotFoundError,
  )
})

test('a name in other letters does not become rubbish', async () => {
  const shop = await openShop()
  const nameOn = async (name: string) => {
    const id = await buy(shop, { customer: { email: `c${name.length}@example.com`, name } })
    return read(await shop.client.invoices.payments.retrieve(id))
  }
  expect(await nameOn('Zoë Müller-Łukasz Ďuriš')).toContain('Zoë Müller-Lukasz Duriš')
  const marked = await nameOn('伊藤 Ada')
  expect(marked).toContain('?? Ada')
  expect(marked).toContain('A ? stands for a letter')
  expect(latinOf('plain')).toEqual({ text: 'plain', isWhole: true })
  expect(latinOf('A\nB')).toEqual({ text: 'A?B', isWhole: false })
})

test('after a restart at another port, invoices are at the new address', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dodo-invoices-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const stateFile = join(folder, 'dodo.sqlite')
  const before = await openShop({ stateFile })
  const id = await buy(before)
  await before.dodo.close()
  const after = await openShop({ stateFile })
  const { invoice_url } = await after.client.payments.retrieve(id)
  expect(invoice_url).toBe(`${after.dodo.url}/invoices/payments/${id}`)
})
