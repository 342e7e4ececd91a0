import { expect, test } from 'vitest'
import { useStage } from './support/stage.ts'
import { buyPack, cards, expectBooksToAgree, expectCredits, fillCard, pay, visit } from './support/visit.ts'

const stage = useStage()

test('the tab closed right after Pay: the credits are there on the next visit', async () => {
  const { page, context } = await visit(stage)
  await page.getByTestId('balance').getByRole('button', { name: 'Top up' }).click()
  const checkout = await buyPack(page, 'starter')
  await fillCard(checkout, cards.good)
  // Closed as soon as the payment has left the browser, before anything came back.
  const sent = page.waitForRequest(
    (request) => request.method() === 'POST' && request.url().startsWith(stage.stack.dodo),
  )
  await pay(checkout)
  await sent
  await page.close()

  const next = await context.newPage()
  await next.goto(stage.stack.studio)
  await expectCredits(next, '150')
  expect(await next.getByTestId('balance').innerText()).toContain('Starter')
  await expectBooksToAgree(stage.stack, next)
})

test('without the overlay: the full-page checkout, and back', async () => {
  const { page, complaints } = await visit(stage)
  await page.getByTestId('balance').getByRole('button', { name: 'Top up' }).click()
  await buyPack(page, 'starter')
  const link = page.getByRole('link', { name: /full page/i })
  await page.goto((await link.getAttribute('href')) ?? '')
  await fillCard(page, cards.good)
  await pay(page)
  await page.waitForURL((url) => url.href.startsWith(stage.stack.studio))
  await expectCredits(page, '150')
  await expectBooksToAgree(stage.stack, page)
  expect(complaints).toEqual([])
})
