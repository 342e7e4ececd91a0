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

const tooLong = (characters: number) => 'a'.repeat(characters + 1)
const nul = String.fromCharCode(0)
const far = { afterDays: 36_500 }

/** What is wrong with a request, as it is written over HTTP and in process. Written alike where one stands. */
interface Wrong {
  readonly field: string
  readonly overHttp: Record<string, unknown>
  readonly inProcess: Record<string, unknown>
}

function wrong(field: string, overHttp: Wrong['overHttp'], inProcess = overHttp): Wrong {
  return { field, overHttp, inProcess }
}

const wrongSpending: readonly Wrong[] = [
  wrong('description', { description: '' }),
  wrong('description', { description: tooLong(500) }),
  wrong('description', { description: 7 }),
  wrong('observe', { observe: 'false' }),
  wrong('limits', { limits: 'day' }),
  wrong(
    'limits',
    { limits: Array.from({ length: 11 }, () => ({ by: 'customer', window: 'day', max: 1 })) },
    {
      limits: Array.from({ length: 11 }, () => ({ by: 'customer', window: 'day', max: one })),
    },
  ),
  wrong('limits.0', { limits: [7] }),
  wrong(
    'limits.0.by',
    { limits: [{ by: 'team', window: 'day', max: 1 }] },
    {
      limits: [{ by: 'team', window: 'day', max: one }],
    },
  ),
  wrong(
    'limits.0.window',
    { limits: [{ by: 'customer', window: 'year', max: 1 }] },
    {
      limits: [{ by: 'customer', window: 'year', max: one }],
    },
  ),
  wrong(
    'limits.0.id',
    { limits: [{ by: 'member', window: 'day', max: 1 }] },
    {
      limits: [{ by: 'member', window: 'day', max: one }],
    },
  ),
  wrong(
    'limits.0.id',
    { limits: [{ by: 'customer', id: 'ada', window: 'day', max: 1 }] },
    {
      limits: [{ by: 'customer', id: 'ada', window: 'day', max: one }],
    },
  ),
  wrong(
    'limits.0.id',
    { limits: [{ by: 'action', window: 'day', max: 1 }] },
    {
      limits: [{ by: 'action', window: 'day', max: one }],
    },
  ),
  wrong(
    'limits.0.id',
    { limits: [{ by: 'run', id: nul, window: 'day', max: 1 }] },
    {
      limits: [{ by: 'run', id: nul, window: 'day', max: one }],
    },
  ),
]

const wrongExpiry: readonly Wrong[] = [0, -1, 1.5, 86_401, '60'].map((seconds) =>
  wrong('expiresInSeconds', { expires_in_seconds: seconds }, { expiresInSeconds: seconds }),
)

