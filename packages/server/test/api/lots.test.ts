import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { checkCatalog } from '../../src/catalog/check-catalog.ts'
import { formatIdInWallet } from '../../src/kernel/ids.ts'
import { createTestEngine } from '../../src/testing/create-test-engine.ts'
import { type Api, apiOver, catalog, newCustomer, openApi } from '../support/api.ts'

let now = new Date('2026-01-31T12:00:00Z')
let api: Api
beforeAll(async () => {
  api = await openApi({ clock: () => now })
})
afterAll(() => api.close())

function laterByDays(days: number): void {
  now = new Date(now.getTime() + days * 86_400_000)
}

const gift = { credits: 10, source: 'gift', name: 'Gift' }

async function granted(fields: object = {}) {
  const customer = newCustomer()
  const { json } = await api.post('/v1/grants', { customer, ...gift, priority: -1, ...fields })
  const lot: string = json.lot.id
  const post = (step: string, body?: object, key?: string) => api.post(`/v1/lots/${lot}/${step}`, body, key)
  const read = async () => (await api.get(`/v1/lots/${lot}`)).json
  const charge = (credits: number) => api.post('/v1/charges', { customer, credits })
  return { customer, lot, granted: json.lot, post, read, charge }
}

describe('POST /v1/grants', () => {
  test('brings a lot with all that it was given', async () => {
    const {
      granted: lot,
      read,
      customer,
    } = await granted({
      source: 'purchase',
      category: 'promotional',
      scope: ['image.hires'],
      expires_after: { days: 2 },
      repays_debt: true,
      late_return_days: 3,
      paid: { amount_minor: 499, currency: 'EUR' },
      metadata: { campaign: 'spring', 'crm.id': '42' },
    })
    expect(lot).toEqual({
      id: expect.stringMatching(/^lot_/),
      source: 'purchase',
      category: 'promotional',
      name: 'Gift',
      granted: '10',
      available: '10',
      held: '0',
      spent: '0',
      expired: '0',
      revoked: '0',
      pending: '0',
      priority: -1,
      scope: ['image.hires'],
      frozen: false,
      repays_debt: true,
      late_return_days: 3,
      effective_at: now.toISOString(),
      expires_at: '2026-02-02T12:00:00.000Z',
      granted_at: now.toISOString(),
      paid: { amount_minor: 499, currency: 'EUR' },
      order: null,
      metadata: { campaign: 'spring', 'crm.id': '42' },
    })
    expect(await read()).toEqual({ ...lot, customer, unit: 'credits' })
    const { json } = await api.get(`/v1/customers/${customer}/balance`)
    expect(json).toMatchObject({ available: '60', spendable: '50', scoped: '10', lot_count: 2 })
    expect(json.lots).toContainEqual(lot)
  })

  test('of paid credits repays debt and of promotional ones does not, unless told', async () => {
    expect((await granted({ source: 'plan' })).granted).toMatchObject({ category: 'paid', repays_debt: true })
    expect((await granted()).granted).toMatchObject({ category: 'promotional', repays_debt: false })
    expect((await granted({ category: 'paid' })).granted).toMatchObject({ repays_debt: true })
  })

  test('counts months by the calendar', async () => {
    const effective_at = '2027-01-31T12:00:00Z'
    expect((await granted({ effective_at, expires_after: { months: 1 } })).granted.expires_at).toBe(
      '2027-02-28T12:00:00.000Z',
    )
  })

  test('a scoped lot pays for its actions alone', async () => {
    const { customer, lot } = await granted({ scope: ['image.hires', 'token'] })
    const other = await api.post('/v1/charges', { customer, action: 'image.standard' })
    expect(other.json.paid_from[0].lot).not.toBe(lot)
    const its = await api.post('/v1/charges', { customer, action: 'image.hires' })
    expect(its.json.paid_from).toEqual([{ lot, credits: '5' }])
  })

  test('for an action that its credits can never pay for is refused by name', async () => {
    const body = { customer: newCustomer(), ...gift }
    expect(
      (await api.post('/v1/grants', { ...body, scope: ['image.hires', 'image.hirez'] })).json,
    ).toMatchObject({
      status: 422,
      code: 'unknown_action',
      name: 'image.hirez',
      known: ['image.standard', 'image.hires', 'token'],
    })
    expect((await api.post('/v1/grants', { ...body, scope: ['poster'] })).json).toMatchObject({
      code: 'unknown_action',
      detail: expect.stringContaining('no action poster in credits'),
    })
    expect((await api.post('/v1/grants', { ...body, unit: 'images', scope: ['poster'] })).status).toBe(200)
  })

  test('answers under its key what it answered, whatever became of the lot and of the catalog', async () => {
    const other = await openApi()
    onTestFinished(() => other.close())
    const key = crypto.randomUUID()
    const body = { customer: newCustomer(), ...gift, scope: ['image.hires'], expires_after: { months: 1 } }
    const first = await other.post('/v1/grants', body, key)
    await other.post(`/v1/lots/${first.json.lot.id}/freeze`)
    await other.post(`/v1/lots/${first.json.lot.id}/expire`)
    expect((await other.post('/v1/grants', body, key)).json).toEqual(first.json)
    await other.engine.setCatalog(checkCatalog({ ...catalog, actions: { chat: { credits: 3 } } }))
    expect((await other.post('/v1/grants', body, key)).json).toEqual(first.json)
    expect((await other.post('/v1/grants', { ...body, credits: 11 }, key)).json).toMatchObject({
      code: 'idempotency_key_reused',
      key,
    })
    expect((await other.post('/v1/grants', body)).json.code).toBe('unknown_action')
  })

  test.each([
    [
      { expires_at: '2030-01-01T00:00:00Z', expires_after: { days: 1 } },
      'expires_after',
      'cannot be given with',
    ],
    [{ expires_after: {} }, 'expires_after', 'must give days or months, and not both.'],
    [{ expires_after: { days: 1, months: 1 } }, 'expires_after', 'must give days or months, and not both.'],
    [{ expires_after: { days: 0 } }, 'expires_after.days', 'must be at least 1.'],
    [{ expires_after: { days: 1, weeks: 1 } }, 'expires_after.weeks', 'is not a known field'],
    [
      { effective_at: '9990-01-01T00:00:00Z', expires_after: { months: 240 } },
      'expires_after',
      'before the year',
    ],
    [{ scope: [] }, 'scope', 'must name at least one action'],
    [{ scope: 'chat' }, 'scope', 'must be an array'],
    [{ category: 'free' }, 'category', 'must be one of paid, promotional.'],
    [{ late_return_days: -1 }, 'late_return_days', 'must be at least 0.'],
    [{ late_return_days: 1.5 }, 'late_return_days', 'must be a whole number.'],
    [{ paid: { amount_minor: 1 } }, 'paid.currency', 'is missing; it must be a string.'],
    [{ paid: { amount_minor: -1, currency: 'USD' } }, 'paid.amount_minor', 'must not be negative.'],
    [{ paid: { amount_minor: 1, currency: 'usd' } }, 'paid.currency', 'ISO 4217'],
    [{ metadata: { a: 1 } }, 'metadata.a', 'must be a string, not a number.'],
    [{ metadata: { a: 'x'.repeat(501) } }, 'metadata.a', 'must have 1 to 500 characters.'],
    [
      { metadata: { [`k${'x'.repeat(40)}`]: 'x' } },
      `metadata.k${'x'.repeat(40)}`,
      'must have 1 to 40 characters.',
    ],
    [
      { metadata: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, 'x'])) },
      'metadata',
      'must have at most 50 pairs.',
    ],
  ])('with %j is malformed', async (change, path, message) => {
    const { status, json } = await api.post('/v1/grants', { customer: newCustomer(), ...gift, ...change })
    expect(status).toBe(400)
    expect(json.issues).toEqual([{ path, message: expect.stringContaining(message) }])
  })

  test('of more than a wallet can hold is refused', async () => {
    const customer = newCustomer()
    const most = { customer, ...gift, credits: '1000000000000' }
    for (let times = 0; times < 3; times += 1) expect((await api.post('/v1/grants', most)).status).toBe(200)
    expect((await api.post('/v1/grants', most)).json.code).toBe('wallet_full')
    const more = { customer, credits: '1000000000000', reason: 'More', actor: 'mia' }
    expect((await api.post('/v1/adjustments', more)).json.code).toBe('wallet_full')
  })
})

