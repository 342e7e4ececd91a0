import { beforeEach, describe, expect, test } from 'vitest'
import { History } from '../__fixtures__/history.ts'
import { credits } from '../__fixtures__/operations.ts'

const hour = 3_600_000

let history: History
beforeEach(() => {
  history = new History()
})

describe('capturing in parts', () => {
  test('leaves the hold placed until the final one, which gives back the rest', () => {
    history.grant('10')
    const hold = history.hold('8')
    expect(history.capture(hold, '2', { isFinal: false })).toMatchObject({ credits: '2', state: 'placed' })
    expect(history.balance()).toMatchObject({ available: '2', held: '6' })
    expect(history.capture(hold, '3')).toMatchObject({ credits: '3', state: 'captured' })
    expect(history.balance()).toMatchObject({ available: '5', held: '0' })
  })

  test('never spends more than was held', () => {
    history.grant('10')
    const hold = history.hold('8')
    history.capture(hold, '6', { isFinal: false })
    expect(history.capture(hold, '3')).toMatchObject({
      refusal: 'capture_exceeds_hold',
      facts: { held: credits('2') },
    })
    expect(history.capture(hold)).toMatchObject({ credits: '2' })
  })

  test('a capture of nothing that is not final is noted', () => {
    history.grant('10')
    const hold = history.hold('8')
    expect(history.capture(hold, '0', { isFinal: false })).toMatchObject({ credits: '0', state: 'placed' })
    expect(history.entries.at(-1)).toMatchObject({ operation: 'capture', amount: 0n })
  })
})

describe('capturing above the hold', () => {
  test('refused, the use is remembered as not collected, once however often it is reported', () => {
    history.grant('10')
    const hold = history.hold('4')
    history.capture(hold, '7')
    history.capture(hold, '7')
    history.capture(hold, '6')
    expect(history.uncollected(hold)).toBe('7')
    history.capture(hold)
    expect(history.uncollected(hold)).toBe('3')
  })

  test('up to spendable charges what there is', () => {
    const lot = history.grant('5')
    const other = history.grant('1')
    const hold = history.hold('4')
    const captured = history.capture(hold, '9', { above: 'up_to_spendable' })
    expect(captured).toMatchObject({ credits: '6', state: 'captured', receipt: { owed: 0n } })
    expect(captured.lots).toEqual([lot.lots[0], other.lots[0]])
    expect(history.uncollected(hold)).toBe('3')
    expect(history.balance()).toMatchObject({ available: '0', held: '0', debt: '0' })
  })

  test('owing makes debt of what no lot covers, and an owing wallet spends nothing more', () => {
    history.grant('5')
    const hold = history.hold('4')
    const live = history.hold('1')
    expect(history.capture(hold, '9', { above: 'owe' })).toMatchObject({
      credits: '9',
      receipt: { owed: credits('5') },
    })
    expect(history.balance()).toMatchObject({ available: '0', held: '1', debt: '5' })
    expect(history.charge('1')).toMatchObject({
      refusal: 'insufficient_credits',
      facts: { debt: credits('5'), missing: credits('6') },
    })
    // What was placed before is captured all the same; above it nothing but more debt is to be had.
    expect(history.capture(live, '2', { above: 'up_to_spendable' })).toMatchObject({ credits: '1' })
    expect(history.sums()).toMatchObject({ debt: '-5', spent: '10' })
  })

  test('only as far as it is above', () => {
    history.grant('5')
    expect(history.capture(history.hold('4'), '3', { above: 'owe' })).toMatchObject({
      credits: '3',
      receipt: { owed: 0n },
    })
  })
})