const wrongGrant: readonly Wrong[] = [
  wrong('source', { source: 'theft' }),
  wrong('source', { source: undefined }),
  wrong('category', { category: 'free' }),
  wrong('name', { name: '' }),
  wrong('name', { name: tooLong(200) }),
  wrong('name', { name: `a${nul}` }),
  wrong('name', { name: undefined }),
  wrong('unit', { unit: '' }),
  wrong('priority', { priority: 0.5 }),
  wrong('priority', { priority: 1_000_001 }),
  wrong('scope', { scope: [] }),
  wrong('scope', { scope: 'image.hires' }),
  wrong('scope', { scope: Array.from({ length: 101 }, () => 'image.hires') }),
  wrong('scope.0', { scope: [''] }),
  wrong('repaysDebt', { repays_debt: 1 }, { repaysDebt: 1 }),
  wrong('lateReturnDays', { late_return_days: -1 }, { lateReturnDays: -1 }),
  wrong('metadata', { metadata: 7 }),
  wrong('metadata', { metadata: ['a'] }),
  wrong('metadata.tries', { metadata: { tries: 3 } }),
  wrong('metadata.note', { metadata: { note: tooLong(500) } }),
  wrong('metadata.note', { metadata: { note: nul } }),
  wrong('metadata', { metadata: { [tooLong(40)]: 'a' } }),
  wrong('metadata', {
    metadata: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`key_${n}`, 'a'])),
  }),
  wrong(
    'effectiveAt',
    { effective_at: '1969-01-01T00:00:00Z' },
    { effectiveAt: new Date('1969-01-01T00:00:00Z') },
  ),
  wrong(
    'paid.currency',
    { paid: { amount_minor: 1, currency: 'usd' } },
    { paid: { amountMinor: 1n, currency: 'usd' } },
  ),
  wrong(
    'paid.amountMinor',
    { paid: { amount_minor: -1, currency: 'USD' } },
    { paid: { amountMinor: -1n, currency: 'USD' } },
  ),
  wrong('expiry.afterDays', { expires_after: { days: 1.5 } }, { expiry: { afterDays: 1.5 } }),
  wrong('expiry.afterDays', { expires_after: { days: 0 } }, { expiry: { afterDays: 0 } }),
  wrong('expiry.afterMonths', { expires_after: { months: 1.5 } }, { expiry: { afterMonths: 1.5 } }),
  wrong('expiry.afterMonths', { expires_after: { months: 1201 } }, { expiry: { afterMonths: 1201 } }),
  wrong(
    'expiry',
    { effective_at: '9990-01-01T00:00:00Z', expires_after: { days: 36_500 } },
    { effectiveAt: new Date('9990-01-01T00:00:00Z'), expiry: far },
  ),
]

const wrongCustomers: readonly Wrong[] = [undefined, 42, '', tooLong(255), `a${nul}`, '.', '\ud800'].map(
  (customer) => wrong('customer', { customer }),
)

describe('what is malformed is refused in the same words', () => {
  /** What the engine refuses with, and what HTTP does, at the field's name in process. */
  const bothAnswers = async (
    operation: keyof LedgerRequests,
    { field, overHttp, inProcess }: Wrong,
    path: string,
    whole: { overHttp: object; inProcess: object },
  ) => {
    const { json } = await api.post(path, { ...whole.overHttp, ...overHttp })
    const refusal = await refusalOf(operation, { ...whole.inProcess, ...inProcess })
    return {
      refused: { code: refusal.code, issues: refusal.facts['issues'] },
      answered: { code: json.code, issues: [{ path: field, message: json.issues[0].message }] },
    }
  }

  test.each([...wrongCustomers, ...wrongSpending])('of a charge: $field of $overHttp', async (its) => {
    const inProcess = keyed({ credits: one })
    const { refused, answered } = await bothAnswers('charge', its, '/v1/charges', {
      overHttp: { customer: newCustomer(), credits: 1 },
      inProcess,
    })
    expect(refused).toEqual(answered)
  })

  test.each([
    wrong('action', { action: '' }),
    wrong('action', { action: tooLong(100) }),
    wrong('quantity', { action: 'poster', quantity: 1.5 }),
    wrong('quantity', { action: 'poster', quantity: 0 }),
    wrong('quantity', { action: 'poster', quantity: '2' }),
  ])('of an action: $field of $overHttp', async (its) => {
    const { refused, answered } = await bothAnswers('charge', its, '/v1/charges', {
      overHttp: { customer: newCustomer() },
      inProcess: keyed({}),
    })
    expect(refused).toEqual(answered)
  })

  test.each([
    ...wrongExpiry,
    wrong('onLapse', { on_lapse: 'keep' }, { onLapse: 'keep' }),
    wrong('description', { description: nul }),
  ])('of a hold: $field of $overHttp', async (its) => {
    const inProcess = keyed({ credits: one })
    const { refused, answered } = await bothAnswers('hold', its, '/v1/holds', {
      overHttp: { customer: newCustomer(), credits: 1 },
      inProcess,
    })
    expect(refused).toEqual(answered)
  })

  test.each([...wrongCustomers, ...wrongGrant])('of a grant: $field of $overHttp', async (its) => {
    const fields = { source: 'gift', name: 'One' }
    const { refused, answered } = await bothAnswers('grant', its, '/v1/grants', {
      overHttp: { customer: newCustomer(), credits: 1, ...fields },
      inProcess: keyed({ credits: one, ...fields }),
    })
    expect(refused).toEqual(answered)
  })

  test.each([wrong('reason', { reason: tooLong(200) }), wrong('actor', { actor: undefined })])(
    'of an adjustment: $field of $overHttp',
    async (its) => {
      const fields = { reason: 'Counted twice', actor: 'mia' }
      const { refused, answered } = await bothAnswers('adjust', its, '/v1/adjustments', {
        overHttp: { customer: newCustomer(), credits: 1, ...fields },
        inProcess: keyed({ credits: one, ...fields }),
      })
      expect(refused).toEqual(answered)
    },
  )

  test('of what is asked of a hold, a lot and a charge', async () => {
    const { receipt, walletId, lot } = await api.engine.grant(
      keyed({ credits: one, source: 'gift', name: 'One' }),
    )
    const wrongOnes = [
      ['capture', 'hold', { above: 'whatever' }],
      ['capture', 'hold', { final: 'false' }],
      ['capture', 'hold', { observe: 1 }],
      ['extend', 'hold', { expires_in_seconds: -5 }, { expiresInSeconds: -5 }],
      ['revoke', 'lot', { spent: 'forget' }],
      ['freeze', 'lot', { reason: nul }],
      ['unfreeze', 'lot', { reason: '' }],
      ['expire', 'lot', { reason: tooLong(500) }],
      ['refund', 'charge', { reason: 7 }],
    ] as const
    const ids = {
      hold: { walletId, id: lot.id },
      lot: { walletId, id: lot.id },
      charge: { walletId, transaction: receipt.transaction },
    }
    for (const [operation, kind, overHttp, inProcess = overHttp] of wrongOnes) {
      // oxlint-disable-next-line no-await-in-loop
      const { json } = await api.post(`/v1/${kind}s/any/${operation}`, overHttp)
      // oxlint-disable-next-line no-await-in-loop
      const refusal = await refusalOf(operation, { idempotencyKey: 'a', [kind]: ids[kind], ...inProcess })
      expect({ operation, detail: refusal.message.replace(/^\w+/, '') }).toEqual({
        operation,
        detail: json.detail.replace(/^\w+/, ''),
      })
    }
  })
})

