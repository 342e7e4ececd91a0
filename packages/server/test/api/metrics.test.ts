import { afterAll, beforeAll, expect, test } from 'vitest'
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
