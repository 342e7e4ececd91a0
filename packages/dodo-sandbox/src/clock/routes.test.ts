import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { expect, onTestFinished, test } from 'vitest'
import { makeSession, openReceiver, openShop, submitScript } from '../../test/shop.ts'

const day = 86_400

async function moveClock(url: string, body: unknown) {
  const response = await fetch(`${url}/_sandbox/clock`, { method: 'POST', body: JSON.stringify(body) })
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> }
}

test('the clock moves forward, everything dates by it, and it stays with the state', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dodo-clock-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const stateFile = join(folder, 'dodo.sqlite')
  const { dodo, client, clock } = await openShop({ stateFile })
  const machine = clock.now().getTime()
  const later = new Date(machine + 400 * day * 1000)
  expect(await moveClock(dodo.url, { advance_seconds: 400 * day })).toEqual({
    status: 200,
    answer: { now: later.toISOString(), offset_ms: 400 * day * 1000, next_due_at: null },
  })
  const made = await client.customers.create({ email: 'ada@example.com', name: 'Ada' })
  expect(made.created_at).toBe(later.toISOString())
  await dodo.close()

  const again = await openShop({ stateFile, now: clock.now })
  expect(again.dodo.now()).toEqual(later)
  await again.dodo.advance(1000)
  expect(await (await fetch(`${again.dodo.url}/_sandbox/clock`)).json()).toMatchObject({
    now: new Date(later.getTime() + 1000).toISOString(),
  })
})

test('it is not moved back, nor by nonsense', async () => {
  const { dodo } = await openShop()
  const before = dodo.now()
  for (const body of [
    { to: new Date(before.getTime() - 1).toISOString() },
    { to: 'tomorrow' },
    { to: '2999-01-01T00:00:00Z' },
    { advance_seconds: -1 },
    { advance_seconds: 1e12 },
    { advance_seconds: 1, to: new Date(before.getTime() + 1000).toISOString() },
    {},
  ])
    expect([body, (await moveClock(dodo.url, body)).status]).toEqual([body, 422])
  expect(dodo.now()).toEqual(before)
})

test('moving it sends a webhook’s attempts at their instants, signed for the machine’s time', async () => {
  const receiver = await openReceiver()
  receiver.status = 500
  const { dodo, client } = await openShop({
    webhooks: [{ url: receiver.url }],
    retryScheduleMs: [0, 60_000, 120_000],
  })
  await submitScript((await makeSession(client)).checkout_url)
  await dodo.settle()
  const before = dodo.now().getTime()
  await dodo.advance(30 * day * 1000)
  const { items } = (await (await fetch(`${dodo.url}/_sandbox/deliveries`)).json()) as {
    items: { attempts: { attempted_at: string }[]; state: string }[]
  }
  expect(items[0]?.state).toBe('failed')
  expect(items[0]?.attempts.map((attempt) => Date.parse(attempt.attempted_at) - before)).toEqual([
    0, 60_000, 180_000,
  ])
  // A receiver compares with its own clock, which did not move.
  for (const { body, headers } of receiver.received)
    new Webhook(String(dodo.webhookSecret)).verify(body, headers)
})