describe('POST /v1/adjustments', () => {
  const correction = { reason: 'Counted twice', actor: 'support:mia' }

  test('adds a lot, or takes from what there is, and the entries say who did it and why', async () => {
    const customer = newCustomer()
    const added = await api.post('/v1/adjustments', { customer, credits: '12.5', ...correction })
    expect(added.json).toMatchObject({
      id: expect.stringMatching(/^txn_/),
      customer,
      unit: 'credits',
      credits: '12.5',
      lots: [{ credits: '12.5' }],
      ...correction,
      balance: { available: '62.5' },
    })
    const key = crypto.randomUUID()
    const taken = await api.post('/v1/adjustments', { customer, credits: '-2.5', ...correction }, key)
    expect(taken.json).toMatchObject({
      credits: '-2.5',
      lots: [{ credits: '2.5' }],
      balance: { available: '60' },
    })
    expect(
      (await api.post('/v1/adjustments', { customer, credits: '-2.5', ...correction }, key)).json,
    ).toEqual(taken.json)
    expect((await api.post('/v1/adjustments', { customer, credits: -3, ...correction }, key)).json.code).toBe(
      'idempotency_key_reused',
    )
    const { json } = await api.get(`/v1/customers/${customer}/entries`)
    expect(json.data[0]).toMatchObject({
      operation: 'adjust',
      from: 'available',
      to: 'revoked',
      description: 'Counted twice',
      actor: 'support:mia',
    })
  })

  test('takes no more than there is', async () => {
    const body = { customer: newCustomer(), credits: -51, ...correction }
    expect((await api.post('/v1/adjustments', body)).json).toMatchObject({
      status: 402,
      code: 'insufficient_credits',
      missing: '1',
    })
  })

  test.each([
    ['0', 'invalid_amount', 'it must be above or below zero'],
    ['-0', 'invalid_amount', 'it must be above or below zero'],
    [
      '+1',
      'invalid_request',
      'must be a decimal with at most six decimals, written as text: "12.5" adds, "-12.5" takes.',
    ],
    ['--1', 'invalid_request', 'must be a decimal'],
    ['-1.0000001', 'invalid_request', 'must be a decimal'],
    [
      -0.5,
      'invalid_request',
      'is the fraction -0.5, and a number with a fraction is not exact: write it as text, "-0.5".',
    ],
    [true, 'invalid_request', 'must be a string or a number, not a boolean.'],
    ['-1000000000001', 'invalid_request', 'must be at least -1000000000000.'],
  ])('of %j is refused: %s', async (credits, code, detail) => {
    const { json } = await api.post('/v1/adjustments', { customer: newCustomer(), credits, ...correction })
    expect(json).toMatchObject({ code, detail: expect.stringContaining(detail) })
  })

  test('says who and why, and whose and which credits', async () => {
    const { json } = await api.post('/v1/adjustments', { customer: newCustomer(), credits: 1 })
    expect(json.issues.map((issue: { path: string }) => issue.path)).toEqual(['reason', 'actor'])
    const body = { customer: newCustomer(), credits: 1, ...correction }
    expect((await api.post('/v1/adjustments', { ...body, unit: 'gems' })).json.code).toBe('unknown_unit')
    expect((await api.call('POST', '/v1/adjustments', body, { key: null })).status).toBe(400)
    expect((await api.call('POST', '/v1/adjustments', body, { apiKey: null })).status).toBe(401)
  })
})

