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

describe('GET /v1/customers/{customer}/balance', () => {
  test('of a customer never heard of: makes them and shows the welcome credits and their lot', async () => {
    const customer = newCustomer()
    const { status, json } = await api.get(`/v1/customers/${customer}/balance`)
    expect(status).toBe(200)
    expect(json).toEqual({
      customer,
      unit: 'credits',
      available: '50',
      held: '0',
      debt: '0',
      spendable: '50',
      upcoming: '0',
      scoped: '0',
      frozen: '0',
      lot_count: 1,
      lots: [
        {
          id: expect.stringMatching(/^lot_[0-9a-z]{52}$/),
          source: 'promotion',
          category: 'promotional',
          name: 'Welcome gift',
          granted: '50',
          available: '50',
          held: '0',
          spent: '0',
          expired: '0',
          revoked: '0',
          pending: '0',
          priority: 0,
          scope: null,
          frozen: false,
          repays_debt: false,
          late_return_days: 0,
          effective_at: now.toISOString(),
          expires_at: null,
          granted_at: now.toISOString(),
          paid: null,
          order: null,
          metadata: {},
        },
      ],
    })
  })

  test('in another unit is another wallet, and an unknown unit is refused with the known ones', async () => {
    const customer = newCustomer()
    expect((await api.get(`/v1/customers/${customer}/balance?unit=images`)).json).toMatchObject({
      unit: 'images',
      available: '0',
      lots: [],
    })
    expect((await api.get(`/v1/customers/${customer}/balance?unit=gems`)).json).toMatchObject({
      status: 422,
      code: 'unknown_unit',
      known: ['credits', 'images'],
    })
  })

  test('counts what starts later as available and upcoming, not as spendable', async () => {
    const customer = newCustomer()
    const { json } = await api.post('/v1/grants', {
      customer,
      credits: 7,
      source: 'gift',
      name: 'Tomorrow',
      effective_at: new Date(now.getTime() + 86_400_000).toISOString(),
    })
    expect(json.balance).toMatchObject({ available: '57', spendable: '50', upcoming: '7' })
  })
})

