import { beforeEach, describe, expect, test } from 'vitest'
import { decimalFromCredits } from '../../kernel/credits.ts'
import { History } from '../__fixtures__/history.ts'

const hour = 3_600_000

let history: History
beforeEach(() => {
  history = new History()
})

describe('granting', () => {
  test('brings a lot that can be spent at once', () => {
    history.grant('50')
    expect(history.balance()).toEqual({
      available: '50',
      held: '0',
      debt: '0',
      spendable: '50',
      scoped: '0',
      upcoming: '0',
      frozen: '0',
    })
  })

  test('a lot that starts later is upcoming, and pays from then on', () => {
    history.grant('50', { effectiveAt: history.after(hour) })
    expect(history.balance()).toMatchObject({ available: '50', spendable: '0', upcoming: '50' })
    expect(history.charge('1')).toMatchObject({ refusal: 'insufficient_credits' })
    history.wait(hour)
    expect(history.charge('1')).toMatchObject({ credits: '1' })
  })

  test('a lot that would expire before it starts, or has expired, is refused', () => {
    expect(
      history.grant('50', { effectiveAt: history.after(hour), expiry: { at: history.after(hour) } }),
    ).toMatchObject({ refusal: 'lot_out_of_time' })
    expect(history.grant('50', { expiry: { at: history.after(-1) } })).toMatchObject({
      refusal: 'lot_out_of_time',
    })
  })

  test('more than a wallet can hold is refused, held credits counted', () => {
    history.grant('1000000000000')
    history.grant('1000000000000')
    history.grant('1000000000000')
    history.hold('1000000000000')
    history.hold('1000000000000')
    expect(history.grant('1000000000000')).toMatchObject({ credits: '1000000000000' })
    expect(history.grant('0.000001')).toMatchObject({ refusal: 'wallet_full' })
  })
})

describe('charging', () => {
  test('burns by priority, then soonest expiry, then oldest', () => {
    const old = history.grant('1')
    const young = history.grant('1')
    const expiring = history.grant('1', { expiry: { at: history.after(2 * hour) } })
    const expiringSooner = history.grant('1', { expiry: { at: history.after(hour) } })
    const first = history.grant('1', { priority: -1 })
    const charged = history.charge('5')
    expect(charged.lots).toEqual([first, expiringSooner, expiring, old, young].map((lot) => lot.lots[0]))
  })

  test('never takes more than is there, says what is missing, and takes nothing', () => {
    history.grant('3')
    const refused = history.charge('5')
    expect(refused.refusal).toBe('insufficient_credits')
    expect(refused.facts).toMatchObject({
      required: 5_000_000n,
      spendable: 3_000_000n,
      missing: 2_000_000n,
      held: 0n,
      unit: 'credits',
    })
    expect(history.balance()).toMatchObject({ available: '3' })
  })

  test('to the last millionth', () => {
    history.grant('0.000002')
    expect(history.charge('0.000001')).toMatchObject({ credits: '0.000001' })
    expect(history.charge('0.000002')).toMatchObject({ refusal: 'insufficient_credits' })
    expect(history.charge('0.000001')).toMatchObject({ credits: '0.000001' })
    expect(history.wallet.lots).toEqual([])
  })

  test('an expired lot does not pay, even if no job has run', () => {
    history.grant('5', { expiry: { at: history.after(hour) } })
    history.wait(hour)
    expect(history.charge('1')).toMatchObject({ refusal: 'insufficient_credits' })
    expect(history.balance()).toMatchObject({ available: '0' })
  })

  test('one millisecond before its expiry a lot pays', () => {
    history.grant('5', { expiry: { at: history.after(hour) } })
    history.wait(hour - 1)
    expect(history.charge('1')).toMatchObject({ credits: '1' })
  })
})