describe('repaying', () => {
  test('a grant repays first, oldest debt first, and only the rest can be spent', () => {
    history.capture(owing('0.5'), '2', { above: 'owe' })
    history.grant('1', { source: 'purchase' })
    expect(history.balance()).toMatchObject({ debt: '0.5', available: '0' })
    history.grant('3', { source: 'purchase' })
    expect(history.balance()).toMatchObject({ debt: '0', available: '2.5' })
    expect(history.entries.filter((entry) => entry.operation === 'repay')).toHaveLength(4)
  })

  test('of two debts the older one is repaid first, and one lot may repay both', () => {
    history.grant('2', { source: 'purchase' })
    const [first, second] = [history.hold('1'), history.hold('1')]
    const older = history.capture(first, '3', { above: 'owe' })
    history.capture(second, '4', { above: 'owe' })
    history.grant('3', { source: 'purchase' })
    expect(history.debts.map((debt) => debt.open)).toEqual([0n, credits('2')])
    history.grant('1', { source: 'purchase' })
    history.grant('9', { source: 'purchase' })
    expect(history.balance()).toMatchObject({ debt: '0', available: '8' })
    expect(history.debts[0]).toMatchObject({ transaction: older.transaction, amount: credits('2') })
  })

  test.each([
    ['promotional', { source: 'promotion' }],
    ['scoped', { source: 'purchase', scope: ['image'] }],
    ['upcoming', { source: 'purchase', effectiveAt: new Date(hour) }],
  ] as const)('a %s lot leaves debt alone', (_, options) => {
    history.capture(owing('1'), '2', { above: 'owe' })
    history.grant('5', options)
    expect(history.balance()).toMatchObject({ debt: '1', available: '5' })
  })

  test('time lets nothing repay that may not', () => {
    history.grant('2', { source: 'purchase' })
    const [first] = [history.hold('1'), history.hold('1', hour)]
    history.capture(first, '4', { above: 'owe' })
    history.grant('5', { source: 'promotion' })
    history.wait(hour)
    expect(history.balance()).toMatchObject({ debt: '2', available: '5', held: '0' })
  })

  test('a promotional lot repays when it was granted to', () => {
    history.capture(owing('1'), '2', { above: 'owe' })
    history.grant('5', { repaysDebt: true })
    expect(history.balance()).toMatchObject({ debt: '0', available: '4' })
  })

  test('a lot repays at the instant at which it starts, though no job has run', () => {
    history.capture(owing('1'), '2', { above: 'owe' })
    history.grant('5', {
      source: 'purchase',
      effectiveAt: history.after(hour),
      expiry: { at: history.after(2 * hour) },
    })
    history.wait(hour)
    expect(history.balance()).toMatchObject({ debt: '0', available: '4' })
    history.wait(2 * hour)
    history.grant('1')
    expect(history.sums()).toMatchObject({ expired: '4' })
    expect(history.entries.find((entry) => entry.operation === 'repay')).toMatchObject({
      effectiveAt: new Date(hour),
    })
  })

  /** A hold of all there is. */
  function owing(decimal: string) {
    history.grant(decimal, { source: 'purchase' })
    return history.hold(decimal)
  }
})

describe('a lapse', () => {
  test('charges what its last checkpoint says, beyond what was captured', () => {
    history.grant('10')
    const hold = history.hold('8', hour, { onLapse: 'charge_checkpoint' })
    history.capture(hold, '1', { isFinal: false })
    history.do('checkpoint', { holdId: hold.holdId, credits: credits('5') })
    history.do('checkpoint', { holdId: hold.holdId, credits: credits('3') })
    history.wait(hour)
    expect(history.balance()).toMatchObject({ available: '5', held: '0' })
  })

  test('without a checkpoint charges nothing, and never more than is held', () => {
    history.grant('10')
    history.hold('2', hour, { onLapse: 'charge_checkpoint' })
    const second = history.hold('3', hour, { onLapse: 'charge_checkpoint' })
    history.do('checkpoint', { holdId: second.holdId, credits: credits('9') })
    history.wait(hour)
    expect(history.balance()).toMatchObject({ available: '7', held: '0' })
  })

  test('charges all when its policy says so', () => {
    history.grant('10')
    const hold = history.hold('8', hour, { onLapse: 'charge_all' })
    history.wait(hour)
    history.charge('2')
    expect(history.holds.get(hold.holdId)).toMatchObject({ state: 'lapsed', captured: credits('8') })
  })

  test('of a hold that was captured whole leaves a note', () => {
    history.grant('10')
    const hold = history.hold('8', hour)
    history.capture(hold, '8', { isFinal: false })
    history.wait(hour)
    history.charge('1')
    expect(history.entries.find((entry) => entry.operation === 'lapse')).toMatchObject({ amount: 0n })
  })

  test('lapses at the same instant go by id', () => {
    history.grant('10')
    const [first, second] = [history.hold('1', hour), history.hold('2', hour)]
    // As a database may answer them, in no order that means anything.
    const [one, two] = [...history.holds]
    history.holds.clear()
    for (const [id, hold] of [two, one] as NonNullable<typeof one>[]) history.holds.set(id, hold)
    history.wait(hour)
    history.charge('1')
    expect(
      history.entries.filter((entry) => entry.operation === 'lapse').map((entry) => entry.holdId),
    ).toEqual([first.holdId, second.holdId])
  })
})

