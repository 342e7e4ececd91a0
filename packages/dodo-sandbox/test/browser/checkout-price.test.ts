import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { launchBrowser } from '../../../../tools/browser.ts'
import { makeSession, openShop, submitScript } from '../shop.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())

async function open(url: string, options: { javaScriptEnabled?: boolean } = {}): Promise<Page> {
  const context = await browser.newContext(options)
  onTestFinished(() => context.close())
  const page = await context.newPage()
  await page.goto(url)
  return page
}

async function typeCard(page: Page): Promise<void> {
  await page.getByLabel('Card number').fill('4242 4242 4242 4242')
  await page.getByLabel('Expiry').fill('06 / 32')
  await page.getByLabel('CVC').fill('123')
}

test('country and code change the price at once, and a wrong code says why', async () => {
  const { client } = await openShop()
  await client.discounts.create({ type: 'percentage', amount: 5000, code: 'HALF' })
  const { checkout_url, session_id } = await makeSession(client, { return_url: null })
  const page = await open(checkout_url)
  await page.getByLabel('Country').selectOption('DE')
  await page.getByRole('button', { name: 'Pay $47.60' }).waitFor()
  await page.getByLabel('Discount code').fill('NONE')
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByText('NONE: there is no such discount code.').waitFor()
  await page.getByLabel('Discount code').fill('half')
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByRole('heading', { name: '$23.80' }).waitFor()
  await page.getByText('Discount (HALF)').waitFor()
  await typeCard(page)
  await page.getByRole('button', { name: 'Pay $23.80' }).click()
  await page.getByText('Payment received').waitFor()
  expect(await client.checkoutSessions.retrieve(session_id)).toMatchObject({ payment_status: 'succeeded' })
})

test('a code that takes everything off takes the card away too', async () => {
  const { client } = await openShop()
  await client.discounts.create({ type: 'percentage', amount: 10_000, code: 'FREE' })
  const { checkout_url } = await makeSession(client, { return_url: null })
  const page = await open(checkout_url)
  await page.getByLabel('Discount code').fill('FREE')
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByRole('button', { name: 'Pay $0.00' }).waitFor()
  expect(await page.getByLabel('Card number').isVisible()).toBe(false)
  await page.getByRole('button', { name: 'Pay $0.00' }).click()
  await page.getByText('Payment received').waitFor()
})

test('without a script the new total is shown before anything is paid', async () => {
  const { client } = await openShop()
  const { checkout_url } = await makeSession(client, { return_url: null })
  const page = await open(checkout_url, { javaScriptEnabled: false })
  await page.getByLabel('Country').selectOption('DE')
  await typeCard(page)
  await page.getByRole('button', { name: 'Pay $40.00' }).click()
  await page.getByText('The total has changed').waitFor()
  expect((await client.payments.list({ page_number: 0 })).items).toEqual([])
  await typeCard(page)
  await page.getByRole('button', { name: 'Pay $47.60' }).click()
  await page.getByText('Payment received').waitFor()
})

test('a saved card pays with one press, and another one can be typed', async () => {
  const { client } = await openShop()
  const { customer_id } = await client.customers.create({ email: 'ada@example.com', name: 'Ada' })
  const input = { customer: { customer_id }, show_saved_payment_methods: true, return_url: null }
  await submitScript((await makeSession(client, input)).checkout_url, { save_card: 'on' })
  const page = await open((await makeSession(client, input)).checkout_url)
  expect(await page.getByLabel('VISA ending in 4242').isChecked()).toBe(true)
  expect(await page.getByLabel('Card number').isVisible()).toBe(false)
  await page.getByLabel('Another card').check()
  await page.getByLabel('Card number').waitFor()
  await page.getByLabel('VISA ending in 4242').check()
  await page.getByRole('button', { name: 'Pay $40.00' }).click()
  await page.getByText('Payment received').waitFor()
  expect((await client.payments.list({ page_number: 0 })).items).toHaveLength(2)
})