describe('GET /v1/customers/{customer}/lots', () => {
  test('answers every lot, newest first, page by page, each as it is by itself', async () => {
    const { customer, lot: first, charge } = await granted()
    const { json: second } = await api.post('/v1/grants', { customer, ...gift, scope: ['image.hires'] })
    await charge(10)
    const path = `/v1/customers/${customer}/lots`
    const { json: page } = await api.get(`${path}?limit=2`)
    const { json: rest } = await api.get(`${path}?limit=2&cursor=${page.next_cursor}`)
    const lots = [...page.data, ...rest.data]
    expect(page.data).toHaveLength(2)
    expect(rest.next_cursor).toBeNull()
    expect(lots.map(({ id, name }) => [id, name])).toEqual([
      [second.lot.id, 'Gift'],
      [first, 'Gift'],
      [expect.any(String), 'Welcome gift'],
    ])
    for (const lot of lots) expect(lot).toEqual((await api.get(`/v1/lots/${lot.id}`)).json)
    expect((await api.get(`${path}?open=false`)).json.data).toEqual(lots)
  })

  test('answers those with something available or held alone, as of now', async () => {
    const { customer, lot, charge } = await granted({ expires_after: { days: 1 } })
    const open = async () =>
      (await api.get(`/v1/customers/${customer}/lots?open=true`)).json.data.map(
        ({ id, name }: { id: string; name: string }) => (id === lot ? 'ours' : name),
      )
    await api.post('/v1/holds', { customer, credits: 4, expires_in_seconds: 3600 })
    await charge(6)
    expect(await open()).toEqual(['ours', 'Welcome gift'])
    laterByDays(1)
    expect(await open()).toEqual(['Welcome gift'])
  })

  test('is of one unit', async () => {
    const { customer } = await granted({ unit: 'images' })
    const names = async (query: string) =>
      (await api.get(`/v1/customers/${customer}/lots${query}`)).json.data.map(
        ({ name, unit }: { name: string; unit: string }) => [name, unit],
      )
    expect(await names('')).toEqual([['Welcome gift', 'credits']])
    expect(await names('?unit=images')).toEqual([['Gift', 'images']])
  })

  test('refuses what it does not know, and a cursor that is none of its own', async () => {
    const { customer } = await granted()
    const path = `/v1/customers/${customer}/lots`
    expect((await api.get(`${path}?unit=gold`)).json.code).toBe('unknown_unit')
    const { json } = await api.get(`/v1/customers/${customer}/entries?limit=1`)
    for (const query of [`cursor=${json.next_cursor}`, 'cursor=abc', 'open=yes', 'limit=0', 'limit=101'])
      expect((await api.get(`${path}?${query}`)).json).toMatchObject({
        status: 400,
        code: 'invalid_request',
        issues: [{ path: `query.${query.split('=')[0]}` }],
      })
    expect((await api.call('GET', path, undefined, { apiKey: null })).status).toBe(401)
  })
})

