import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { overloaded } from '../../src/ledger/errors.ts'
import { createLogger } from '../../src/observability/logger.ts'
import { type Api, apiOver, newCustomer, openApi } from '../support/api.ts'

let now = new Date('2026-11-22T12:00:00Z')
let api: Api
beforeAll(async () => {
  api = await openApi({ clock: () => now })
})
afterAll(() => api.close())

describe('a limit', () => {
  test('is kept by charges and holds together, and a refusal says what is used and when there is room', async () => {
    const customer = newCustomer()
    const limits = [{ by: 'member', id: 'alice', window: 'day', max: '7' }]
    expect((await api.post('/v1/charges', { customer, credits: 4, limits })).status).toBe(200)
    expect((await api.post('/v1/holds', { customer, credits: 3, limits })).status).toBe(200)
    const { status, json } = await api.post('/v1/charges', { customer, credits: 1, limits })
    expect(status).toBe(403)
    expect(json).toMatchObject({
      code: 'limit_exceeded',
      limit: 'member:alice',
      window: 'day',
      max: '7',
      used: '7',
      requested: '1',
      resets_at: '2026-11-23T00:00:00.000Z',
    })
    const bobs = [{ ...limits[0], id: 'bob' }]
    expect((await api.post('/v1/charges', { customer, credits: 1, limits: bobs })).status).toBe(200)
    expect((await api.post('/v1/charges', { customer, credits: 1 })).status).toBe(200)
  })

  test('of a lifetime never has room again', async () => {
    const limits = [{ by: 'run', id: 'r1', window: 'lifetime', max: 0 }]
    const { json } = await api.post('/v1/charges', { customer: newCustomer(), credits: 1, limits })
    expect(json).toMatchObject({ code: 'limit_exceeded', resets_at: null })
  })

  test('says when it has room again, and that it never has for more than its maximum', async () => {
    const customer = newCustomer()
    const refused = async (credits: number, max: number) => {
      const limits = [{ by: 'customer', window: 'day', max }]
      return (await api.post('/v1/charges', { customer, credits, limits })).json.detail
    }
    await api.post('/v1/charges', {
      customer,
      credits: 5,
      limits: [{ by: 'customer', window: 'day', max: 7 }],
    })
    expect(await refused(3, 7)).toContain('It has room again from 2026-11-23T00:00:00.000Z on.')
    for (const never of [await refused(8, 7), await refused(1, 0)]) {
      expect(never).toContain('It never has room for that: raise its max, or ask for less.')
      expect(never).not.toContain('room again')
    }
  })

  test("by action is of the request's own action, or of the one it names", async () => {
    const customer = newCustomer()
    const limits = [{ by: 'action', window: 'month', max: 5 }]
    await api.post('/v1/charges', { customer, action: 'image.hires', limits })
    expect((await api.post('/v1/charges', { customer, action: 'image.hires', limits })).json).toMatchObject({
      code: 'limit_exceeded',
      limit: 'action:image.hires',
    })
    expect((await api.post('/v1/charges', { customer, action: 'image.standard', limits })).status).toBe(200)
    const named = [{ ...limits[0], id: 'image.hires' }]
    expect((await api.post('/v1/charges', { customer, credits: 1, limits: named })).status).toBe(403)
  })

  test('that is named twice counts once, and its smaller maximum holds', async () => {
    const customer = newCustomer()
    const twice = [8, 10].map((max) => ({ by: 'customer', window: 'day', max }))
    await api.post('/v1/charges', { customer, credits: 6, limits: twice })
    expect((await api.post('/v1/charges', { customer, credits: 3, limits: twice })).json).toMatchObject({
      code: 'limit_exceeded',
      max: '8',
      used: '6',
    })
    expect((await api.post('/v1/charges', { customer, credits: 2, limits: twice })).status).toBe(200)
  })

  test('is looked at before credits, for a top-up would not lift it', async () => {
    const limits = [{ by: 'customer', window: 'rolling_hour', max: 1 }]
    const { json } = await api.post('/v1/charges', { customer: newCustomer(), credits: 1000, limits })
    expect(json.code).toBe('limit_exceeded')
  })

  test.each([
    [{ by: 'member', window: 'day', max: 1 }, 'limits.0.id', 'is missing: say which member is meant.'],
    [{ by: 'api_key', window: 'day', max: 1 }, 'limits.0.id', 'is missing: say which api_key is meant.'],
    [{ by: 'run', window: 'day', max: 1 }, 'limits.0.id', 'is missing: say which run is meant.'],
    [{ by: 'customer', id: 'c', window: 'day', max: 1 }, 'limits.0.id', 'cannot be given by customer'],
    [{ by: 'action', window: 'day', max: 1 }, 'limits.0.id', 'the request names no action'],
    [{ by: 'team', window: 'day', max: 1 }, 'limits.0.by', 'must be one of customer, member'],
    [{ by: 'customer', window: 'year', max: 1 }, 'limits.0.window', 'must be one of day, week'],
    [{ by: 'customer', window: 'day', max: -1 }, 'limits.0.max', 'must be a decimal without sign'],
    [{ by: 'customer', window: 'day', max: 1, per: 2 }, 'limits.0.per', 'is not a known field'],
  ])('written %j is malformed', async (limit, path, message) => {
    for (const route of ['/v1/charges', '/v1/holds']) {
      const { status, json } = await api.post(route, { customer: newCustomer(), credits: 1, limits: [limit] })
      expect(status).toBe(400)
      expect(json.issues).toEqual([{ path, message: expect.stringContaining(message) }])
    }
  })

  test('comes with nine others at most', async () => {
    const limits = Array.from({ length: 11 }, (_, n) => ({ by: 'run', id: `${n}`, window: 'day', max: 9 }))
    expect(
      (await api.post('/v1/charges', { customer: newCustomer(), credits: 1, limits })).json.issues,
    ).toEqual([{ path: 'limits', message: 'must have at most 10 limits.' }])
    const ten = await api.post('/v1/charges', {
      customer: newCustomer(),
      credits: 1,
      limits: limits.slice(1),
    })
    expect(ten.status).toBe(200)
  })
})