describe('POST /v1/charges', () => {
  test("spends an action's price from the lots, and answers the new balance", async () => {
    const customer = newCustomer()
    const { status, json } = await api.post('/v1/charges', {
      customer,
      action: 'image.hires',
      quantity: 2,
      description: 'Two pictures',
    })
    expect(status).toBe(200)
    expect(json).toMatchObject({
      id: expect.stringMatching(/^txn_/),
      customer,
      unit: 'credits',
      action: 'image.hires',
      credits: '10',
      paid_from: [{ lot: expect.stringMatching(/^lot_/), credits: '10' }],
      balance: { available: '40', spendable: '40' },
    })
  })

  test('spends an exact amount of any unit', async () => {
    const customer = newCustomer()
    await api.post('/v1/grants', { customer, credits: '3', unit: 'images', source: 'gift', name: 'Posters' })
    expect(
      (await api.post('/v1/charges', { customer, credits: '0.000001', unit: 'images' })).json,
    ).toMatchObject({ unit: 'images', action: null, credits: '0.000001', balance: { available: '2.999999' } })
    expect((await api.post('/v1/charges', { customer, action: 'poster' })).json).toMatchObject({
      unit: 'images',
      balance: { available: '0.999999' },
    })
  })

  test('without enough credits is refused with what is needed, what there is, and the pack that helps', async () => {
    const customer = newCustomer()
    const held = await api.post('/v1/holds', { customer, credits: 7 })
    expect(held.status).toBe(200)
    const { status, json } = await api.post('/v1/charges', { customer, action: 'image.hires', quantity: 20 })
    expect(status).toBe(402)
    expect(json).toMatchObject({
      code: 'insufficient_credits',
      required: '100',
      spendable: '43',
      held: '7',
      missing: '57',
      unit: 'credits',
      pack: {
        pack: 'starter',
        name: 'Starter',
        credits: '100',
        price: { amount_minor: 1000, currency: 'USD' },
      },
      message: 'This needs 100 credits; you have 43. Top up with Starter (100 credits) to go on.',
    })
    const beyondPacks = await api.post('/v1/charges', { customer, credits: 1000 })
    expect(beyondPacks.json).toMatchObject({
      pack: null,
      message: 'This needs 1000 credits; you have 43. Top up to go on.',
    })
    const oneImage = await api.post('/v1/charges', { customer, credits: 1, unit: 'images' })
    expect(oneImage.json.message).toBe('This needs 1 image; you have 0. Top up to go on.')
  })

  test('a refusal binds nothing: the same key succeeds after a top-up', async () => {
    const customer = newCustomer()
    const body = { customer, credits: 60 }
    const key = crypto.randomUUID()
    expect((await api.post('/v1/charges', body, key)).status).toBe(402)
    await api.post('/v1/grants', { customer, credits: 20, source: 'gift', name: 'Twenty' })
    expect((await api.post('/v1/charges', body, key)).json.balance).toMatchObject({ available: '10' })
  })

  test.each(['a key of words', crypto.randomUUID()])(
    'the same key (%s) gives the same answer, once; with another body it is refused',
    async (key) => {
      const customer = newCustomer()
      const body = { customer, action: 'image.hires' }
      const first = await api.post('/v1/charges', body, key)
      const second = await api.post('/v1/charges', { action: 'image.hires', customer }, key)
      expect(second.json).toEqual(first.json)
      expect(await balanceOf(customer)).toMatchObject({ available: '45' })
      const other = await api.post('/v1/charges', { customer, action: 'image.standard' }, key)
      expect(other.json).toMatchObject({ status: 409, code: 'idempotency_key_reused', key })
      const otherRoute = await api.post('/v1/holds', body, key)
      expect(otherRoute.json.code).toBe('idempotency_key_reused')
    },
  )

  test('without a key it says to send one, without a secret key it says so', async () => {
    const body = { customer: newCustomer(), action: 'image.hires' }
    expect((await api.call('POST', '/v1/charges', body, { key: null })).json).toMatchObject({
      status: 400,
      code: 'idempotency_key_required',
    })
    expect((await api.call('POST', '/v1/charges', body, { apiKey: null })).json).toMatchObject({
      status: 401,
      code: 'unauthorized',
    })
    expect((await api.call('POST', '/v1/charges', body, { apiKey: 'tsk_test_other' })).status).toBe(401)
  })

  test.each([
    [{ action: 'image.hirez' }, 422, 'unknown_action'],
    [{ credits: 1, unit: 'gems' }, 422, 'unknown_unit'],
    [{ credits: 0 }, 422, 'invalid_amount'],
    [{ action: 'image.hires', quantity: 9_007_199_254_740_991 }, 422, 'invalid_amount'],
    [{}, 400, 'invalid_request'],
    [{ action: 'image.hires', credits: 1 }, 400, 'invalid_request'],
    [{ action: 'image.hires', unit: 'credits' }, 400, 'invalid_request'],
    [{ credits: 1, quantity: 2 }, 400, 'invalid_request'],
    [{ action: 'image.hires', quantity: 1.5 }, 400, 'invalid_request'],
    [{ action: 'image.hires', colour: 'red' }, 400, 'invalid_request'],
    [{ credits: 0.1 }, 400, 'invalid_request'],
    [{ credits: '1e3' }, 400, 'invalid_request'],
  ])('of %j is refused with %i %s', async (body, status, code) => {
    const { json } = await api.post('/v1/charges', { customer: newCustomer(), ...body })
    expect(json).toMatchObject({ status, code })
  })

  test('a thousandfold of the smallest amount adds up exactly', async () => {
    const customer = newCustomer()
    for (let times = 0; times < 10; times += 1)
      await api.post('/v1/charges', { customer, action: 'token', quantity: 100 })
    expect(await balanceOf(customer)).toMatchObject({ available: '49.999' })
  })
})

