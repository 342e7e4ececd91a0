/** What HTTP refuses, the engine refuses to those who ask it inside their process, in the same words. */
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import type { Engine } from '../../src/engine.ts'
import { type Credits, micros } from '../../src/kernel/credits.ts'
import { Refusal } from '../../src/kernel/refusal.ts'
import type { LedgerRequests } from '../../src/ledger/requests.ts'
import { type Api, type catalog, newCustomer, openApi } from '../support/api.ts'

let api: Api
beforeAll(async () => {
  api = await openApi()
})
afterAll(() => api.close())

const one = micros(1_000_000n)

/** What the engine answers to a request that no compiler has seen. */
async function refusalOf(operation: keyof LedgerRequests, request: object): Promise<Refusal> {
  const call = api.engine[operation] as (request: object) => Promise<unknown>
  try {
    await call(request)
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
  throw new Error(`${operation} was not refused.`)
}

const keyed = <Fields extends object>(fields: Fields) => ({
  customer: newCustomer(),
  idempotencyKey: crypto.randomUUID(),
  ...fields,
})

describe('what a request pays for', () => {
  test('is an action or an amount for the compiler', () => {
    type Asked = Parameters<Engine<typeof catalog>['charge']>[0]
    interface Who {
      customer: string
      idempotencyKey: string
    }
    expectTypeOf<Who & { action: 'poster'; quantity: number }>().toExtend<Asked>()
    expectTypeOf<Who & { credits: Credits; unit: 'images' }>().toExtend<Asked>()
    expectTypeOf<Who & { action: 'poster'; credits: Credits }>().not.toExtend<Asked>()
    expectTypeOf<Who & { action: 'poster'; unit: 'images' }>().not.toExtend<Asked>()
    expectTypeOf<Who & { credits: Credits; quantity: number }>().not.toExtend<Asked>()
    expectTypeOf<Who>().not.toExtend<Asked>()
  })

  test.each([
    [{ action: 'image.hires', credits: '1' }],
    [{ action: 'poster', unit: 'images' }],
    [{ credits: '1', quantity: 2 }],
    [{}],
  ])('is refused in the same words when it is %o', async (fields) => {
    const overHttp = await api.post('/v1/charges', { customer: newCustomer(), ...fields })
    expect(overHttp.json.code).toBe('invalid_request')
    const inProcess = 'credits' in fields ? { ...fields, credits: one } : fields
    const answers = [
      await refusalOf('charge', keyed(inProcess)),
      await refusalOf('hold', keyed(inProcess)),
      await refusalOf('quote', { customer: newCustomer(), ...inProcess }),
    ]
    for (const { code, status, message } of answers) {
      expect({ code, status, detail: message }).toEqual({
        code: 'invalid_request',
        status: 400,
        detail: overHttp.json.detail,
      })
    }
  })

  test('may name what it does not use as undefined', async () => {
    const { receipt } = await api.engine.charge(keyed({ action: 'image.hires', credits: undefined }))
    expect(receipt.credits).toBe(5_000_000n)
  })
})
