import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Api, newCustomer, openApi } from '../support/api.ts'

let now = new Date('2026-11-22T12:00:00Z')
let api: Api
beforeAll(async () => {
  api = await openApi({ clock: () => now })
})
afterAll(() => api.close())

function laterBySeconds(seconds: number): void {
  now = new Date(now.getTime() + seconds * 1000)
}

async function place(fields: object = {}) {
  const customer = newCustomer()
  const { json } = await api.post('/v1/holds', { customer, credits: 10, ...fields })
  const post = (step: string, body?: object, key?: string) =>
    api.post(`/v1/holds/${json.id}/${step}`, body, key)
  const read = async () => (await api.get(`/v1/holds/${json.id}`)).json
  return { customer, hold: json, post, read }
}

describe('a hold', () => {
  test('is captured in parts: each says what it charged, and is refunded by its own transaction', async () => {
    const { post, read } = await place()
    const first = await post('capture', { credits: 3, final: false })
    expect(first.json).toMatchObject({
      state: 'placed',
      credits: '10',
      charged: '3',
      captured: '3',
      remaining: '7',
      owed: '0',
      ended_at: null,
      paid_from: [{ credits: '3' }],
      balance: { available: '40', held: '7' },
    })
    expect(await read()).toMatchObject({ state: 'placed', paid_from: [{ credits: '7' }] })
    const last = await post('capture', { credits: 4 })
    expect(last.json).toMatchObject({
      state: 'captured',
      charged: '4',
      captured: '7',
      remaining: '0',
      paid_from: [{ credits: '4' }],
      balance: { available: '43', held: '0' },
    })
    expect(last.json.transaction).not.toBe(first.json.transaction)
    expect(await read()).toMatchObject({ state: 'captured', captured: '7', paid_from: [{ credits: '7' }] })
    const refund = await api.post(`/v1/charges/${first.json.transaction}/refund`)
    expect(refund.json).toMatchObject({
      charge: first.json.transaction,
      credits: '3',
      balance: { available: '46' },
    })
  })

  test('is captured above what it holds by the policy that is named, and not otherwise', async () => {
    const refused = await place()
    expect((await refused.post('capture', { credits: 12 })).json.code).toBe('capture_exceeds_hold')
    expect(await refused.read()).toMatchObject({ state: 'placed', uncollected: '12' })
    expect((await refused.post('capture', { credits: 12, above: 'up_to_spendable' })).json).toMatchObject({
      charged: '12',
      captured: '12',
      owed: '0',
      uncollected: '0',
      paid_from: [{ credits: '12' }],
      balance: { available: '38' },
    })
    const all = await place({ credits: 50 })
    expect((await all.post('capture', { credits: 53, above: 'owe' })).json).toMatchObject({
      charged: '53',
      owed: '3',
      paid_from: [{ credits: '50' }],
      balance: { available: '0', debt: '3' },
    })
    const none = await place({ credits: 50 })
    expect((await none.post('capture', { credits: 53, above: 'up_to_spendable' })).json).toMatchObject({
      charged: '50',
      owed: '0',
      uncollected: '3',
    })
  })

  test('that lapses does what it was placed with', async () => {
    const checked = await place({ on_lapse: 'charge_checkpoint' })
    expect(checked.hold).toMatchObject({ on_lapse: 'charge_checkpoint', checkpoint: '0', would_refuse: null })
    expect((await checked.post('checkpoint', { credits: 4 })).json).toMatchObject({
      state: 'placed',
      checkpoint: '4',
      remaining: '10',
    })
    expect((await checked.post('checkpoint', { credits: 2 })).json.checkpoint).toBe('4')
    const charged = await place({ on_lapse: 'charge_all' })
    const released = await place()
    expect(released.hold.on_lapse).toBe('release')
    laterBySeconds(301)
    expect(await checked.read()).toMatchObject({
      state: 'lapsed',
      captured: '4',
      paid_from: [{ credits: '4' }],
    })
    expect(await charged.read()).toMatchObject({ state: 'lapsed', captured: '10', remaining: '0' })
    expect(await released.read()).toMatchObject({ state: 'lapsed', captured: '0', paid_from: [] })
    expect((await released.post('capture', { credits: 6 })).json).toMatchObject({
      code: 'hold_already_ended',
      detail: expect.stringContaining('can still be charged: capture it with above'),
    })
    expect(await released.read()).toMatchObject({ uncollected: '6' })
    expect((await released.post('capture', { credits: 6, above: 'up_to_spendable' })).json).toMatchObject({
      state: 'lapsed',
      charged: '6',
      uncollected: '0',
      balance: { available: '44' },
    })
  })

  test('that is extended lives so long from then on, and never shorter', async () => {
    const { hold, post, read } = await place()
    laterBySeconds(200)
    const extended = await post('extend', { expires_in_seconds: 300 })
    expect(extended.json.expires_at).toBe(new Date(now.getTime() + 300_000).toISOString())
    expect((await post('extend', { expires_in_seconds: 1 })).json.expires_at).toBe(extended.json.expires_at)
    laterBySeconds(250)
    expect(new Date(hold.expires_at) < now).toBe(true)
    expect((await read()).state).toBe('placed')
    laterBySeconds(51)
    expect((await read()).state).toBe('lapsed')
  })
})