describe('a late capture', () => {
  test('reported to be less than the lapse charged leaves nothing uncollected', () => {
    history.grant('10')
    const hold = history.hold('8', hour, { onLapse: 'charge_all' })
    history.wait(hour)
    history.capture(hold, '5')
    expect(history.uncollected(hold)).toBe('0')
  })

  test('refused, the use is remembered, and the lapse is in the books with it', () => {
    history.grant('10')
    const hold = history.hold('8', hour)
    history.wait(hour)
    expect(history.capture(hold, '6')).toMatchObject({ refusal: 'hold_already_ended' })
    expect(history.uncollected(hold)).toBe('6')
    expect(history.holds.get(hold.holdId)?.state).toBe('lapsed')
    expect(history.sums()).toMatchObject({ available: '10' })
  })

  test('charges what is due, which is less by what the lapse charged', () => {
    history.grant('10')
    const hold = history.hold('8', hour, { onLapse: 'charge_checkpoint' })
    history.do('checkpoint', { holdId: hold.holdId, credits: credits('5') })
    history.wait(hour)
    expect(history.capture(hold, '7', { above: 'owe' })).toMatchObject({ credits: '2', state: 'lapsed' })
    expect(history.capture(hold, '1', { above: 'owe' })).toMatchObject({ credits: '1' })
    expect(history.balance()).toMatchObject({ available: '2' })
  })

  test('of less than the lapse charged takes nothing, and is noted', () => {
    history.grant('10')
    const hold = history.hold('8', hour, { onLapse: 'charge_all' })
    history.wait(hour)
    expect(history.capture(hold, '7', { above: 'up_to_spendable' })).toMatchObject({ credits: '0' })
    expect(history.entries.at(-1)).toMatchObject({ operation: 'capture', amount: 0n })
  })

  test('without an amount asks for what was held and not asked for', () => {
    history.grant('10')
    const hold = history.hold('8', hour)
    history.capture(hold, '3', { isFinal: false })
    history.wait(hour)
    expect(history.capture(hold, undefined, { above: 'owe' })).toMatchObject({ credits: '5' })
    expect(history.capture(hold, undefined, { above: 'owe' })).toMatchObject({ credits: '0' })
  })

  test('makes debt of what no lot covers', () => {
    history.grant('10')
    const hold = history.hold('8', hour)
    history.wait(hour)
    history.charge('9')
    expect(history.capture(hold, '4', { above: 'owe' })).toMatchObject({ receipt: { owed: credits('3') } })
    expect(history.balance()).toMatchObject({ debt: '3' })
  })
})

describe('extending', () => {
  test('gives a hold more time, never less', () => {
    history.grant('10')
    const hold = history.hold('8', hour)
    history.do('extend', { holdId: hold.holdId, timeToLiveMs: 3 * hour })
    history.do('extend', { holdId: hold.holdId, timeToLiveMs: 1 })
    history.wait(2 * hour)
    expect(history.balance()).toMatchObject({ held: '8' })
    history.wait(hour)
    expect(history.balance()).toMatchObject({ held: '0' })
  })

  test.each(['checkpoint', 'extend'] as const)('%s of an unknown or ended hold is refused', (kind) => {
    history.grant('10')
    const hold = history.hold('8')
    history.release(hold)
    const fields = (holdId: string) => ({ holdId, credits: credits('1'), timeToLiveMs: 1 })
    expect(history.do(kind, fields('none'))).toMatchObject({ refusal: 'hold_not_found' })
    expect(history.do(kind, fields(hold.holdId))).toMatchObject({ refusal: 'hold_already_ended' })
  })
})