describe('an observed request', () => {
  test('takes what is there and says what would have been refused; a replay says the same', async () => {
    const customer = newCustomer()
    const key = crypto.randomUUID()
    const body = { customer, credits: 60, observe: true }
    const first = await api.post('/v1/charges', body, key)
    expect(first.json).toMatchObject({
      credits: '50',
      would_refuse: { code: 'insufficient_credits', detail: expect.stringContaining('10 missing') },
      balance: { available: '0' },
    })
    expect((await api.post('/v1/charges', body, key)).json).toEqual(first.json)
    const held = await api.post('/v1/holds', { customer, credits: 5, observe: true })
    expect(held.json).toMatchObject({
      state: 'placed',
      credits: '0',
      paid_from: [],
      would_refuse: { code: 'insufficient_credits' },
    })
    expect((await api.post(`/v1/holds/${held.json.id}/capture`, { credits: 0 })).json.charged).toBe('0')
  })

  test('captures above its hold as far as credits go; a replay says the same', async () => {
    const customer = newCustomer()
    const observe = true
    const held = await api.post('/v1/holds', { customer, credits: 49 })
    const capture = `/v1/holds/${held.json.id}/capture`
    expect(await api.post(capture, { credits: 60 })).toMatchObject({
      status: 422,
      json: { code: 'capture_exceeds_hold' },
    })
    const key = crypto.randomUUID()
    const body = { credits: 60, observe }
    const captured = await api.post(capture, body, key)
    expect(captured.json).toMatchObject({
      state: 'captured',
      charged: '50',
      uncollected: '10',
      owed: '0',
      would_refuse: {
        code: 'capture_exceeds_hold',
        detail: expect.stringContaining('60 requested, 49 held'),
      },
      balance: { available: '0', debt: '0' },
    })
    expect((await api.post(capture, body, key)).json).toEqual(captured.json)
    expect((await api.post(capture, { credits: 1, observe })).json.code).toBe('hold_already_ended')
  })

  test('captures late as far as credits go, in a batch as well', async () => {
    const customer = newCustomer()
    const held = await api.post('/v1/holds', { customer, credits: 40, expires_in_seconds: 1 })
    now = new Date(now.getTime() + 1_000)
    await api.post('/v1/charges', { customer, credits: 20 })
    const operations = [{ op: 'capture', key: crypto.randomUUID(), hold: held.json.id, observe: true }]
    const late = await api.post('/v1/batch', { operations })
    expect(late.json.outcomes[0]).toMatchObject({
      state: 'lapsed',
      charged: '30',
      uncollected: '10',
      would_refuse: { code: 'hold_already_ended' },
    })
    expect((await api.post('/v1/batch', { operations })).json).toEqual(late.json)
  })

  test('that would not have been refused says null', async () => {
    const body = { customer: newCustomer(), credits: 1, observe: true }
    expect((await api.post('/v1/charges', body)).json.would_refuse).toBeNull()
    const held = await api.post('/v1/holds', body)
    expect(held.json.would_refuse).toBeNull()
    const captured = await api.post(`/v1/holds/${held.json.id}/capture`, { observe: true })
    expect(captured.json.would_refuse).toBeNull()
  })
})