describe('a lot', () => {
  test('is revoked: what is there, then what is spent, which is owed', async () => {
    const { customer, lot, post, read, charge } = await granted()
    await charge(4)
    expect((await post('revoke', { credits: 2 })).json).toMatchObject({
      operation: 'revoke',
      lot,
      customer,
      credits: '2',
      owed: '0',
      reason: null,
      balance: { available: '54', debt: '0' },
    })
    const rest = await post('revoke', { reason: 'Charged back' })
    expect(rest.json).toMatchObject({
      credits: '8',
      owed: '4',
      reason: 'Charged back',
      balance: { debt: '4' },
    })
    const owing = await api.post('/v1/charges', { customer, credits: 5 })
    expect(owing.json).toMatchObject({
      code: 'insufficient_credits',
      message: expect.stringContaining(
        'This needs 5 credits; you owe 4 credits, which the next ones you buy pay first.',
      ),
      detail: expect.stringContaining('while 4 are owed, which the next paid credits pay first'),
    })
    expect(await read()).toMatchObject({ granted: '10', available: '0', spent: '0', revoked: '10' })
    expect((await post('revoke')).json).toMatchObject({
      status: 422,
      code: 'revoke_exceeds_lot',
      granted: '10',
      revocable: '0',
    })
  })

  test('is revoked with what is spent forgiven, and what is held pending', async () => {
    const { customer, post, read, charge } = await granted()
    await charge(3)
    const { json: hold } = await api.post('/v1/holds', { customer, credits: 7 })
    expect((await post('revoke', { spent: 'forgive' })).json).toMatchObject({ credits: '10', owed: '0' })
    expect(await read()).toMatchObject({ held: '7', pending: '7', revoked: '3', spent: '0' })
    await api.post(`/v1/holds/${hold.id}/release`)
    expect(await read()).toMatchObject({ held: '0', pending: '0', revoked: '10' })
  })

  test('is frozen and unfrozen', async () => {
    const { customer, lot, post, read, charge } = await granted()
    expect((await post('freeze', { reason: 'Dispute' })).json).toMatchObject({
      operation: 'freeze',
      credits: '0',
      reason: 'Dispute',
      balance: { available: '60', frozen: '10', spendable: '50' },
    })
    expect(await read()).toMatchObject({ frozen: true, available: '10' })
    expect((await charge(1)).json.paid_from[0].lot).not.toBe(lot)
    const { json } = await api.get(`/v1/customers/${customer}/balance`)
    expect(json.lots).toContainEqual(expect.objectContaining({ id: lot, frozen: true }))
    expect((await post('unfreeze')).json.balance).toMatchObject({ frozen: '0' })
    expect((await charge(1)).json.paid_from[0].lot).toBe(lot)
  })

  test('that was frozen here stays frozen when the dispute of its purchase ends, and may be unfrozen during one', async () => {
    const made = await createTestEngine({ catalog })
    onTestFinished(() => made.close())
    const { payments } = made
    const shop = apiOver(made.engine)
    const [frozenByHand, freedByHand] = await Promise.all(
      ['freeze', 'unfreeze'].map(async (step) => {
        const customer = newCustomer()
        const asked = { customer, pack: 'starter', return_url: 'https://app.test/' }
        const { json: order } = await shop.post('/v1/checkouts', asked)
        const { lot: bought } = await payments.pay(order)
        const lot = `/v1/lots/${formatIdInWallet('lot', bought!)}`
        await payments.openDispute(order)
        const isFrozenFirst = (await shop.get(lot)).json.frozen
        await shop.post(`${lot}/${step}`)
        const isFrozenThen = (await shop.get(lot)).json.frozen
        await payments.winDispute(order)
        return { lot, frozen: [isFrozenFirst, isFrozenThen, (await shop.get(lot)).json.frozen] }
      }),
    )
    expect(frozenByHand?.frozen).toEqual([true, true, true])
    expect(freedByHand?.frozen).toEqual([true, false, false])
    await shop.post(`${frozenByHand?.lot}/unfreeze`)
    expect((await shop.get(`${frozenByHand?.lot}`)).json.frozen).toBe(false)
  })

  test('expires when told, and by time alone', async () => {
    const told = await granted()
    const byTime = await granted({ expires_after: { days: 1 } })
    await byTime.charge(4)
    expect((await told.post('expire', { reason: 'Abuse' })).json).toMatchObject({
      operation: 'expire',
      credits: '10',
      balance: { available: '50' },
    })
    expect(await told.read()).toMatchObject({ expires_at: now.toISOString(), expired: '10', available: '0' })
    laterByDays(1)
    expect(await byTime.read()).toMatchObject({ available: '0', spent: '4', expired: '6', revoked: '0' })
  })

  test.each([
    ['revoke', { credits: 3 }],
    ['freeze', { reason: 'a' }],
    ['unfreeze', { reason: 'a' }],
    ['expire', { reason: 'a' }],
  ])('%s happens once under its key; of no lot, or without keys, it is refused', async (step, body) => {
    const { lot, post } = await granted()
    const key = crypto.randomUUID()
    const first = await post(step, body, key)
    expect(first.status).toBe(200)
    expect((await post(step, body, key)).json).toEqual(first.json)
    expect((await post(step, { reason: 'b' }, key)).json.code).toBe('idempotency_key_reused')
    for (const id of ['lot_1', `lot_${'0'.repeat(52)}`])
      expect((await api.post(`/v1/lots/${id}/${step}`, body)).json).toMatchObject({
        status: 404,
        code: 'lot_not_found',
      })
    const path = `/v1/lots/${lot}/${step}`
    expect((await api.call('POST', path, body, { key: null })).json.code).toBe('idempotency_key_required')
    expect((await api.call('POST', path, body, { apiKey: null })).status).toBe(401)
    expect((await post(step, { amount: 1 })).json.code).toBe('invalid_request')
  })

  test('that is revoked by nothing, more than it has, or as nobody knows how is refused', async () => {
    const { post } = await granted()
    expect((await post('revoke', { credits: 0 })).json.code).toBe('invalid_amount')
    expect((await post('revoke', { credits: 11 })).json.code).toBe('revoke_exceeds_lot')
    expect((await post('revoke', { spent: 'ignore' })).json.issues).toMatchObject([{ path: 'spent' }])
  })

  test('that is none is not found', async () => {
    for (const id of ['lot_1', `lot_${'0'.repeat(52)}`, 'hold_1'])
      expect((await api.get(`/v1/lots/${id}`)).json).toMatchObject({ status: 404, code: 'lot_not_found' })
  })
})
