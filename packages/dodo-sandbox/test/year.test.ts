import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { ReceivedWebhook } from './receiver.ts'
import { inOrder, openReceiver, openShop } from './shop.ts'
import { dayMs, makeKind, makePlan, subscribe, useCredits } from './subscribers.ts'

test('a year of a monthly plan with credits, with a restart in the middle', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dodo-year-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const receiver = await openReceiver()
  const options = { stateFile: join(folder, 'dodo.sqlite'), webhooks: [{ url: receiver.url }] }
  const before = await openShop(options)
  const tokens = await makeKind(before.client)
  const plan = await makePlan(before.client, {
    credits: [{ credit_entitlement_id: tokens, credits_amount: '100', expires_after_days: 45 }],
  })
  const sub = await subscribe(before.client, plan)
  const start = await sub.read()
  const use = { customer_id: sub.customerId, credit_entitlement_id: tokens, amount: '30.25' }
  await useCredits(before.dodo, use)
  await before.dodo.advance(170 * dayMs)
  const halfway = before.dodo.now()
  await before.dodo.close()

  const after = await openShop({ ...options, now: before.clock.now })
  expect(after.dodo.now()).toEqual(halfway)
  await useCredits(after.dodo, use)
  await after.dodo.advance(200 * dayMs)

  const ended = await after.client.subscriptions.retrieve(sub.id)
  expect(ended).toMatchObject({ status: 'expired', expires_at: start.expires_at })
  const payments = await after.client.payments.list({
    page_number: 0,
    page_size: 100,
    subscription_id: sub.id,
  })
  expect(payments.items.map((payment) => payment.status)).toEqual(Array(12).fill('succeeded'))
  const eventsOf = (received: readonly ReceivedWebhook[]) =>
    received.map(
      ({ body }) => JSON.parse(body) as { type: string; timestamp: string; data: Record<string, unknown> },
    )
  const events = eventsOf(receiver.received)
  const count = (type: string) => events.filter((event) => event.type === type).length
  expect([
    count('payment.succeeded'),
    count('subscription.renewed'),
    count('subscription.expired'),
    count('credit.added'),
    count('credit.deducted'),
  ]).toEqual([12, 11, 1, 12, 2])
  // They come in the order of what happened, each once.
  expect(events.map((event) => event.timestamp)).toEqual(events.map((event) => event.timestamp).toSorted())
  expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(events.length)

  // Each entry starts where the one before ended, and the balance is what the last one left.
  const entries = eventsOf(await inOrder(after, receiver.received))
    .filter((event) => event.type.startsWith('credit.'))
    .map((event) => event.data)
  expect(entries.slice(1).map((entry) => entry['balance_before'])).toEqual(
    entries.slice(0, -1).map((entry) => entry['balance_after']),
  )
  const balance = await after.client.creditEntitlements.balances.retrieve(sub.customerId, {
    credit_entitlement_id: tokens,
  })
  expect(balance.balance).toBe(entries.at(-1)?.['balance_after'])
})
