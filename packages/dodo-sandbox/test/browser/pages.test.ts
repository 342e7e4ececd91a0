import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { launchBrowser, screenshot } from '../../../../tools/browser.ts'
import { makeSession, openReceiver, openShop, submitScript } from '../shop.ts'
import { makePlan, subscribe } from '../subscribers.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())

/** A shop that has sold, and a visitor of its pages. */
async function visit(options: BrowserContextOptions) {
  const receiver = await openReceiver()
  const shop = await openShop({
    webhooks: [{ url: receiver.url }],
    faults: [{ kind: 'lost_answer', route: 'POST /refunds' }],
  })
  const { checkout_url } = await makeSession(shop.client)
  const { answer } = await submitScript(checkout_url, { save_card: 'on' })
  const payment = await shop.client.payments.retrieve(String(answer['payment_id']))
  await subscribe(shop.client, await makePlan(shop.client))
  await shop.dodo.settle()
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options })
  onTestFinished(() => context.close())
  return { ...shop, payment, page: await context.newPage() }
}

async function openAllDetails(page: Page): Promise<void> {
  for (const details of await page.locator('details > summary').all()) await details.click()
}

/** Presses a button that sends its form, and waits for the page that answers it. */
async function press(button: Locator): Promise<void> {
  const answered = button.page().waitForEvent('load')
  await button.click()
  await answered
}

/** How far the page can be scrolled to the side. */
function overhang(page: Page): Promise<number> {
  return page.locator('html').evaluate((root) => root.scrollWidth - root.clientWidth)
}

test.each([
  ['light', { colorScheme: 'light', viewport: { width: 1280, height: 900 } }],
  ['dark', { colorScheme: 'dark', viewport: { width: 1280, height: 900 } }],
  ['on a phone', { colorScheme: 'light', viewport: { width: 360, height: 740 } }],
] as const)('control page, product form and portal are readable by everybody: %s', async (_name, options) => {
  const { page, dodo, client, payment } = await visit(options)
  const { link } = await client.customers.customerPortal.create(payment.customer.customer_id)
  for (const address of [dodo.url, `${dodo.url}/_sandbox/page/products/new`, link]) {
    await page.goto(address)
    await openAllDetails(page)
    const { violations } = await new AxeBuilder({ page }).analyze()
    expect(violations.map(({ id, nodes }) => [address, id, nodes.map((node) => node.html)])).toEqual([])
    expect([address, await overhang(page)]).toEqual([address, 0])
  }
})

test('the control page as the README shows it', async () => {
  const { page, dodo, payment } = await visit({
    colorScheme: 'light',
    viewport: { width: 1280, height: 900 },
  })
  await page.goto(dodo.url)
  await page.locator('#payments').getByText(payment.payment_id).click()
  await expect.poll(() => page.getByRole('button', { name: 'Refund' }).isVisible()).toBe(true)
  await screenshot(page, 'dodo-sandbox')
})

test('without scripts a payment is refunded, the clock is moved and a webhook sent again', async () => {
  const { page, dodo, client, payment } = await visit({ javaScriptEnabled: false })
  await page.goto(dodo.url)
  const sale = page.locator('#payments li', { hasText: payment.payment_id })
  await sale.locator('summary').click()
  await sale.getByLabel('Amount in USD').fill('12.34')
  await press(sale.getByRole('button', { name: 'Refund' }))
  expect((await client.payments.retrieve(payment.payment_id)).refunds[0]).toMatchObject({ amount: 1234 })
  await press(page.getByRole('button', { name: '+ 1 day' }))
  expect((await client.payments.retrieve(payment.payment_id)).refund_status).toBe('partial')
  await page.locator('#deliveries summary').last().click()
  await press(page.getByRole('button', { name: 'Send again' }).last())
  expect(await page.getByText('sent again by hand').count()).toBe(1)
})
