import { beforeEach, describe, expect, test } from 'vitest'
import { History } from '../__fixtures__/history.ts'
import { credits } from '../__fixtures__/operations.ts'

const hour = 3_600_000
const day = 24 * hour

let history: History
beforeEach(() => {
  history = new History()
  history.now = new Date('2026-11-25T12:30:00Z')
})

describe('a scope', () => {
  test('a lot pays for the actions in its scope alone, before others when it burns first', () => {
    const scoped = history.grant('5', { scope: ['image'], priority: -1 })
    const free = history.grant('5')
    expect(history.balance()).toMatchObject({ available: '10', spendable: '5', scoped: '5' })
    expect(history.charge('3', { action: 'chat' }).lots).toEqual(free.lots)
    expect(history.charge('6', { action: 'image' }).lots).toEqual([scoped.lots[0], free.lots[0]])
    expect(history.charge('2', { action: 'chat' })).toMatchObject({ refusal: 'insufficient_credits' })
  })

  test('pays for nothing that names no action', () => {
    history.grant('5', { scope: ['image'] })
    expect(history.charge('1', { action: undefined })).toMatchObject({
      refusal: 'insufficient_credits',
      facts: { spendable: 0n },
    })
  })
})

describe('a limit', () => {
  const perDay = (max: string) => ({
    limits: [{ name: 'member:a', window: 'day' as const, max: credits(max) }],
  })

  test('refuses what would exceed it, says what is used and when there is room, and takes nothing', () => {
    history.grant('100')
    history.charge('7', perDay('10'))
    expect(history.charge('4', perDay('10'))).toMatchObject({
      refusal: 'limit_exceeded',
      facts: { used: credits('7'), max: credits('10'), resetsAt: new Date('2026-11-26T00:00:00Z') },
    })
    expect(history.charge('3', perDay('10'))).toMatchObject({ credits: '3' })
    expect(history.balance()).toMatchObject({ available: '90' })
  })

  test('is looked at before credits, for a top-up would not lift it', () => {
    expect(history.charge('11', perDay('10'))).toMatchObject({ refusal: 'limit_exceeded' })
  })

  test('counts a hold when it is placed, and corrects it by what was captured', () => {
    history.grant('100')
    const hold = history.hold('8', hour, perDay('10'))
    expect(history.charge('3', perDay('10'))).toMatchObject({ refusal: 'limit_exceeded' })
    history.capture(hold, '5', { isFinal: false })
    expect(history.charge('3', perDay('10'))).toMatchObject({ refusal: 'limit_exceeded' })
    history.release(hold)
    expect(history.charge('5', perDay('10'))).toMatchObject({ credits: '5' })
    expect(history.charge('1', perDay('10'))).toMatchObject({ refusal: 'limit_exceeded' })
  })

  test('never refuses a capture, and counts what is above the hold too', () => {
    history.grant('100')
    const hold = history.hold('8', hour, perDay('10'))
    expect(history.capture(hold, '20', { above: 'up_to_spendable' })).toMatchObject({ credits: '20' })
    expect(history.charge('1', perDay('100'))).toMatchObject({ credits: '1' })
    expect(history.charge('80', perDay('100'))).toMatchObject({ refusal: 'limit_exceeded' })
  })

  test('has a count of its own for each window', () => {
    history.grant('100')
    const limit = (window: 'day' | 'month', max: string) => ({
      limits: [{ name: 'customer', window, max: credits(max) }],
    })
    history.charge('5', limit('day', '5'))
    expect(history.charge('1', limit('day', '5'))).toMatchObject({ refusal: 'limit_exceeded' })
    expect(history.charge('1', limit('month', '1'))).toMatchObject({ credits: '1' })
  })

  test.each([
    ['day', '2026-11-26T00:00:00.000Z'],
    ['week', '2026-11-30T00:00:00.000Z'],
    ['month', '2026-12-01T00:00:00.000Z'],
  ] as const)('of a %s has room again when the next one begins', (window, next) => {
    history.grant('100')
    const limits = { limits: [{ name: 'customer', window, max: credits('5') }] }
    history.charge('5', limits)
    history.now = new Date(new Date(next).getTime() - 1)
    expect(history.charge('1', limits)).toMatchObject({
      refusal: 'limit_exceeded',
      facts: { resetsAt: new Date(next) },
    })
    history.wait(1)
    expect(history.charge('5', limits)).toMatchObject({ credits: '5' })
  })

  test('of a lifetime never has room again', () => {
    history.grant('100')
    const limits = { limits: [{ name: 'run:1', window: 'lifetime' as const, max: credits('5') }] }
    history.charge('5', limits)
    history.wait(400 * day)
    const refused = history.charge('1', limits)
    expect(refused).toMatchObject({ refusal: 'limit_exceeded', facts: { resetsAt: undefined } })
  })

  test.each([
    ['rolling_hour', hour],
    ['rolling_day', day],
    ['rolling_week', 7 * day],
    ['rolling_month', 30 * day],
  ] as const)('%s lets no more than its maximum into any window of that length', (window, lengthMs) => {
    history.grant('1000')
    const limits = { limits: [{ name: 'customer', window, max: credits('10') }] }
    const charged: number[] = []
    // Ninety steps of a thirtieth of the window each: three windows long.
    for (let step = 0; step < 90; step += 1) {
      if (history.charge('1', limits).refusal === undefined) charged.push(history.now.getTime())
      history.wait(lengthMs / 30)
    }
    for (const at of charged)
      expect(charged.filter((other) => other > at - lengthMs && other <= at).length).toBeLessThanOrEqual(10)
    // And it is not too strict: a window that looks back a 24th more than its length would allow 30 in three.
    expect(charged.length).toBeGreaterThanOrEqual(25)
  })

  test('that is rolling and was never counted in says no instant', () => {
    history.grant('100')
    const limits = { limits: [{ name: 'customer', window: 'rolling_day' as const, max: credits('0.5') }] }
    expect(history.charge('1', limits)).toMatchObject({ facts: { resetsAt: undefined } })
    expect(history.charge('0.5', limits)).toMatchObject({ credits: '0.5' })
    expect(history.charge('1', limits)).toMatchObject({
      facts: { resetsAt: new Date('2026-11-26T12:00:00Z') },
    })
  })
})