describe('holds', () => {
  test('set credits aside; a capture in part spends that and gives back the rest', async () => {
    const customer = newCustomer()
    const placed = await api.post('/v1/holds', { customer, action: 'image.hires', expires_in_seconds: 60 })
    expect(placed.json).toMatchObject({
      id: expect.stringMatching(/^hold_/),
      customer,
      action: 'image.hires',
      state: 'placed',
      credits: '5',
      captured: '0',
      placed_at: now.toISOString(),
      expires_at: new Date(now.getTime() + 60_000).toISOString(),
      ended_at: null,
      paid_from: [{ credits: '5' }],
      balance: { available: '45', held: '5' },
    })
    const captured = await api.post(`/v1/holds/${placed.json.id}/capture`, { credits: '1.5' })
    expect(captured.json).toMatchObject({
      state: 'captured',
      credits: '5',
      captured: '1.5',
      ended_at: now.toISOString(),
      paid_from: [{ credits: '1.5' }],
      balance: { available: '48.5', held: '0' },
    })
    const read = await api.get(`/v1/holds/${placed.json.id}`)
    const { transaction, charged, owed, would_refuse, ...hold } = captured.json
    expect({ charged, owed, would_refuse }).toEqual({ charged: '1.5', owed: '0', would_refuse: null })
    expect(transaction).toMatch(/^txn_/)
    expect(read.json).toEqual(hold)
  })

  test('capture spends all unless told how much, release gives all back; with an empty body too', async () => {
    const customer = newCustomer()
    const one = await api.post('/v1/holds', { customer, credits: 5 })
    expect((await api.post(`/v1/holds/${one.json.id}/capture`)).json).toMatchObject({
      captured: '5',
      balance: { available: '45' },
    })
    const other = await api.post('/v1/holds', { customer, credits: 5 })
    expect((await api.post(`/v1/holds/${other.json.id}/release`, {})).json).toMatchObject({
      state: 'released',
      captured: '0',
      paid_from: [],
      balance: { available: '45', held: '0' },
    })
  })

  test('lapse by themselves and give back what they took; then they can be captured no more', async () => {
    const customer = newCustomer()
    const { json } = await api.post('/v1/holds', { customer, credits: 5 })
    laterBySeconds(301)
    expect((await api.get(`/v1/holds/${json.id}`)).json).toMatchObject({
      state: 'lapsed',
      ended_at: json.expires_at,
      balance: { available: '50', held: '0' },
    })
    expect((await api.post(`/v1/holds/${json.id}/capture`)).json).toMatchObject({
      status: 409,
      code: 'hold_already_ended',
      state: 'lapsed',
    })
  })

  test('end once: a second end is refused with the state, a repeated one answers the same', async () => {
    const customer = newCustomer()
    const { json: hold } = await api.post('/v1/holds', { customer, credits: 5 })
    const key = crypto.randomUUID()
    const first = await api.post(`/v1/holds/${hold.id}/capture`, { credits: 2 }, key)
    expect((await api.post(`/v1/holds/${hold.id}/capture`, { credits: 2 }, key)).json).toEqual(first.json)
    expect((await api.post(`/v1/holds/${hold.id}/capture`, { credits: 3 }, key)).json.code).toBe(
      'idempotency_key_reused',
    )
    expect((await api.post(`/v1/holds/${hold.id}/release`)).json).toMatchObject({
      status: 409,
      code: 'hold_already_ended',
      state: 'captured',
    })
    expect(await balanceOf(customer)).toMatchObject({ available: '48', held: '0' })
  })

  test('placed twice under one key are one hold', async () => {
    const customer = newCustomer()
    const key = crypto.randomUUID()
    const first = await api.post('/v1/holds', { customer, credits: 5 }, key)
    expect((await api.post('/v1/holds', { customer, credits: 5 }, key)).json).toEqual(first.json)
    expect(await balanceOf(customer)).toMatchObject({ held: '5' })
    expect((await api.post('/v1/holds', { customer, credits: 6 }, key)).status).toBe(409)
  })

  test('capture no more than was held, and not what is no hold', async () => {
    const customer = newCustomer()
    const { json: hold } = await api.post('/v1/holds', { customer, credits: 5 })
    expect((await api.post(`/v1/holds/${hold.id}/capture`, { credits: '5.000001' })).json).toMatchObject({
      status: 422,
      code: 'capture_exceeds_hold',
      requested: '5.000001',
      held: '5',
    })
    const stranger = `hold_${'0'.repeat(52)}`
    for (const [method, path] of [
      ['POST', `/v1/holds/${stranger}/capture`],
      ['POST', `/v1/holds/${stranger}/release`],
      ['GET', `/v1/holds/${stranger}`],
      ['GET', '/v1/holds/hold_1'],
      ['GET', `/v1/holds/${hold.balance.customer}`],
    ] as const) {
      const { json } = await api.call(method, path)
      expect({ path, ...json }).toMatchObject({ path, status: 404, code: 'hold_not_found' })
    }
  })

  test('are refused without enough credits, for an unknown action, and for more than a day', async () => {
    const customer = newCustomer()
    expect((await api.post('/v1/holds', { customer, credits: 51 })).json.code).toBe('insufficient_credits')
    expect((await api.post('/v1/holds', { customer, action: 'nothing' })).json.code).toBe('unknown_action')
    expect(
      (await api.post('/v1/holds', { customer, credits: 1, expires_in_seconds: 86_401 })).json.issues,
    ).toEqual([{ path: 'expires_in_seconds', message: 'must be at most 86400.' }])
  })
})

