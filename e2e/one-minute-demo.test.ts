import { expect, test } from 'vitest'
import { useStage } from './support/stage.ts'
import {
  buyPack,
  cards,
  customerOf,
  enlarge,
  expectBooksToAgree,
  expectCredits,
  expectReceipt,
  fillCard,
  pay,
  visit,
} from './support/visit.ts'

const stage = useStage()

test('2×, 4×, a failure, the wall, a declined card, 4242…, the picture goes on, the server is killed, and all is still there', async () => {
  const { page, complaints } = await visit(stage)
  await expectCredits(page, '50')

  await enlarge(page, 2)
  await expectReceipt(page, 'Held 1 · used 1 · 49 left · paid from Welcome gift')
  await enlarge(page, 4)
  await expectReceipt(page, 'Held 5 · used 5 · 44 left · paid from Welcome gift')

  await page.getByRole('button', { name: 'Try to break it' }).click()
  await page.getByTestId('break-fail').getByRole('button').click()
  await page
    .getByTestId('report-fail')
    .getByText(/Ledger balances: \d+ entries checked/)
    .waitFor({ timeout: 60_000 })
  await page.keyboard.press('Escape')
  await page.getByText('You were charged nothing').first().waitFor()
  await expectCredits(page, '44')

  // Down to three, without waiting for forty pictures.
  const customer = await customerOf(page)
  await stage.stack.api('POST', '/v1/charges', { customer, credits: '41' })
  await page.reload()
  await expectCredits(page, '3')
  expect(await page.getByTestId('balance').getAttribute('data-low')).toBe('true')
  await page.getByTestId('balance').getByText('3 pictures at 2×, none at 4×').waitFor()

  await enlarge(page, 4)
  await page.getByText('This needs 5, you have 3. Top up and we carry on.').first().waitFor()
  const checkout = await buyPack(page, 'power')
  await fillCard(checkout, cards.declined)
  await pay(checkout)
  await checkout.getByRole('alert').getByText('declined').waitFor()
  await fillCard(checkout, cards.good)
  await pay(checkout)

  // 3 + 500 − 5: nobody clicked the waiting picture on.
  await expectCredits(page, '498')
  await expectReceipt(page, 'Held 5 · used 5 · 498 left · paid from Welcome gift and Power')

  await page.getByRole('button', { name: 'Try to break it' }).click()
  await page.getByTestId('break-kill').getByRole('button').click()
  await page
    .getByTestId('report-kill')
    .getByText(/Ledger balances: \d+ entries checked/)
    .waitFor({ timeout: 60_000 })
  expect(await page.getByTestId('report-kill').getAttribute('data-passed')).toBe('true')
  await page.keyboard.press('Escape')

  await page.reload()
  await expectCredits(page, '498')
  await page.getByRole('button', { name: 'History' }).click()
  await page.getByRole('dialog').getByText('Power').first().waitFor()
  await page.keyboard.press('Escape')
  await expectBooksToAgree(stage.stack, page)
  expect(complaints).toEqual([])
})
