import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Api, apiOver, newCustomer, openApi } from '../support/api.ts'

let api: Api
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api.close())

const key = () => crypto.randomUUID()
const post = (operations: unknown) => api.call('POST', '/v1/batch', { operations }, { key: null })

describe('POST /v1/batch', () => {
  test('does every kind of operation, and answers each in its place as if it had been sent alone', async () => {
    const customer = newCustomer()
    const { json: charge } = await api.post('/v1/charges', { customer, credits: 4 })
    const holds = await Promise.all(
      [1, 2, 3, 4].map(async () => (await api.post('/v1/holds', { customer, credits: 2 })).json.id),
    )
    const { status, json } = await post([
      { op: 'charge', key: key(), customer, action: 'image.hires' },
      { op: 'hold', key: key(), customer, credits: 3, on_lapse: 'charge_all' },
      { op: 'capture', key: key(), hold: holds[0], credits: 1 },
      { op: 'release', key: key(), hold: holds[1] },
      { op: 'checkpoint', key: key(), hold: holds[2], credits: 1 },
      { op: 'extend', key: key(), hold: holds[3], expires_in_seconds: 600 },
      { op: 'refund', key: key(), charge: charge.id, credits: 1, reason: 'Sorry' },
      { op: 'grant', key: key(), customer, credits: 2, source: 'gift', name: 'Two' },
      { op: 'adjust', key: key(), customer, credits: '-1', reason: 'Wrong', actor: 'mia' },
    ])
    expect(status).toBe(200)
    expect(json.outcomes).toMatchObject([
      { ok: true, op: 'charge', credits: '5', balance: { available: '33' } },
      { ok: true, op: 'hold', state: 'placed', on_lapse: 'charge_all' },
      { ok: true, op: 'capture', charged: '1', transaction: expect.stringMatching(/^txn_/) },
      { ok: true, op: 'release', state: 'released' },
      { ok: true, op: 'checkpoint', checkpoint: '1' },
      { ok: true, op: 'extend', id: holds[3] },
      { ok: true, op: 'refund', charge: charge.id, returned_to: [{ credits: '1' }] },
      { ok: true, op: 'grant', lot: { name: 'Two', available: '2' } },
      { ok: true, op: 'adjust', credits: '-1', actor: 'mia' },
    ])
  })

  test('refuses one without disturbing the others, each with the problem that it alone would have met', async () => {
    const customer = newCustomer()
    const { json } = await post([
      { op: 'charge', key: key(), customer, credits: 20 },
      { op: 'charge', key: key(), customer, credits: 40 },
      { op: 'charge', key: key(), customer, action: 'image.hirez' },
      { op: 'capture', key: key(), hold: 'hold_1' },
      { op: 'release', key: key(), hold: `hold_${'0'.repeat(52)}` },
      { op: 'refund', key: key(), charge: 'txn_1' },
      { op: 'grant', key: key(), customer, credits: 0, source: 'gift', name: 'None' },
      { op: 'charge', key: key(), customer, credits: 30 },
    ])
    expect(json.outcomes.map(({ ok, op, problem }: never) => ({ ok, op, code: problem?.['code'] }))).toEqual([
      { ok: true, op: 'charge', code: undefined },
      { ok: false, op: 'charge', code: 'insufficient_credits' },
      { ok: false, op: 'charge', code: 'unknown_action' },
      { ok: false, op: 'capture', code: 'hold_not_found' },
      { ok: false, op: 'release', code: 'hold_not_found' },
      { ok: false, op: 'refund', code: 'charge_not_found' },
      { ok: false, op: 'grant', code: 'invalid_amount' },
      { ok: true, op: 'charge', code: undefined },
    ])
    expect(json.outcomes[1].problem).toMatchObject({ status: 402, missing: '10', pack: { pack: 'starter' } })
  })

  test('does the operations on one wallet in their order', async () => {
    const customer = newCustomer()
    const { json: hold } = await api.post('/v1/holds', { customer, credits: 50 })
    const { json } = await post([
      { op: 'charge', key: key(), customer, credits: 1 },
      { op: 'release', key: key(), hold: hold.id },
      { op: 'charge', key: key(), customer, credits: 50 },
      { op: 'grant', key: key(), customer, credits: 5, source: 'gift', name: 'Five' },
      { op: 'charge', key: key(), customer, credits: 5 },
    ])
    // The first found everything held; each of the others found what the one before it left.
    expect(json.outcomes.map((outcome: { ok: boolean }) => outcome.ok)).toEqual([
      false,
      true,
      true,
      true,
      true,
    ])
  })

  test('repeated is done once; a key that stands for something else is refused where it stands', async () => {
    const customer = newCustomer()
    const [first, second] = [key(), 'order 17']
    const operations = [
      { op: 'charge', key: first, customer, credits: 1 },
      { op: 'grant', key: second, customer, credits: 1, source: 'gift', name: 'One' },
    ]
    const once = await post(operations)
    expect((await post(operations)).json).toEqual(once.json)
    const alone = await api.post('/v1/charges', { customer, credits: 1 }, first)
    expect(once.json.outcomes[0]).toEqual({ ok: true, op: 'charge', ...alone.json })
    const { json } = await post([{ op: 'charge', key: second, customer, credits: 1 }])
    expect(json.outcomes).toMatchObject([
      { ok: false, problem: { status: 409, code: 'idempotency_key_reused', key: second } },
    ])
  })

  test('takes a thousand operations with room for all they may say', async () => {
    const customers = Array.from({ length: 20 }, newCustomer)
    const metadata = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`key_${n}`, 'x'.repeat(100)]))
    const operations = Array.from({ length: 1000 }, (_, index) => ({
      op: 'grant',
      key: key(),
      customer: customers[index % 20],
      credits: '1',
      source: 'gift',
      name: 'One',
      metadata,
    }))
    const { status, json } = await post(operations)
    expect(status).toBe(200)
    expect(json.outcomes.filter((outcome: { ok: boolean }) => outcome.ok)).toHaveLength(1000)
    const { json: balance } = await api.get(`/v1/customers/${customers[7]}/balance`)
    expect(balance).toMatchObject({ available: '100', lot_count: 51 })
    expect((await post([...operations, operations[0]])).json.issues).toEqual([
      { path: 'operations', message: 'must have at most 1000 operations.' },
    ])
  })

  test('with a malformed operation does nothing, and says where it stands', async () => {
    const customer = newCustomer()
    const { status, json } = await post([
      { op: 'charge', key: key(), customer, credits: 1 },
      { op: 'charge', customer, credits: 1 },
      { op: 'charge', key: key(), customer },
      { op: 'spend', key: key(), customer },
      { op: 'release', key: key(), hold: 'hold_1', credits: 1 },
      7,
    ])
    expect(status).toBe(400)
    expect(json.issues).toEqual([
      { path: 'operations.1.key', message: 'is missing; it must be a string.' },
      { path: 'operations.2.action', message: expect.stringContaining('is missing: name an action') },
      {
        path: 'operations.3.op',
        message: 'must be one of charge, hold, capture, release, checkpoint, extend, refund, grant, adjust.',
      },
      { path: 'operations.4.credits', message: 'is not a known field; remove it or correct its name.' },
      { path: 'operations.5', message: 'must be an object, not a number.' },
    ])
    expect((await api.get(`/v1/customers/${customer}/balance`)).json.available).toBe('50')
    expect((await post([])).json.issues).toMatchObject([{ path: 'operations' }])
    expect((await api.call('POST', '/v1/batch', {}, { apiKey: null })).status).toBe(401)
  })

  test('names the first fifty of many mistakes', async () => {
    const { json } = await post(Array.from({ length: 200 }, () => ({ op: 'spend' })))
    expect(json.issues).toHaveLength(50)
  })

  test('tells of a bug in one operation no more than of a bug in a request', async () => {
    const broken = apiOver({
      ...api.engine,
      batch: () => Promise.resolve([{ ok: false, error: new Error('the tally is broken') }]),
    })
    const operations = [{ op: 'release', key: key(), hold: `hold_${'0'.repeat(52)}` }]
    const { json } = await broken.call('POST', '/v1/batch', { operations }, { key: null })
    expect(json.outcomes).toMatchObject([{ ok: false, problem: { status: 500, code: 'internal_error' } }])
    expect(JSON.stringify(json)).not.toContain('the tally')
  })
})