test('a server in observe mode refuses nothing for want of credits, says so, and logs it with ids', async () => {
  const lines: string[] = []
  const log = createLogger({ level: 'info', destination: { write: (line) => lines.push(line) } })
  const observing = await openApi({ observe: true, log })
  onTestFinished(() => observing.close())
  expect((await observing.get('/health')).json).toMatchObject({ observe: true })
  const customer = newCustomer()
  const charge = await observing.post('/v1/charges', { customer, credits: 60, observe: false })
  expect(charge.json).toMatchObject({ credits: '50', would_refuse: { code: 'insufficient_credits' } })
  const hold = await observing.post('/v1/holds', { customer, credits: 1 })
  expect(hold.status).toBe(200)
  const capture = await observing.post(`/v1/holds/${hold.json.id}/capture`, { credits: 1, final: false })
  expect(capture.json).toMatchObject({ charged: '0', uncollected: '1', would_refuse: null })
  const excess = await observing.post(`/v1/holds/${hold.json.id}/capture`, { credits: 1 })
  expect(excess.json).toMatchObject({ uncollected: '2', would_refuse: { code: 'capture_exceeds_hold' } })
  const logged = lines
    .filter((line) => line.includes('would have been refused'))
    .map((line) => JSON.parse(line))
  expect(logged).toMatchObject([
    { level: 'info', transaction: charge.json.id, code: 'insufficient_credits' },
    { level: 'info', hold: hold.json.id, code: 'insufficient_credits' },
    { level: 'info', transaction: excess.json.transaction, hold: hold.json.id, code: 'capture_exceeds_hold' },
  ])
  expect(lines.join('')).not.toContain(customer)
  expect((await observing.post('/v1/charges', { customer, action: 'nothing' })).json.code).toBe(
    'unknown_action',
  )
})

test('a server whose queue is full says when to come again', async () => {
  const full = () => Promise.reject(overloaded({ retryAfterSeconds: 2 }))
  const busy = apiOver({ ...api.engine, charge: full })
  const { status, headers, json } = await busy.post('/v1/charges', { customer: newCustomer(), credits: 1 })
  expect(status).toBe(503)
  expect(headers.get('retry-after')).toBe('2')
  expect(json).toMatchObject({ code: 'overloaded', retry_after_seconds: 2 })
})
