import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { parseId } from '../../src/kernel/ids.ts'
import { createFakeProvider } from '../../src/providers/fake/fake-provider.ts'
import { type Api, apiKey, newCustomer, openApi } from '../support/api.ts'

let api: Api
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api.close())

const scrape = (headers: Record<string, string> = { authorization: `Bearer ${apiKey}` }) =>
  api.server.fetch(new Request('http://tallystick.internal/metrics', { headers }))

test('/metrics has what the ledger did, in the text that Prometheus reads', async () => {
  const customer = newCustomer()
  await api.post('/v1/charges', { customer, action: 'image.standard' })
  await api.post('/v1/charges', { customer, credits: '1000' })
  const response = await scrape()
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  const lines = (await response.text()).split('\n')
  expect(lines).toEqual(
    expect.arrayContaining([
      'tallystick_ledger_operations_total{kind="charge",outcome="ok"} 1',
      'tallystick_ledger_operations_total{kind="charge",outcome="insufficient_credits"} 1',
      'tallystick_ledger_batch_size_bucket{le="1"} 2',
      'tallystick_ledger_batch_seconds_count 2',
      'tallystick_ledger_waiting_operations 0',
      'tallystick_ledger_overloaded_total 0',
      'tallystick_ledger_differences_total 0',
      'tallystick_ledger_last_verification_timestamp_seconds 0',
    ]),
  )
})

test('it is for holders of a secret key', async () => {
  expect((await scrape({})).status).toBe(401)
})

test('two engines of one process count apart', async () => {
  const other = await openApi()
  expect(await other.engine.metrics()).not.toContain('kind="charge"')
  await other.close()
})

test('what waits for a person, and how the last reconciliation went, is read off the database', async () => {
  const provider = await createFakeProvider()
  const shop = await openApi({ provider, reconcileEveryMinutes: 0 })
  onTestFinished(() => shop.close())
  /** By name and label. */
  async function watched(): Promise<Record<string, number>> {
    const lines = (await shop.engine.metrics()).split('\n')
    return Object.fromEntries(
      lines.flatMap((line) => {
        const [, name, label, value] =
          /^tallystick_(inbox_messages|payments_waiting|reconciliation_\w+?)(?:\{\w+="(\w+)"\})? (.+)$/.exec(
            line,
          ) ?? []
        return name === undefined ? [] : [[label === undefined ? name : `${name} ${label}`, Number(value)]]
      }),
    )
  }
  const nothing = {
    'inbox_messages received': 0,
    'inbox_messages flagged': 0,
    'payments_waiting unassigned': 0,
    'payments_waiting flagged': 0,
    reconciliation_last_success_timestamp_seconds: 0,
    reconciliation_cut_off: 0,
    'reconciliation_findings credited': 0,
    'reconciliation_findings taken_back': 0,
    'reconciliation_findings flagged': 0,
    'reconciliation_findings unknown_to_provider': 0,
    'reconciliation_findings failure_noted': 0,
    'reconciliation_findings not_settled': 0,
  }
  expect(await watched()).toEqual(nothing)

  provider.putProduct('prod_of_nobody', { amountMinor: 4000n, currency: 'USD' })
  const bought = {
    productId: 'prod_of_nobody',
    quantity: 1,
    customer: undefined,
    providerCustomerId: undefined,
  }
  await shop.engine.inbox.receive(provider.payByLink(bought))
  const waiting = { ...nothing, 'inbox_messages flagged': 1, 'payments_waiting unassigned': 1 }
  await expect.poll(watched, { timeout: 10_000 }).toEqual(waiting)

  // Paid, and nobody told.
  const checkout = { customer: newCustomer(), pack: 'power', return_url: 'http://localhost:3000/back' }
  const { json: order } = await shop.post('/v1/checkouts', checkout)
  provider.pay(parseId('order', order.id) ?? '', undefined)
  const { endedAt } = await shop.engine.reconciliations.run({})
  const settled = {
    ...waiting,
    reconciliation_last_success_timestamp_seconds: (endedAt?.getTime() ?? 0) / 1000,
    'reconciliation_findings credited': 1,
  }
  expect(await watched()).toEqual(settled)

  provider.setTrouble('away')
  await shop.engine.reconciliations.run({})
  const cutOff = { ...settled, reconciliation_cut_off: 1, 'reconciliation_findings credited': 0 }
  expect(await watched()).toEqual(cutOff)
  provider.setTrouble(undefined)
  // One that only looks settles nothing.
  await shop.engine.reconciliations.run({ isDryRun: true })
  expect(await watched()).toEqual(cutOff)
  const last = await shop.engine.reconciliations.run({})
  expect(await watched()).toEqual({
    ...cutOff,
    reconciliation_last_success_timestamp_seconds: (last.endedAt?.getTime() ?? 0) / 1000,
    reconciliation_cut_off: 0,
  })
})

test('where nothing is sold, nothing is said of reconciliations', async () => {
  expect(await api.engine.metrics()).not.toMatch(/^tallystick_reconciliation/m)
})
