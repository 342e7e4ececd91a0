import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Api, newCustomer, openApi } from '../support/api.ts'

let api: Api
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api.close())

async function charged(credits: number) {
  const customer = newCustomer()
  const { json: charge } = await api.post('/v1/charges', { customer, credits })
  const refund = (body?: object, key?: string) => api.post(`/v1/charges/${charge.id}/refund`, body, key)
  return { customer, charge, refund }
}

describe('POST /v1/charges/{charge}/refund', () => {
  test('gives back a part, then the rest, to the lots that paid', async () => {
    const { customer, charge, refund } = await charged(10)
    const part = await refund({ credits: '2.5', reason: 'Half a picture' })
    expect(part.status).toBe(200)
    expect(part.json).toEqual({
      id: expect.stringMatching(/^txn_/),
      charge: charge.id,
      customer,
      unit: 'credits',
      action: null,
      credits: '2.5',
      returned_to: [{ lot: charge.paid_from[0].lot, credits: '2.5' }],
      debt_repaid: '0',
      reason: 'Half a picture',
      created_at: expect.any(String),
      balance: expect.objectContaining({ available: '42.5' }),
    })
    expect((await refund()).json).toMatchObject({
      credits: '7.5',
      reason: null,
      balance: { available: '50' },
    })
    expect((await refund()).json).toMatchObject({
      status: 422,
      code: 'refund_exceeds_charge',
      charged: '10',
      refunded: '10',
      refundable: '0',
    })
  })

  test('shrinks the debt that the charge made before it gives anything back', async () => {
    const customer = newCustomer()
    const { json: hold } = await api.post('/v1/holds', { customer, credits: 50 })
    const { json: capture } = await api.post(`/v1/holds/${hold.id}/capture`, { credits: 54, above: 'owe' })
    const { json } = await api.post(`/v1/charges/${capture.transaction}/refund`, { credits: 5 })
    expect(json).toMatchObject({
      credits: '5',
      debt_repaid: '4',
      returned_to: [{ credits: '1' }],
      balance: { available: '1', debt: '0' },
    })
  })

  test('happens once under its key, and not with another body', async () => {
    const { refund } = await charged(10)
    const key = crypto.randomUUID()
    const first = await refund({ credits: 4, reason: 'Sorry' }, key)
    expect((await refund({ reason: 'Sorry', credits: 4 }, key)).json).toEqual(first.json)
    expect((await refund({ credits: 5, reason: 'Sorry' }, key)).json.code).toBe('idempotency_key_reused')
  })

  test('of more than was charged, of nothing, and of what is no charge is refused', async () => {
    const { customer, charge, refund } = await charged(10)
    expect((await refund({ credits: 11 })).json.code).toBe('refund_exceeds_charge')
    expect((await refund({ credits: 0 })).json.code).toBe('invalid_amount')
    expect((await refund({ credits: 'all' })).json.code).toBe('invalid_request')
    const { json: entries } = await api.get(`/v1/customers/${customer}/entries`)
    const grant = entries.data.at(-1).transaction
    for (const id of [grant, 'txn_1', `txn_${'0'.repeat(39)}`, charge.paid_from[0].lot])
      expect((await api.post(`/v1/charges/${id}/refund`)).json).toMatchObject({
        status: 404,
        code: 'charge_not_found',
      })
  })

  test('needs both keys', async () => {
    const { charge } = await charged(1)
    const path = `/v1/charges/${charge.id}/refund`
    expect((await api.call('POST', path, {}, { key: null })).json.code).toBe('idempotency_key_required')
    expect((await api.call('POST', path, {}, { apiKey: null })).status).toBe(401)
  })
})
