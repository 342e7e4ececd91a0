import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { screenshot } from '../tools/browser.ts'
import { useStage } from './support/stage.ts'
import {
  buyPack,
  cards,
  customerOf,
  enlarge,
  expectCredits,
  expectReceipt,
  fillCard,
  pay,
  visit,
} from './support/visit.ts'

const stage = useStage()

test.each([
  { name: 'light', colorScheme: 'light', width: 1280, height: 900 },
  { name: 'dark', colorScheme: 'dark', width: 1280, height: 900 },
  { name: 'phone', colorScheme: 'dark', width: 390, height: 844 },
] as const)(
  'every state of the page in $name: drawn, accessible, no wider than the screen',
  async ({ name, ...look }) => {
    const { page, complaints } = await visit(stage, look)
    const problems: string[] = []

    /** Keeps a picture and asks for what stands in the way of a screen reader, a keyboard or weak eyes. */
    async function lookAt(state: string): Promise<void> {
      await page.waitForFunction(() =>
        [...document.images].every((image) => image.complete || image.loading === 'lazy'),
      )
      await screenshot(page, `${name}-${state}`)
      problems.push(...(await accessibilityProblems(page)).map((problem) => `${state}: ${problem}`))
      if (await isWiderThanScreen(page)) problems.push(`${state}: wider than the screen`)
    }

    await expectCredits(page, '50')
    await lookAt('welcome')
    await enlarge(page, 2)
    await expectReceipt(page, 'Held 1 · used 1 · 49 left')
    await lookAt('receipt')

    await stage.stack.api('POST', '/v1/charges', { customer: await customerOf(page), credits: '31' })
    await page.reload()
    await expectCredits(page, '18')
    await lookAt('amber')

    await stage.stack.api('POST', '/v1/charges', { customer: await customerOf(page), credits: '15' })
    await page.reload()
    await expectCredits(page, '3')
    await enlarge(page, 4)
    await page.getByRole('dialog').getByText('This needs 5, you have 3.').waitFor()
    await lookAt('dialog')
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await lookAt('wall')
    await page.getByTestId('balance').getByRole('button', { name: 'Top up' }).click()
    const checkout = await buyPack(page, 'power')
    await fillCard(checkout, cards.good)
    await lookAt('checkout')
    await pay(checkout)
    await expectCredits(page, '498')

    await page.getByRole('button', { name: 'Under the hood' }).click()
    await page.getByRole('dialog').getByTestId('node-detail').waitFor()
    await lookAt('under-the-hood')
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Try to break it' }).click()
    await page.getByTestId('break-fire').getByRole('button').click()
    await page
      .getByTestId('report-fire')
      .getByText(/Ledger balances/)
      .waitFor({ timeout: 60_000 })
    await lookAt('try-to-break-it')
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'History' }).click()
    await page.getByRole('dialog').getByText('Power').first().waitFor()
    await lookAt('history')

    expect(problems).toEqual([])
    expect(complaints).toEqual([])
  },
)

async function accessibilityProblems(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations.map(
    (violation) => `${violation.id}: ${violation.nodes.map((node) => node.target.join(' ')).join(', ')}`,
  )
}

function isWiderThanScreen(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)
}