describe('observing', () => {
  test('a charge takes what there is, and says what would have been refused', () => {
    history.grant('3')
    const charged = history.charge('5', { isObserved: true })
    expect(charged).toMatchObject({
      credits: '3',
      receipt: { wouldRefuse: { code: 'insufficient_credits' } },
    })
    const nothing = history.charge('5', { isObserved: true })
    expect(nothing).toMatchObject({ credits: '0', lots: [] })
    expect(history.entries.at(-1)).toMatchObject({ from: undefined, to: undefined, amount: 0n })
  })

  test('a hold of what there is can be captured above by what came since', () => {
    history.grant('3')
    const hold = history.hold('5', hour, { isObserved: true })
    expect(hold).toMatchObject({ credits: '3', receipt: { wouldRefuse: { code: 'insufficient_credits' } } })
    history.grant('1')
    expect(history.capture(hold, '5', { above: 'up_to_spendable' })).toMatchObject({ credits: '4' })
    expect(history.uncollected(hold)).toBe('1')
  })

  test('a capture charges what there is, and leaves nobody in debt', () => {
    history.grant('5')
    const hold = history.hold('4')
    expect(history.capture(hold, '7', { isObserved: true })).toMatchObject({
      credits: '5',
      state: 'captured',
      receipt: {
        owed: 0n,
        wouldRefuse: { code: 'capture_exceeds_hold', detail: expect.stringContaining('7 requested, 4 held') },
      },
    })
    expect(history.uncollected(hold)).toBe('2')
    expect(history.balance()).toMatchObject({ available: '0', debt: '0' })
    expect(history.capture(hold, '1', { isObserved: true })).toMatchObject({ refusal: 'hold_already_ended' })
  })

  test('what a hold was short of is no excess of its captures, in whatever parts', () => {
    history.grant('3')
    const hold = history.hold('5', hour, { isObserved: true })
    const inParts = { isObserved: true, isFinal: false }
    for (const part of ['2', '3'])
      expect(history.capture(hold, part, inParts).receipt?.wouldRefuse).toBeUndefined()
    expect(history.uncollected(hold)).toBe('2')
    expect(history.capture(hold, '1', inParts)).toMatchObject({
      credits: '0',
      state: 'placed',
      receipt: { wouldRefuse: { detail: expect.stringContaining('1 requested, 0 held') } },
    })
    expect(history.capture(hold, '1', { isObserved: true })).toMatchObject({
      receipt: { wouldRefuse: { detail: expect.stringContaining('1 requested, 0 held') } },
    })
    expect(history.uncollected(hold)).toBe('4')
  })

  test('a capture that comes late charges what there is', () => {
    history.grant('5')
    const hold = history.hold('4', hour)
    history.wait(hour)
    history.charge('2')
    expect(history.capture(hold, '4', { isObserved: true })).toMatchObject({
      credits: '3',
      state: 'lapsed',
      receipt: { wouldRefuse: { code: 'hold_already_ended' } },
    })
    expect(history.uncollected(hold)).toBe('1')
  })

  test('a capture with another policy is as ever', () => {
    history.grant('5')
    const [placed, lapsed] = [history.hold('3', 2 * hour), history.hold('1', hour)]
    history.wait(hour)
    const owing = { isObserved: true, above: 'owe' } as const
    expect(history.capture(lapsed, '3', owing).receipt).toMatchObject({
      owed: credits('1'),
      wouldRefuse: undefined,
    })
    expect(history.capture(placed, '4', owing).receipt).toMatchObject({
      owed: credits('1'),
      wouldRefuse: undefined,
    })
  })

  test('a limit is reported, not kept', () => {
    history.grant('30')
    const limits = [{ name: 'customer', window: 'day' as const, max: credits('10') }]
    history.charge('10', { limits })
    expect(history.charge('10', { limits, isObserved: true })).toMatchObject({
      credits: '10',
      receipt: { wouldRefuse: { code: 'limit_exceeded' } },
    })
  })

  test('what would have been allowed is as ever', () => {
    history.grant('30')
    expect(history.charge('10', { isObserved: true }).receipt?.wouldRefuse).toBeUndefined()
  })
})
