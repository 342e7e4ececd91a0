import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Api, newCustomer, openApi } from '../support/api.ts'

let now = new Date('2026-11-22T12:00:00Z')
let api: Api
beforeAll(async () => {
  api = await openApi({ clock: () => now })
})
afterAll(() => api.close())

function laterByMinutes(minutes: number): string {
  now = new Date(now.getTime() + minutes * 60_000)
  return now.toISOString()
}

describe('GET /v1/customers/{customer}/balance-at', () => {
  test('tells what was there at an instant, by what had happened and not by what was written', async () => {
    const customer = newCustomer()
    const before = new Date(now.getTime() - 1).toISOString()
    await api.post('/v1/charges', { customer, credits: 8 })
    const start = now.toISOString()
    await api.post('/v1/holds', { customer, credits: 2, expires_in_seconds: 60 })
    const lapsed = laterByMinutes(1)
    laterByMinutes(9)
    const at = async (instant: string) =>
      (await api.get(`/v1/customers/${customer}/balance-at?at=${encodeURIComponent(instant)}`)).json
    expect(await at(lapsed)).toEqual({
      customer,
      unit: 'credits',
      at: lapsed,
      available: '42',
      held: '0',
      debt: '0',
    })
    await api.post('/v1/charges', { customer, credits: 1 })
    expect(await at(before)).toMatchObject({ available: '0', held: '0' })
    expect(await at(start)).toMatchObject({ available: '40', held: '2' })
    expect(await at(lapsed)).toMatchObject({ available: '42', held: '0' })
    expect(await at('2026-11-22T12:10:00+00:00')).toMatchObject({ available: '41' })
  })

  test.each([
    ['', 400, 'invalid_request'],
    ['?at=yesterday', 400, 'invalid_request'],
    ['?at=2026-11-22T12:00:00Z&unit=gems', 422, 'unknown_unit'],
    ['?at=2026-11-22T12:00:00Z&on=1', 400, 'invalid_request'],
  ])('%s is refused', async (query, status, code) => {
    const { json } = await api.get(`/v1/customers/${newCustomer()}/balance-at${query}`)
    expect(json).toMatchObject({ status, code })
  })
})

describe('GET /v1/customers/{customer}/quote', () => {
  test('says what a charge would cost and which lots would pay, and takes nothing', async () => {
    const customer = newCustomer()
    const { json: grant } = await api.post('/v1/grants', {
      customer,
      credits: 7,
      source: 'gift',
      name: 'Pictures',
      priority: -1,
      scope: ['image.hires'],
    })
    const { status, json } = await api.get(`/v1/customers/${customer}/quote?action=image.hires&quantity=2`)
    expect(status).toBe(200)
    expect(json).toEqual({
      customer,
      unit: 'credits',
      action: 'image.hires',
      affordable: true,
      required: '10',
      spendable: '57',
      missing: '0',
      from: [
        { lot: grant.lot.id, credits: '7' },
        { lot: expect.stringMatching(/^lot_/), credits: '3' },
      ],
      refusal: null,
      pack: null,
      message: null,
    })
    expect((await api.get(`/v1/customers/${customer}/balance`)).json.available).toBe('57')
  })

  test('says what is missing, and which pack helps', async () => {
    const customer = newCustomer()
    expect((await api.get(`/v1/customers/${customer}/quote?credits=60.5`)).json).toMatchObject({
      affordable: false,
      action: null,
      required: '60.5',
      spendable: '50',
      missing: '10.5',
      from: [{ credits: '50' }],
      refusal: 'insufficient_credits',
      pack: { pack: 'starter', credits: '100', price: { amount_minor: 1000, currency: 'USD' } },
      message: 'This needs 60.5 credits; you have 50. Top up with Starter (100 credits) to go on.',
    })
    expect((await api.get(`/v1/customers/${customer}/quote?credits=2&unit=images`)).json).toMatchObject({
      affordable: false,
      unit: 'images',
      pack: null,
    })
  })

  test.each([
    ['', 400, 'invalid_request'],
    ['?action=image.hires&credits=1', 400, 'invalid_request'],
    ['?action=image.hires&quantity=x', 400, 'invalid_request'],
    ['?action=image.hires&quantity=0', 400, 'invalid_request'],
    ['?credits=1&quantity=2', 400, 'invalid_request'],
    ['?credits=-1', 400, 'invalid_request'],
    ['?credits=0', 422, 'invalid_amount'],
    ['?action=nothing', 422, 'unknown_action'],
    ['?credits=1&unit=gems', 422, 'unknown_unit'],
  ])('%s is refused', async (query, status, code) => {
    const { json } = await api.get(`/v1/customers/${newCustomer()}/quote${query}`)
    expect(json).toMatchObject({ status, code })
  })
})

describe('GET /v1/customers/{customer}/entries', () => {
  test('finds those of a lot, a hold, an action and a time, all combined', async () => {
    const customer = newCustomer()
    const of = async (filter: string): Promise<string[]> => {
      const { status, json } = await api.get(`/v1/customers/${customer}/entries?${filter}`)
      expect(status).toBe(200)
      return json.data.map((entry: { operation: string }) => entry.operation)
    }
    const grant = { customer, credits: 9, source: 'gift', name: 'Nine', priority: -1 }
    const { lot } = (await api.post('/v1/grants', grant)).json
    const middle = laterByMinutes(5)
    await api.post('/v1/charges', { customer, action: 'image.hires' })
    const { json: hold } = await api.post('/v1/holds', { customer, credits: 1, expires_in_seconds: 600 })
    const end = laterByMinutes(5)
    await api.post(`/v1/holds/${hold.id}/release`)
    await api.post('/v1/charges', { customer, action: 'image.standard' })
    expect(await of(`lot=${lot.id}`)).toEqual(['charge', 'release', 'hold', 'charge', 'grant'])
    expect(await of(`hold=${hold.id}`)).toEqual(['release', 'hold'])
    expect(await of('action=image.hires')).toEqual(['charge'])
    expect(await of(`from=${middle}`)).toEqual(['charge', 'release', 'hold', 'charge'])
    expect(await of(`until=${middle}`)).toEqual(['grant', 'grant'])
    expect(await of(`from=${middle}&until=${end}`)).toEqual(['hold', 'charge'])
    expect(await of(`from=${middle}&until=${end}&lot=${lot.id}&action=image.hires`)).toEqual(['charge'])
    expect(await of(`hold=${hold.id}&action=image.hires`)).toEqual([])
    expect(await of(`order=ord_${'0'.repeat(26)}`)).toEqual([])
    const { json: page } = await api.get(`/v1/customers/${customer}/entries?lot=${lot.id}&limit=3`)
    expect(await of(`lot=${lot.id}&limit=3&cursor=${page.next_cursor}`)).toEqual(['charge', 'grant'])
  })

  test.each([
    ['lot=lot_1', 'query.lot', 'must be the id of a lot.'],
    ['hold=lot_1', 'query.hold', 'must be the id of a hold.'],
    ['order=1', 'query.order', 'must be the id of an order.'],
    ['from=today', 'query.from', 'must be an instant in ISO 8601'],
    ['until=', 'query.until', 'must be an instant in ISO 8601'],
    ['action=', 'query.action', 'must have 1 to 100 characters.'],
  ])('?%s is malformed', async (query, path, message) => {
    const { status, json } = await api.get(`/v1/customers/${newCustomer()}/entries?${query}`)
    expect(status).toBe(400)
    expect(json.issues).toEqual([{ path, message: expect.stringContaining(message) }])
  })
})