describe('what only a program can write is refused, too', () => {
  test.each([
    ['charge', { credits: '1' }, 'credits'],
    ['charge', { credits: 1 }, 'credits'],
    ['charge', { credits: one, limits: [{ by: 'customer', window: 'day', max: -1n }] }, 'limits.0.max'],
    ['hold', { credits: 5 }, 'credits'],
    ['hold', { credits: one, expiresInSeconds: Infinity }, 'expiresInSeconds'],
    ['hold', { credits: one, expiresInSeconds: Number.NaN }, 'expiresInSeconds'],
    ['grant', { credits: 1, source: 'gift', name: 'One' }, 'credits'],
    ['grant', { credits: one, source: 'gift', name: 'One', expiry: {} }, 'expiry'],
    [
      'grant',
      { credits: one, source: 'gift', name: 'One', expiry: { at: new Date(), afterDays: 1 } },
      'expiry',
    ],
    ['grant', { credits: one, source: 'gift', name: 'One', expiry: { at: new Date('never') } }, 'expiry.at'],
    ['grant', { credits: one, source: 'gift', name: 'One', effectiveAt: '2026-01-01' }, 'effectiveAt'],
    [
      'grant',
      { credits: one, source: 'gift', name: 'One', paid: { amountMinor: 1, currency: 'USD' } },
      'paid.amountMinor',
    ],
    ['adjust', { credits: 1.5, reason: 'Wrong', actor: 'mia' }, 'credits'],
    ['balance', { customer: nul }, 'customer'],
    ['balanceAt', { at: new Date('never') }, 'at'],
    ['entries', { limit: -1 }, 'limit'],
    ['lots', { limit: 101 }, 'limit'],
    ['lots', { limit: 1, open: 'false' }, 'open'],
    ['lots', { limit: 1, before: 'lot_1' }, 'before'],
    ['entries', { limit: 1, lot: 'lot_1' }, 'lot'],
    ['entries', { limit: 1, before: 7 }, 'before'],
    ['quote', { customer: nul, credits: one }, 'customer'],
  ] as const)('%s of %o', async (operation, fields, path) => {
    const { code, facts } = await refusalOf(operation, keyed(fields))
    expect({ code, facts }).toMatchObject({ code: 'invalid_request', facts: { issues: [{ path }] } })
  })

  test('nothing at all', async () => {
    const { code } = await refusalOf('charge', undefined as unknown as object)
    expect(code).toBe('invalid_request')
  })

  test.each([-1n, 2n * 10n ** 18n, 1])('a capture and a checkpoint of %o', async (credits) => {
    const { receipt, walletId } = await api.engine.hold(keyed({ credits: one, onLapse: 'charge_all' }))
    const hold = { walletId, id: receipt.hold?.id }
    for (const operation of ['capture', 'checkpoint'] as const) {
      // oxlint-disable-next-line no-await-in-loop
      const { code } = await refusalOf(operation, keyed({ hold, credits }))
      expect({ operation, code }).toEqual({ operation, code: 'invalid_request' })
    }
    expect((await api.engine.getHold(hold as never)).hold.state).toBe('placed')
  })

  test.each([
    [undefined, 'idempotency_key_required'],
    ['', 'idempotency_key_required'],
    [tooLong(255), 'invalid_request'],
    [nul, 'invalid_request'],
    [7, 'invalid_request'],
  ])('the key %o, by every write', async (idempotencyKey, expected) => {
    const { receipt, walletId, lot } = await api.engine.grant(
      keyed({ credits: one, source: 'gift', name: 'One' }),
    )
    const id = { walletId, id: lot.id }
    const spend = { customer: newCustomer(), credits: one }
    const writes = {
      charge: spend,
      hold: spend,
      capture: { hold: id },
      release: { hold: id },
      checkpoint: { hold: id, credits: one },
      extend: { hold: id, expiresInSeconds: 1 },
      refund: { charge: { walletId, transaction: receipt.transaction } },
      grant: { ...spend, source: 'gift', name: 'One' },
      adjust: { ...spend, reason: 'Wrong', actor: 'mia' },
      revoke: { lot: id },
      freeze: { lot: id },
      unfreeze: { lot: id },
      expire: { lot: id },
    } as const
    const codes = await Promise.all(
      Object.entries(writes).map(async ([operation, request]) => {
        const { code } = await refusalOf(operation as keyof typeof writes, { ...request, idempotencyKey })
        return [operation, code]
      }),
    )
    expect(Object.fromEntries(codes)).toEqual(
      Object.fromEntries(Object.keys(writes).map((operation) => [operation, expected])),
    )
  })

  test.each(['hold_1', undefined, { walletId: 'a', id: 'b' }])(
    'the id %o, as the id of nothing',
    async (id) => {
      const idempotencyKey = crypto.randomUUID()
      const codes = [
        await refusalOf('release', { hold: id, idempotencyKey }),
        await refusalOf('freeze', { lot: id, idempotencyKey }),
        await refusalOf('refund', { charge: id, idempotencyKey }),
        await refusalOf('getHold', id as object),
        await refusalOf('getLot', id as object),
      ].map(({ code }) => code)
      expect(codes).toEqual([
        'hold_not_found',
        'lot_not_found',
        'charge_not_found',
        'hold_not_found',
        'lot_not_found',
      ])
    },
  )

  test('in a batch each by itself, what is no operation among them', async () => {
    const outcomes = await api.engine.batch([
      { op: 'charge', ...keyed({ credits: one }) },
      { op: 'charge', ...keyed({ credits: 1 as never }) },
      { op: 'steal' } as never,
      null as never,
    ])
    expect(outcomes).toMatchObject([
      { ok: true },
      { ok: false, error: { code: 'invalid_request' } },
      { ok: false, error: { code: 'invalid_request' } },
      { ok: false, error: { code: 'invalid_request' } },
    ])
  })
})