describe('POST /v1/grants', () => {
  test('gives a lot with its facts; lower priority and sooner expiry burn first', async () => {
    const customer = newCustomer()
    const expires = new Date(now.getTime() + 1000).toISOString()
    const { status, json } = await api.post('/v1/grants', {
      customer,
      credits: '12.5',
      source: 'adjustment',
      name: 'Sorry for the outage',
      expires_at: expires,
      priority: -1,
    })
    expect(status).toBe(200)
    expect(json).toMatchObject({
      lot: {
        id: expect.stringMatching(/^lot_/),
        source: 'adjustment',
        name: 'Sorry for the outage',
        granted: '12.5',
        available: '12.5',
        held: '0',
        expires_at: expires,
      },
      balance: { available: '62.5' },
    })
    const charge = await api.post('/v1/charges', { customer, credits: 13 })
    expect(charge.json.paid_from).toEqual([
      { lot: json.lot.id, credits: '12.5' },
      { lot: expect.any(String), credits: '0.5' },
    ])
  })

  test('an expired lot pays no more', async () => {
    const customer = newCustomer()
    const expires_at = new Date(now.getTime() + 1000).toISOString()
    await api.post('/v1/grants', { customer, credits: 5, source: 'gift', name: 'Short', expires_at })
    laterBySeconds(2)
    expect(await balanceOf(customer)).toMatchObject({ available: '50' })
  })

  test('the same key grants once, another body is refused', async () => {
    const customer = newCustomer()
    const body = { customer, credits: 5, source: 'gift', name: 'Five' }
    const key = crypto.randomUUID()
    const first = await api.post('/v1/grants', body, key)
    expect((await api.post('/v1/grants', body, key)).json).toEqual(first.json)
    expect((await api.post('/v1/grants', { ...body, name: 'Six' }, key)).json.code).toBe(
      'idempotency_key_reused',
    )
    expect(await balanceOf(customer)).toMatchObject({ available: '55' })
  })

  test.each([
    [{ credits: '0' }, 'invalid_amount'],
    [{ unit: 'gems' }, 'unknown_unit'],
    [{ expires_at: '2020-01-01T00:00:00Z' }, 'lot_out_of_time'],
    [{ source: 'found' }, 'invalid_request'],
    [{ name: '' }, 'invalid_request'],
    [{ expires_at: 'soon' }, 'invalid_request'],
    [{ credits: undefined }, 'invalid_request'],
  ])('with %j is refused: %s', async (change, code) => {
    const body = { customer: newCustomer(), credits: 5, source: 'gift', name: 'Five', ...change }
    expect((await api.post('/v1/grants', body)).json.code).toBe(code)
  })
})

describe('GET /v1/customers/{customer}/entries', () => {
  test('lists every movement, newest first, in pages that neither skip nor repeat', async () => {
    const customer = newCustomer()
    await api.post('/v1/charges', { customer, action: 'image.hires', description: 'A picture' })
    const { json: hold } = await api.post('/v1/holds', { customer, credits: 3 })
    await api.post(`/v1/holds/${hold.id}/capture`, { credits: 1 })
    const { json: all } = await api.get(`/v1/customers/${customer}/entries`)
    expect(all.next_cursor).toBeNull()
    expect(all.data.map((entry: { from: string; to: string }) => `${entry.from} → ${entry.to}`)).toEqual([
      expect.stringMatching(/^held → /),
      expect.stringMatching(/^held → /),
      'available → held',
      'available → spent',
      'issued → available',
    ])
    expect(all.data.at(-2)).toMatchObject({
      lot_name: 'Welcome gift',
      lot_source: 'promotion',
      credits: '5',
      action: 'image.hires',
      description: 'A picture',
      hold: null,
      order: null,
    })
    expect(all.data[0].hold).toBe(hold.id)

    const paged: unknown[] = []
    let cursor = ''
    do {
      const { json: page } = await api.get(`/v1/customers/${customer}/entries?limit=2${cursor}`)
      expect(page.data.length).toBeLessThanOrEqual(2)
      paged.push(...page.data)
      cursor = page.next_cursor === null ? '' : `&cursor=${page.next_cursor}`
    } while (cursor !== '')
    expect(paged).toEqual(all.data)
  })

  test('of a new customer are those of the welcome gift', async () => {
    const { json } = await api.get(`/v1/customers/${newCustomer()}/entries`)
    expect(json.data).toHaveLength(1)
  })

  test.each(['limit=0', 'limit=101', 'limit=x', 'cursor=garbage', 'page=2'])(
    '?%s is refused',
    async (query) => {
      const { json } = await api.get(`/v1/customers/${newCustomer()}/entries?${query}`)
      expect(json).toMatchObject({ status: 400, code: 'invalid_request' })
    },
  )
})

test('POST /v1/verify recomputes every sum and finds no difference', async () => {
  const { status, json } = await api.call('POST', '/v1/verify', undefined, { key: null })
  expect(status).toBe(200)
  expect(json.differences).toEqual([])
  expect(json.wallets).toBeGreaterThan(10)
  expect(json.entries).toBeGreaterThan(json.lots)
})

async function balanceOf(customer: string) {
  return (await api.get(`/v1/customers/${customer}/balance`)).json
}
