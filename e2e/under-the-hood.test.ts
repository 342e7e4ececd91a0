import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { useStage } from './support/stage.ts'
import {
  buyPack,
  cards,
  enlarge,
  expectCredits,
  expectReceipt,
  fillCard,
  pay,
  visit,
} from './support/visit.ts'

const stage = useStage()
let page: Page
let complaints: string[]
beforeAll(async () => {
  ;({ page, complaints } = await visit(stage))
  await enlarge(page, 2)
  await expectReceipt(page, 'Held 1 · used 1 · 49 left')
  await page.getByTestId('balance').getByRole('button', { name: 'Top up' }).click()
  const checkout = await buyPack(page, 'starter')
  await fillCard(checkout, cards.good)
  await pay(checkout)
  await expectCredits(page, '149')
})

describe('Under the hood', () => {
  test('shows the very bytes that were signed, the hold, the entries, and the code that did it', async () => {
    await page.getByRole('button', { name: 'Under the hood' }).click()
    const drawer = page.getByRole('dialog')
    const detail = drawer.getByTestId('node-detail')
    await drawer.getByRole('button', { name: /^Webhook/ }).click()
    await detail.getByTestId('webhook-body').waitFor()
    const body = await detail.getByTestId('webhook-body').innerText()
    const { data } = await stage.stack.api<{ data: { body: string; event_type: string }[] }>(
      'GET',
      '/dev/inbox',
    )
    expect(
      data.filter((message) => message.event_type === 'payment.succeeded').map((message) => message.body),
    ).toContain(body)
    expect(await detail.getByTestId('webhook-headers').innerText()).toContain('webhook-signature: v1,')

    await drawer.getByRole('button', { name: /^Hold/ }).click()
    expect(await detail.getByTestId('facts').innerText()).toContain('"id": "hold_')
    expect(await detail.getByTestId('code').first().innerText()).toContain('withCredits')
    await page.keyboard.press('Escape')
    await drawer.waitFor({ state: 'detached' })
  })
})

describe('Try to break it', () => {
  test.each(['fire', 'replay', 'forge', 'fail', 'kill'])(
    '%s: what was expected is what happened, and the ledger balances',
    async (experiment) => {
      await page.getByRole('button', { name: 'Try to break it' }).click()
      await page.getByTestId(`break-${experiment}`).getByRole('button').click()
      const report = page.getByTestId(`report-${experiment}`)
      await report.getByText(/Ledger balances: [\d ,.]+ entries checked/).waitFor({ timeout: 90_000 })
      expect(await report.getAttribute('data-passed')).toBe('true')
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      await expectCredits(page, '149')
      expect(complaints).toEqual([])
    },
  )
})