describe('holding', () => {
  test('sets credits aside: nobody else can spend them', () => {
    history.grant('10')
    history.hold('7')
    expect(history.balance()).toMatchObject({ available: '3', held: '7', spendable: '3' })
    expect(history.charge('4')).toMatchObject({ refusal: 'insufficient_credits' })
  })

  test('a capture spends what was used and gives back the rest', () => {
    history.grant('10')
    const hold = history.hold('7')
    expect(history.capture(hold, '2.5')).toMatchObject({ credits: '2.5', state: 'captured' })
    expect(history.balance()).toMatchObject({ available: '7.5', held: '0' })
  })

  test('a capture without an amount spends all of the hold', () => {
    history.grant('10')
    expect(history.capture(history.hold('7'))).toMatchObject({ credits: '7' })
    expect(history.balance()).toMatchObject({ available: '3', held: '0' })
  })

  test('a capture of nothing gives everything back', () => {
    history.grant('10')
    expect(history.capture(history.hold('7'), '0')).toMatchObject({ credits: '0' })
    expect(history.balance()).toMatchObject({ available: '10', held: '0' })
  })

  test('a capture above the hold is refused, and the hold lives on', () => {
    history.grant('10')
    const hold = history.hold('7')
    expect(history.capture(hold, '7.000001')).toMatchObject({ refusal: 'capture_exceeds_hold' })
    expect(history.capture(hold, '7')).toMatchObject({ credits: '7' })
  })

  test('a hold over several lots is spent in their burn order and goes back to the very lots it came from', () => {
    const first = history.grant('4', { priority: 1 })
    const second = history.grant('4', { priority: 2 })
    const hold = history.hold('6')
    expect(history.capture(hold, '5').lots).toEqual([first.lots[0], second.lots[0]])
    expect(history.wallet.lots.map((lot) => [lot.id, decimalFromCredits(lot.available)])).toEqual([
      [second.lots[0], '3'],
    ])
  })

  test.each(['capture', 'release'] as const)(
    'a captured or released hold cannot be ended again by a %s',
    (how) => {
      history.grant('10')
      const captured = history.hold('1')
      const released = history.hold('1')
      history.capture(captured)
      history.release(released)
      expect(history[how](captured)).toMatchObject({ refusal: 'hold_already_ended' })
      expect(history[how](released)).toMatchObject({ refusal: 'hold_already_ended' })
    },
  )

  test('an unknown hold is not found', () => {
    expect(history.release({ holdId: 'none' })).toMatchObject({ refusal: 'hold_not_found' })
  })

  test('a release gives everything back', () => {
    history.grant('10')
    expect(history.release(history.hold('7'))).toMatchObject({ credits: '7', state: 'released' })
    expect(history.balance()).toMatchObject({ available: '10', held: '0' })
  })
})

describe('lapsing', () => {
  test('a hold whose time is over gives back what it took, though no job has run', () => {
    history.grant('10')
    history.hold('7', hour)
    history.wait(hour - 1)
    expect(history.balance()).toMatchObject({ available: '3', held: '7' })
    history.wait(1)
    expect(history.balance()).toMatchObject({ available: '10', held: '0' })
    expect(history.charge('10')).toMatchObject({ credits: '10' })
  })

  test('a lapsed hold can be captured no more', () => {
    history.grant('10')
    const hold = history.hold('7', hour)
    history.wait(hour)
    expect(history.capture(hold)).toMatchObject({ refusal: 'hold_already_ended' })
  })

  test('a live hold keeps what it took of a lot that expires meanwhile, and spends it', () => {
    history.grant('10', { expiry: { at: history.after(hour) } })
    const hold = history.hold('7', 2 * hour)
    history.wait(hour)
    expect(history.balance()).toMatchObject({ available: '0', held: '7' })
    expect(history.capture(hold, '5')).toMatchObject({ credits: '5' })
    expect(history.balance()).toMatchObject({ available: '0', held: '0' })
    expect(history.sums()).toMatchObject({ spent: '5', expired: '5' })
  })

  test('what a lapse gives back before its lot expires, expires with the lot', () => {
    history.grant('10', { expiry: { at: history.after(3 * hour) } })
    history.hold('10', hour)
    history.wait(4 * hour)
    history.grant('1')
    expect(history.sums()).toMatchObject({ expired: '10', available: '1', held: '0' })
    expect(history.entries.filter((entry) => entry.operation === 'lapse')).toMatchObject([
      { from: 'held', to: 'available', effectiveAt: new Date(hour) },
    ])
    expect(history.entries.filter((entry) => entry.operation === 'expire')).toMatchObject([
      { effectiveAt: new Date(3 * hour) },
    ])
  })

  test('what a lapse gives back after its lot expired is expired at once', () => {
    history.grant('10', { expiry: { at: history.after(hour) } })
    history.hold('10', 2 * hour)
    history.wait(3 * hour)
    history.grant('1')
    expect(history.entries.filter((entry) => entry.operation === 'lapse')).toMatchObject([
      { from: 'held', to: 'expired', effectiveAt: new Date(2 * hour) },
    ])
  })

  test('several that lapsed and expired meanwhile are entered in the order in which they did', () => {
    history.grant('10', { expiry: { at: history.after(3 * hour) } })
    history.hold('1', 4 * hour)
    history.hold('2', 2 * hour)
    history.hold('3', hour)
    history.wait(5 * hour)
    history.grant('1')
    const byTime = history.entries.filter(
      (entry) => entry.operation === 'lapse' || entry.operation === 'expire',
    )
    expect(byTime.map((entry) => [entry.operation, entry.to, entry.effectiveAt.getTime() / hour])).toEqual([
      ['lapse', 'available', 1],
      ['lapse', 'available', 2],
      ['expire', 'expired', 3],
      ['lapse', 'expired', 4],
    ])
  })
})
