import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchBrowser } from '../tools/browser.ts'
import { type Stack, startStack } from './support/stack.ts'
import { buyPack, cards, expectBooksToAgree, expectCredits, fillCard, pay, visit } from './support/visit.ts'

let stack: Stack
let browser: Browser
beforeAll(async () => {
  ;[stack, browser] = await Promise.all([startStack(), launchBrowser()])
})
afterAll(async () => {
  await browser.close()
  await stack.stop()
})

test('the tab closed right after Pay: the credits are there on the next visit', async () => {
  const { page, context } = await visit(browser, stack)
  await page.getByTestId('balance').getByRole('button', { name: 'Top up' }).click()
  const checkout = await buyPack(page, 'starter')
  await fillCard(checkout, cards.good)
  // Closed as soon as the payment has left the browser, before anything came back.
  const sent = page.waitForRequest(
    (request) => request.method() === 'POST' && request.url().startsWith(stack.dodo),
  )
  await pay(checkout)
  await sent
  await page.close()

  const next = await context.newPage()
  await next.goto(stack.studio)
  await expectCredits(next, '150')
  expect(await next.getByTestId('balance').innerText()).toContain('Starter')
  await expectBooksToAgree(stack, next)
})

test('without the overlay: the full-page checkout, and back', async () => {
  const { page, complaints } = await visit(browser, stack)
  await page.getByTestId('balance').getByRole('button', { name: 'Top up' }).click()
  await buyPack(page, 'starter')
  const link = page.getByRole('link', { name: /full page/i })
  await page.goto((await link.getAttribute('href')) ?? '')
  await fillCard(page, cards.good)
  await pay(page)
  await page.waitForURL((url) => url.href.startsWith(stack.studio))
  await expectCredits(page, '150')
  await expectBooksToAgree(stack, page)
  expect(complaints).toEqual([])
})