describe.each([
  ['capture', { credits: 1, final: false }],
  ['checkpoint', { credits: 1 }],
  ['extend', { expires_in_seconds: 60 }],
  ['release', {}],
])('POST /v1/holds/{hold}/%s', (step, body) => {
  test('is done once under its key, and its answer stays the same whatever follows', async () => {
    const { post } = await place()
    const key = crypto.randomUUID()
    const first = await post(step, body, key)
    expect(first.status).toBe(200)
    await post('capture')
    expect((await post(step, body, key)).json).toEqual(first.json)
    const { hold, post: postOther } = await place()
    await postOther('release', {}, key)
    const other = await api.post(`/v1/holds/${hold.id}/${step === 'release' ? 'capture' : step}`, body, key)
    expect(other.json).toMatchObject({ status: 409, code: 'idempotency_key_reused', key })
  })

  test('of no hold, of one that has ended, and without a key is refused', async () => {
    const { hold, post } = await place()
    await post('release')
    expect((await post(step, body)).json).toMatchObject({ status: 409, code: 'hold_already_ended' })
    for (const id of [`hold_${'0'.repeat(52)}`, 'hold_1'])
      expect((await api.post(`/v1/holds/${id}/${step}`, body)).json.code).toBe('hold_not_found')
    const path = `/v1/holds/${hold.id}/${step}`
    expect((await api.call('POST', path, body, { key: null })).json.code).toBe('idempotency_key_required')
    expect((await api.call('POST', path, body, { apiKey: null })).status).toBe(401)
  })
})

test.each([
  ['capture', { credits: '-1' }, 'credits'],
  ['capture', { above: 'take' }, 'above'],
  ['capture', { final: 'no' }, 'final'],
  ['checkpoint', {}, 'credits'],
  ['extend', {}, 'expires_in_seconds'],
  ['extend', { expires_in_seconds: 0 }, 'expires_in_seconds'],
  ['extend', { expires_in_seconds: 86_401 }, 'expires_in_seconds'],
  ['release', { credits: 1 }, 'credits'],
])('%s with %j is malformed', async (step, body, path) => {
  const { post } = await place()
  const { status, json } = await post(step, body)
  expect(status).toBe(400)
  expect(json.issues).toMatchObject([{ path }])
})

test('a policy for the lapse that is none is malformed', async () => {
  const body = { customer: newCustomer(), credits: 1, on_lapse: 'keep' }
  expect((await api.post('/v1/holds', body)).json.issues).toMatchObject([{ path: 'on_lapse' }])
})
