import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Api, newCustomer, openApi } from '../support/api.ts'

let now = new Date('2026-11-22T12:00:00Z')
let api: Api
beforeAll(async () => {
  api = await openApi({ clock: () => now })
})
afterAll(() => api.close())

const merge = (customer: string, into: unknown) =>
  api.call('POST', `/v1/customers/${customer}/merge`, { into }, { key: null })
const balanceOf = async (customer: string, unit = 'credits') =>
  (await api.get(`/v1/customers/${customer}/balance?unit=${unit}`)).json

/** Somebody with 20 credits beside the welcome gift. */
async function visitor(grant: object = {}) {
  const customer = newCustomer()
  const body = { customer, credits: 20, source: 'purchase', name: 'Pack', priority: -1, ...grant }
  const { json } = await api.post('/v1/grants', body)
  return { customer, lot: json.lot }
}

describe('POST /v1/customers/{customer}/merge', () => {
  test('moves what is left, and each lot arrives as it was', async () => {
    const { customer, lot } = await visitor({
      scope: ['image.hires'],
      paid: { amount_minor: 1999, currency: 'USD' },
      expires_after: { months: 2 },
      late_return_days: 5,
      metadata: { campaign: 'spring' },
    })
    await api.post('/v1/grants', { customer, credits: 3, unit: 'images', source: 'gift', name: 'Posters' })
    await api.post('/v1/charges', { customer, action: 'image.hires' })
    const into = newCustomer()
    const { status, json } = await merge(customer, into)
    expect(status).toBe(200)
    expect(json).toEqual({
      customer,
      into,
      merged_at: now.toISOString(),
      moved: [
        {
          unit: 'credits',
          credits: '15',
          lots: 1,
          taken_at: now.toISOString(),
          arrived_at: now.toISOString(),
        },
        { unit: 'images', credits: '3', lots: 1, taken_at: now.toISOString(), arrived_at: now.toISOString() },
      ],
    })
    expect(await balanceOf(customer)).toMatchObject({ available: '50', lot_count: 1 })
    expect((await api.get(`/v1/lots/${lot.id}`)).json).toMatchObject({
      available: '0',
      spent: '5',
      revoked: '15',
    })
    const { lots, ...balance } = await balanceOf(into)
    expect(balance).toMatchObject({ available: '65', scoped: '15', debt: '0' })
    // Three quarters of the credits, and so of what was paid for them.
    expect(lots[0]).toEqual({
      ...lot,
      id: expect.stringMatching(/^lot_/),
      granted: '15',
      available: '15',
      paid: { amount_minor: 1499, currency: 'USD' },
    })
    expect(lots[0].id).not.toBe(lot.id)
    expect(await balanceOf(into, 'images')).toMatchObject({ available: '3' })
    const { json: entries } = await api.get(`/v1/customers/${customer}/entries?lot=${lot.id}`)
    expect(entries.data[0]).toMatchObject({
      operation: 'revoke',
      from: 'available',
      to: 'revoked',
      credits: '15',
      description: `Merged into ${into}`,
    })
  })

  test('repeated, and by many at once, moves nothing twice', async () => {
    const { customer } = await visitor()
    const into = newCustomer()
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => merge(customer, into)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect(await balanceOf(into)).toMatchObject({ available: '70' })
    expect((await merge(customer, into)).json.moved).toHaveLength(1)
  })

  test('leaves what is held until its hold ends, and what is frozen until it is not', async () => {
    const { customer, lot } = await visitor()
    const frozen = await api.post('/v1/grants', { customer, credits: 4, source: 'gift', name: 'Frozen' })
    await api.post(`/v1/lots/${frozen.json.lot.id}/freeze`)
    const { json: hold } = await api.post('/v1/holds', { customer, credits: 8 })
    expect(hold.paid_from).toEqual([{ lot: lot.id, credits: '8' }])
    const into = newCustomer()
    await merge(customer, into)
    expect(await balanceOf(into)).toMatchObject({ available: '62' })
    expect(await balanceOf(customer)).toMatchObject({ available: '54', held: '8', frozen: '4' })
    await api.post(`/v1/holds/${hold.id}/capture`, { credits: 5 })
    await api.post(`/v1/lots/${frozen.json.lot.id}/unfreeze`)
    expect((await merge(customer, into)).json.moved).toMatchObject([
      { credits: '12' },
      { credits: '7', lots: 2 },
    ])
    expect(await balanceOf(into)).toMatchObject({ available: '69' })
    expect(await balanceOf(customer)).toMatchObject({ available: '50', held: '0' })
  })

  test('takes nothing from one who owes', async () => {
    const { customer } = await visitor({ category: 'promotional' })
    const { json: hold } = await api.post('/v1/holds', { customer, credits: 70 })
    await api.post(`/v1/holds/${hold.id}/capture`, { credits: 75, above: 'owe' })
    await api.post('/v1/grants', { customer, credits: 2, source: 'gift', name: 'Two' })
    const into = newCustomer()
    expect((await merge(customer, into)).json.moved).toEqual([])
    expect(await balanceOf(customer)).toMatchObject({ available: '2', debt: '5' })
  })

  test('goes on to where the other one went', async () => {
    const { customer: first } = await visitor()
    const [second, third] = [newCustomer(), newCustomer()]
    await merge(first, second)
    await merge(second, third)
    expect(await balanceOf(third)).toMatchObject({ available: '70' })
  })

  test('is refused into itself, into two, in a circle, and of nobody', async () => {
    const { customer } = await visitor()
    const into = newCustomer()
    expect((await merge(customer, customer)).json).toMatchObject({ status: 422, code: 'merge_into_itself' })
    await merge(customer, into)
    expect((await merge(customer, newCustomer())).json).toMatchObject({
      status: 409,
      code: 'merged_before',
      customer,
      into,
    })
    expect((await merge(into, customer)).json).toMatchObject({ status: 409, code: 'merged_before' })
    expect((await merge(newCustomer(), into)).json).toMatchObject({ status: 404, code: 'customer_not_found' })
    expect((await merge(customer, undefined)).json.issues).toMatchObject([{ path: 'into' }])
    const path = `/v1/customers/${customer}/merge`
    expect((await api.call('POST', path, { into }, { apiKey: null })).status).toBe(401)
  })

  test('leaves books that balance', async () => {
    now = new Date(now.getTime() + 86_400_000)
    expect((await api.call('POST', '/v1/verify', undefined, { key: null })).json.differences).toEqual([])
  })
})
