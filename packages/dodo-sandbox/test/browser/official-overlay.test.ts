import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, FrameLocator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { launchBrowser } from '../../../../tools/browser.ts'
import { makeSession, openShop, type Shop } from '../shop.ts'

// The package opens this host alone, and hears nobody else.
const dodoHost = 'https://test.checkout.dodopayments.com'
const shopHost = 'https://shop.example'
const overlayScript = readFileSync(
  fileURLToPath(new URL('index.js', import.meta.resolve('dodopayments-checkout'))),
  'utf8',
)
const goodCard = '4242 4242 4242 4242'
const challengedCard = '4000 0027 6000 3184'
const declinedCard = '4000 0000 0000 0002'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())

interface HeardEvent {
  event_type: string
  data: { message?: unknown }
}

interface Visit extends Shop {
  page: Page
  sessionId: string
  /** What the official package passed on, in order. */
  heard: () => Promise<HeardEvent[]>
  types: () => Promise<string[]>
  /** Resolves once the package has passed it on. */
  hears: (eventType: string) => Promise<void>
}

/** A shop with the official package on its page, and a checkout of Dodo's host, which here is the sandbox. */
async function visit(displayType: 'overlay' | 'inline', options = {}): Promise<Visit> {
  const shop = await openShop()
  const { session_id } = await makeSession(shop.client, { return_url: `${shopHost}/thanks` })
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  await routeTo(context, shop)
  const page = await context.newPage()
  await page.goto(shopHost)
  await page.evaluate(
    ([checkoutUrl, display, given]) => {
      const shopWindow = globalThis as unknown as {
        heard: unknown[]
        DodoPaymentsCheckout: typeof import('dodopayments-checkout')
      }
      const { DodoPayments } = shopWindow.DodoPaymentsCheckout
      shopWindow.heard = []
      DodoPayments.Initialize({
        mode: 'test',
        displayType: display,
        onEvent: (event) => void shopWindow.heard.push(event),
      })
      DodoPayments.Checkout.open({ checkoutUrl, elementId: 'checkout', options: given })
    },
    [`${dodoHost}/session/${session_id}`, displayType, options] as const,
  )
  const heard = () => page.evaluate(() => (globalThis as unknown as { heard: HeardEvent[] }).heard)
  return {
    ...shop,
    page,
    sessionId: session_id,
    heard,
    types: async () => (await heard()).map((event) => event.event_type),
    async hears(eventType) {
      await page.waitForFunction(
        (wanted) =>
          (globalThis as unknown as { heard: HeardEvent[] }).heard.some(
            (event) => event.event_type === wanted,
          ),
        eventType,
      )
    },
  }
}

