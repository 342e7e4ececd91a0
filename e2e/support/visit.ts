import type { BrowserContext, FrameLocator, Page } from 'playwright-core'
import { expect } from 'vitest'
import type { Stack } from './stack.ts'
import type { Stage } from './stage.ts'

export const cards = { good: '4242424242424242', declined: '4000000000000002' } as const

export interface Visit {
  readonly context: BrowserContext
  readonly page: Page
  /** What the page complained of in its console; a test ends with none. */
  readonly complaints: string[]
}

export interface VisitOptions {
  readonly colorScheme?: 'light' | 'dark'
  readonly width?: number
  readonly height?: number
}

/** A visitor who was never here before. */
export async function visit({ browser, stack }: Stage, options: VisitOptions = {}): Promise<Visit> {
  const { colorScheme = 'dark', width = 1280, height = 900 } = options
  const context = await browser.newContext({
    colorScheme,
    viewport: { width, height },
    // What fades in would be judged, and drawn, half-way.
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(stack.studio)
  await page.getByTestId('balance').waitFor()
  return { context, page, complaints }
}

/** Who the studio's cookie says that this is. */
export async function customerOf(page: Page): Promise<string> {
  const me = (await page.evaluate(async () => (await fetch('/api/me')).json())) as { customer: string }
  return me.customer
}

/** What the balance at the top right says, as soon as it says `credits`. */
export async function expectCredits(page: Page, credits: string): Promise<void> {
  await page.getByTestId('balance').getByText(`${credits} credits`).first().waitFor({ timeout: 30_000 })
}

export async function enlarge(page: Page, scale: 2 | 4): Promise<void> {
  await page.getByRole('button', { name: new RegExp(`^Enlarge ${scale}×`) }).click()
}

/** Waits for the receipt under a result. */
export async function expectReceipt(page: Page, text: string): Promise<void> {
  await page.getByTestId('receipt').getByText(text).waitFor({ timeout: 60_000 })
}

export async function buyPack(page: Page, pack: string): Promise<FrameLocator> {
  await page.getByTestId(`pack-${pack}`).getByRole('button').click()
  const checkout = page.frameLocator('iframe')
  await checkout.locator('#card_number').waitFor({ timeout: 30_000 })
  return checkout
}

export async function fillCard(checkout: FrameLocator | Page, number: string): Promise<void> {
  await fillIfEmpty(checkout, '#email', 'ada@example.com')
  await fillIfEmpty(checkout, '#name', 'Ada Lovelace')
  await checkout.locator('#card_number').fill(number)
  await checkout.locator('#expiry').fill('06/32')
  await checkout.locator('#cvc').fill('123')
}

async function fillIfEmpty(checkout: FrameLocator | Page, field: string, text: string): Promise<void> {
  const input = checkout.locator(field)
  if (await input.isEditable()) await input.fill(text)
}

export async function pay(checkout: FrameLocator | Page): Promise<void> {
  await checkout.getByRole('button', { name: /^Pay/ }).click()
}

interface Entry {
  readonly from: string
  readonly to: string
  readonly credits: string
}

/** The page's number, the stored balance and the sum of every entry are the same. */
export async function expectBooksToAgree(stack: Stack, page: Page): Promise<void> {
  const customer = await customerOf(page)
  const path = `/v1/customers/${encodeURIComponent(customer)}`
  const balance = await stack.api<{ spendable: string; available: string; held: string }>(
    'GET',
    `${path}/balance`,
  )
  const entries = await allEntries(stack, `${path}/entries`)
  const sum = (account: string) =>
    entries.reduce(
      (total, entry) =>
        total +
        (entry.to === account ? Number(entry.credits) : 0) -
        (entry.from === account ? Number(entry.credits) : 0),
      0,
    )
  expect({ available: sum('available'), held: sum('held') }).toEqual({
    available: Number(balance.available),
    held: Number(balance.held),
  })
  expect(await page.getByTestId('balance').innerText()).toContain(`${balance.spendable} credits`)
  expect(await stack.api('POST', '/v1/verify')).toMatchObject({ differences: [] })
}

async function allEntries(stack: Stack, path: string): Promise<Entry[]> {
  const entries: Entry[] = []
  let cursor: string | null = null
  do {
    const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
    // oxlint-disable-next-line no-await-in-loop
    const page: { data: Entry[]; next_cursor: string | null } = await stack.api(
      'GET',
      `${path}?limit=100${query}`,
    )
    entries.push(...page.data)
    cursor = page.next_cursor
  } while (cursor !== null)
  return entries
}
