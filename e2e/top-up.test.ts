import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { useStage } from './support/stage.ts'
import { buyPack, cards, expectBooksToAgree, expectCredits, fillCard, pay, visit } from './support/visit.ts'

const stage = useStage()
const dodoHost = 'https://test.checkout.dodopayments.com'

interface Started {
  readonly id: string
  readonly checkout_url: string
}

/** Chooses a pack, and answers what the studio's server was told of the order. */
async function start(page: Page): Promise<Started> {
  await page.getByTestId('balance').getByRole('button', { name: 'Top up' }).click()
  const answered = page.waitForResponse((response) => response.url().endsWith('/api/checkouts'))
  await page.getByTestId('pack-starter').getByRole('button').click()
  return (await (await answered).json()) as Started
}

test('whatever the way back and the checkout claim, the page waits for the balance', async () => {
  const { page, complaints } = await visit(stage)
  const order = await start(page)
  await page.goto(`${stage.stack.studio}/?back=paid&payment_id=pay_forged&status=succeeded`)
  await page.getByText('Waiting for the payment to be confirmed').waitFor()
  expect(await page.getByTestId('balance').innerText()).toContain('50 credits')
  expect(await stage.stack.api('GET', `/v1/orders/${order.id}`)).toMatchObject({
    state: 'open',
    payment: null,
  })
  expect(new URL(page.url()).search).toBe('')

  // Paid elsewhere: the page needs no reload, and nobody comes back to it.
  const session = /cks_[\w-]+/.exec(order.checkout_url)?.[0] ?? ''
  const paid = await fetch(`${stage.stack.dodo}/_sandbox/sessions/${session}/pay`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'ada@example.com', name: 'Ada Lovelace' }),
  })
  expect(paid.status).toBe(200)
  await expectCredits(page, '150')
  await expectBooksToAgree(stage.stack, page)
  expect(complaints).toEqual([])
})

test('a checkout that says it was paid is not believed either', async () => {
  const { page } = await visit(stage)
  await page.getByTestId('balance').getByRole('button', { name: 'Top up' }).click()
  await buyPack(page, 'starter')
  const frame = page.frames().find((one) => one.url().includes('/overlay/session/'))
  await frame?.evaluate(() => {
    parent.postMessage({ event_type: 'checkout.status', data: { message: { status: 'succeeded' } } }, '*')
  })
  await page.getByText('Waiting for the payment to be confirmed').waitFor()
  expect(await page.getByTestId('balance').innerText()).toContain('50 credits')
})

test("a checkout on Dodo's host opens in Dodo's own overlay, and brings its credits", async () => {
  const { page, context } = await visit(stage)
  // Dodo's host is the local Dodo here; the studio is told of it as it would be by Dodo.
  await context.route(`${dodoHost}/**`, async (route) => {
    const asked = new URL(route.request().url())
    const response = await route.fetch({ url: `${stage.stack.dodo}${asked.pathname}${asked.search}` })
    await route.fulfill({ response })
  })
  await context.route(/\/api\/(checkouts|orders)/, async (route) => {
    const response = await route.fetch()
    const text = await response.text()
    await route.fulfill({ response, body: text.replaceAll(stage.stack.dodo, dodoHost) })
  })
  const order = await start(page)
  expect(order.checkout_url).toContain(dodoHost)
  const checkout = page.frameLocator('#dodo-checkout-iframe')
  await checkout.locator('#card_number').waitFor({ timeout: 30_000 })
  await fillCard(checkout, cards.good)
  await pay(checkout)
  await expectCredits(page, '150')
  await page.locator('#dodo-checkout-iframe').waitFor({ state: 'detached' })
  await expectBooksToAgree(stage.stack, page)
})

test("a checkout that Dodo's overlay does not take opens as a full page", async () => {
  const { page, context } = await visit(stage)
  await context.route(`${dodoHost}/**`, (route) =>
    route.fulfill({ contentType: 'text/html', body: 'paid here' }),
  )
  await context.route(/\/api\/(checkouts|orders)/, async (route) => {
    const response = await route.fetch()
    const text = await response.text()
    await route.fulfill({
      response,
      body: text.replaceAll(`${stage.stack.dodo}/session/`, `${dodoHost}/other/`),
    })
  })
  await start(page)
  await page.getByText('paid here').waitFor()
  expect(page.url()).toContain(`${dodoHost}/other/cks_`)
})