async function routeTo(context: BrowserContext, { dodo }: Shop): Promise<void> {
  // The last one given is asked first: what is of neither host does not exist.
  await context.route('**', (route) => route.abort())
  await context.route(`${shopHost}/**`, (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<!doctype html><title>Shop</title><div id="checkout"></div><script>${overlayScript}</script>`,
    }),
  )
  await context.route(`${dodoHost}/**`, async (route) => {
    const { pathname, search } = new URL(route.request().url())
    const response = await route.fetch({ url: `${dodo.url}${pathname}${search}`, maxRedirects: 0 })
    await route.fulfill({ response })
  })
}

async function pay(frame: FrameLocator, cardNumber: string): Promise<void> {
  await frame.locator('#card_number').fill(cardNumber)
  await frame.locator('#expiry').fill('06 / 32')
  await frame.locator('#cvc').fill('123')
  await frame.getByRole('button', { name: /^Pay/ }).click()
}

const opened = [
  'checkout.opened',
  'checkout.form_ready',
  'checkout.payment_page_opened',
  'checkout.breakdown',
]

test('a card pays in the official overlay, which takes the shop’s page to where the session returns', async () => {
  const { page, client, sessionId, heard, hears, types } = await visit('overlay', { manualRedirect: true })
  await hears('checkout.breakdown')
  expect(await types()).toEqual(opened)
  await pay(page.frameLocator('#dodo-checkout-iframe'), goodCard)
  await hears('checkout.redirect_requested')
  const { payment_id, payment_status } = await client.checkoutSessions.retrieve(sessionId)
  expect(payment_status).toBe('succeeded')
  expect((await types()).slice(opened.length)).toEqual([
    'checkout.pay_button_clicked',
    'checkout.customer_details_submitted',
    'checkout.status',
    'checkout.redirect_requested',
  ])
  const events = await heard()
  expect(events.find((event) => event.event_type === 'checkout.breakdown')?.data.message).toEqual({
    subTotal: 4000,
    discount: 0,
    tax: 0,
    total: 4000,
    currency: 'USD',
    finalTotal: 4000,
    finalTotalCurrency: 'USD',
  })
  expect(events.at(-1)?.data.message).toEqual({
    redirect_to: `${shopHost}/thanks?payment_id=${payment_id}&status=succeeded`,
  })
})

test('without manualRedirect the official overlay itself goes to the return_url', async () => {
  const { page } = await visit('overlay')
  await pay(page.frameLocator('#dodo-checkout-iframe'), goodCard)
  await expect.poll(() => page.url()).toMatch(/\/thanks\?payment_id=pay_\w+&status=succeeded$/)
})

test('a decline is heard as an error, and the next card pays in the same overlay', async () => {
  const { page, client, heard, hears, types } = await visit('overlay', { manualRedirect: true })
  const frame = page.frameLocator('#dodo-checkout-iframe')
  await pay(frame, declinedCard)
  await hears('checkout.error')
  expect((await heard()).find((event) => event.event_type === 'checkout.error')?.data.message).toMatchObject({
    message: expect.stringContaining('declined'),
  })
  await pay(frame, goodCard)
  await hears('checkout.redirect_requested')
  expect((await types()).filter((type) => type === 'checkout.status')).toHaveLength(2)
  const { items } = await client.payments.list({ page_number: 0 })
  expect(items.map((payment) => payment.status)).toEqual(['succeeded', 'failed'])
})

test('a challenged card waits for its owner’s bank in the same overlay, and pays once approved', async () => {
  const { page, client, sessionId, hears, types } = await visit('overlay', { manualRedirect: true })
  const frame = page.frameLocator('#dodo-checkout-iframe')
  await pay(frame, challengedCard)
  const approve = frame.getByRole('button', { name: 'Approve' })
  await approve.waitFor()
  expect(await client.checkoutSessions.retrieve(sessionId)).toMatchObject({
    payment_status: 'requires_customer_action',
  })
  await approve.click()
  await hears('checkout.redirect_requested')
  expect((await types()).slice(-2)).toEqual(['checkout.status', 'checkout.redirect_requested'])
  expect((await client.checkoutSessions.retrieve(sessionId)).payment_status).toBe('succeeded')
})

test('a challenge that fails leads back to the form, and another card pays there', async () => {
  const { page, client, hears } = await visit('overlay', { manualRedirect: true })
  const frame = page.frameLocator('#dodo-checkout-iframe')
  await pay(frame, challengedCard)
  await frame.getByRole('button', { name: 'Fail the authentication' }).click()
  await hears('checkout.status')
  await pay(frame, goodCard)
  await hears('checkout.redirect_requested')
  const { items } = await client.payments.list({ page_number: 0 })
  expect(items.map((payment) => payment.status)).toEqual(['succeeded', 'failed'])
})

test('the cross and the Escape key close the official overlay', async () => {
  const { page, hears } = await visit('overlay')
  await hears('checkout.form_ready')
  await page.frameLocator('#dodo-checkout-iframe').getByRole('button', { name: 'Close the checkout' }).click()
  await hears('checkout.closed')
  await expect.poll(() => page.locator('#dodo-checkout-iframe').count()).toBe(0)

  const other = await visit('overlay')
  await other.hears('checkout.form_ready')
  await other.page.frameLocator('#dodo-checkout-iframe').locator('#card_number').press('Escape')
  await other.hears('checkout.closed')
  await expect.poll(() => other.page.locator('#dodo-checkout-iframe').count()).toBe(0)
})

test('inline, the official package makes its frame as high as the form, and a card pays there', async () => {
  const { page, client, sessionId, hears } = await visit('inline', { manualRedirect: true })
  await hears('checkout.form_ready')
  const frame = page.locator('#checkout iframe[src*="/inline/session/"]')
  const content = frame.contentFrame()
  await content.locator('#card_number').waitFor()
  const heights = async () => ({
    frame: (await frame.boundingBox())?.height,
    form: await content.locator('body').evaluate((body) => Math.ceil(body.getBoundingClientRect().height)),
  })
  await expect.poll(async () => (await heights()).frame === (await heights()).form).toBe(true)
  const before = (await heights()).form
  await content.getByText('Test cards').click()
  await expect.poll(async () => (await heights()).form > before).toBe(true)
  await expect.poll(async () => (await heights()).frame === (await heights()).form).toBe(true)

  await pay(content, goodCard)
  await hears('checkout.redirect_requested')
  expect((await client.checkoutSessions.retrieve(sessionId)).payment_status).toBe('succeeded')
})
