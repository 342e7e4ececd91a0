import { beforeEach, describe, expect, test } from 'vitest'
import { type Answer, History } from '../__fixtures__/history.ts'
import { credits } from '../__fixtures__/operations.ts'
import type { RevokeOperation } from '../operations.ts'

const hour = 3_600_000

let history: History
beforeEach(() => {
  history = new History()
})

function revoke({ lots }: Answer, decimal?: string, spent?: RevokeOperation['spent']): Answer {
  const amount = decimal === undefined ? undefined : credits(decimal)
  return history.do('revoke', {
    lotId: lots[0] ?? '',
    credits: amount,
    spent,
    reason: 'the purchase was refunded',
  })
}

function change(kind: 'freeze' | 'unfreeze' | 'expire', { lots }: Answer): Answer {
  return history.do(kind, { lotId: lots[0] ?? '', reason: undefined })
}

describe('revoking', () => {
  test('takes what is there first, then makes debt of what is spent', () => {
    const lot = history.grant('10', { source: 'purchase' })
    history.charge('4')
    expect(revoke(lot, '7')).toMatchObject({ credits: '7', receipt: { owed: credits('1') } })
    expect(history.balance()).toMatchObject({ available: '0', debt: '1' })
    expect(history.sums(lot.lots[0])).toMatchObject({ revoked: '7', spent: '3' })
  })

  test('or forgives what is spent', () => {
    const lot = history.grant('10')
    history.charge('4')
    expect(revoke(lot, undefined, 'forgive')).toMatchObject({ credits: '10', receipt: { owed: 0n } })
    expect(history.balance()).toMatchObject({ available: '0', debt: '0' })
  })

  test('in total never more than was granted', () => {
    const lot = history.grant('10')
    revoke(lot, '6')
    expect(revoke(lot, '5')).toMatchObject({
      refusal: 'revoke_exceeds_lot',
      facts: { revocable: credits('4') },
    })
    expect(revoke(lot)).toMatchObject({ credits: '4' })
    expect(revoke(lot)).toMatchObject({ refusal: 'revoke_exceeds_lot' })
  })

  test('what has expired is taken before what is spent', () => {
    const lot = history.grant('10', { expiry: { at: history.after(hour) } })
    history.charge('4')
    history.wait(hour)
    expect(revoke(lot, '7')).toMatchObject({ receipt: { owed: credits('1') } })
    expect(history.sums(lot.lots[0])).toMatchObject({ expired: '0', revoked: '7', spent: '3' })
  })

  test('what is held is taken when it is given back', () => {
    const lot = history.grant('10')
    const hold = history.hold('6')
    expect(revoke(lot)).toMatchObject({ credits: '10', receipt: { owed: 0n } })
    expect(history.balance()).toMatchObject({ available: '0', held: '6' })
    history.release(hold)
    expect(history.balance()).toMatchObject({ available: '0', held: '0', debt: '0' })
    expect(history.sums(lot.lots[0])).toMatchObject({ revoked: '10' })
  })

  test('or is owed when it is captured', () => {
    const lot = history.grant('10', { source: 'purchase' })
    const hold = history.hold('6')
    revoke(lot)
    expect(history.capture(hold, '4')).toMatchObject({ credits: '4', receipt: { owed: 0n } })
    expect(history.balance()).toMatchObject({ held: '0', debt: '4' })
    expect(history.sums(lot.lots[0])).toMatchObject({ revoked: '10', spent: '0' })
  })

  test('or is forgiven then, and taken also from a lapse', () => {
    const lot = history.grant('10')
    history.hold('6', hour, { onLapse: 'charge_all' })
    revoke(lot, undefined, 'forgive')
    history.wait(hour)
    expect(history.balance()).toMatchObject({ held: '0', debt: '0', available: '0' })
  })

  test('of a part of what is held touches no more than that part', () => {
    const lot = history.grant('10')
    const hold = history.hold('10')
    revoke(lot, '3')
    expect(revoke(lot, '8')).toMatchObject({ refusal: 'revoke_exceeds_lot' })
    history.capture(hold, '5')
    expect(history.balance()).toMatchObject({ available: '2', held: '0', debt: '0' })
  })

  test('other lots of an owing wallet repay what was revoked of one', () => {
    const lot = history.grant('10', { source: 'purchase' })
    history.charge('10')
    history.grant('25', { source: 'purchase' })
    revoke(lot)
    expect(history.balance()).toMatchObject({ available: '15', debt: '0' })
  })
})

describe('freezing', () => {
  test('no charge takes from a frozen lot until it is unfrozen', () => {
    const lot = history.grant('10')
    change('freeze', lot)
    change('freeze', lot)
    expect(history.balance()).toMatchObject({ available: '10', spendable: '0', frozen: '10' })
    expect(history.charge('1')).toMatchObject({ refusal: 'insufficient_credits' })
    change('unfreeze', lot)
    expect(history.charge('1')).toMatchObject({ credits: '1' })
  })

  test('holds already placed capture, and what they give back is frozen', () => {
    const lot = history.grant('10')
    const hold = history.hold('6')
    change('freeze', lot)
    expect(history.capture(hold, '2')).toMatchObject({ credits: '2' })
    expect(history.balance()).toMatchObject({ available: '8', frozen: '8' })
  })

  test('a lot with nothing left is frozen for what may come back', () => {
    const lot = history.grant('10')
    const charged = history.charge('10')
    change('freeze', lot)
    history.do('refund', { transaction: charged.transaction, credits: undefined, reason: undefined })
    expect(history.balance()).toMatchObject({ available: '10', frozen: '10' })
  })

  test('a lot that is unfrozen repays what is owed', () => {
    const lot = history.grant('10', { source: 'purchase' })
    change('freeze', lot)
    history.grant('1')
    history.capture(history.hold('1'), '4', { above: 'owe' })
    expect(history.balance()).toMatchObject({ debt: '3' })
    change('unfreeze', lot)
    expect(history.balance()).toMatchObject({ debt: '0', available: '7' })
  })

  test('a frozen lot that starts later is frozen first of all, and expires as any other', () => {
    const lot = history.grant('10', {
      effectiveAt: history.after(hour),
      expiry: { at: history.after(2 * hour) },
    })
    change('freeze', lot)
    expect(history.balance()).toMatchObject({ frozen: '10', upcoming: '0' })
    history.wait(2 * hour)
    expect(history.balance()).toMatchObject({ available: '0' })
  })
})

describe('expiring', () => {
  test('ends a lot now: what is there is gone, and what is given back later too', () => {
    const lot = history.grant('10')
    const hold = history.hold('4')
    expect(change('expire', lot)).toMatchObject({ credits: '6', lots: lot.lots })
    history.release(hold)
    expect(history.balance()).toMatchObject({ available: '0', held: '0' })
    expect(history.sums()).toMatchObject({ expired: '10' })
  })

  test('of a lot that has expired, or has nothing left, is noted', () => {
    const lot = history.grant('10', { expiry: { at: history.after(hour) } })
    history.charge('10')
    history.wait(2 * hour)
    expect(change('expire', lot)).toMatchObject({ credits: '0', lots: [] })
    expect(history.entries.at(-1)).toMatchObject({ operation: 'expire', amount: 0n, lotId: lot.lots[0] })
  })

  test.each(['freeze', 'unfreeze', 'expire'] as const)('%s of an unknown lot is refused', (kind) => {
    expect(change(kind, { lots: ['none'], holdId: '', transaction: 0n })).toMatchObject({
      refusal: 'lot_not_found',
    })
    expect(revoke({ lots: ['none'], holdId: '', transaction: 0n })).toMatchObject({
      refusal: 'lot_not_found',
    })
  })
})

describe('adjusting', () => {
  const owner = { mode: 'test', customer: 'alice', unit: 'credits' } as const
  const adjust = (amount: bigint) =>
    history.do('adjust', {
      owner,
      credits: amount as ReturnType<typeof credits>,
      reason: 'counted twice',
      actor: 'ada',
    })

  test('adds a lot, or takes in burn order, and says why and who', () => {
    adjust(credits('5'))
    const lot = history.grant('5', { priority: -1 })
    expect(adjust(0n - credits('6'))).toMatchObject({ credits: '6' })
    expect(history.balance()).toMatchObject({ available: '4' })
    expect(history.sums(lot.lots[0])).toMatchObject({ revoked: '5' })
    expect(history.entries.at(-1)).toMatchObject({
      operation: 'adjust',
      actor: 'ada',
      description: 'counted twice',
    })
  })

  test('never takes more than can be spent, and adds no more than a wallet holds', () => {
    adjust(credits('5'))
    expect(adjust(0n - credits('6'))).toMatchObject({ refusal: 'insufficient_credits' })
    for (let count = 0; count < 3; count += 1) adjust(credits('1000000000000'))
    expect(adjust(credits('1000000000000'))).toMatchObject({ refusal: 'wallet_full' })
  })
})

describe('an expiry', () => {
  test.each([
    [{ afterDays: 30 }, '2026-01-31T10:00:00Z', '2026-03-02T10:00:00Z'],
    [{ afterMonths: 1 }, '2026-01-31T10:00:00Z', '2026-02-28T10:00:00Z'],
    [{ afterMonths: 13 }, '2027-01-31T10:00:00Z', '2028-02-29T10:00:00Z'],
    [{ afterMonths: 2 }, '2026-12-15T10:00:00Z', '2027-02-15T10:00:00Z'],
  ])('%o after %s is %s', (expiry, start, end) => {
    history.now = new Date(start)
    history.grant('1', { expiry })
    history.now = new Date(new Date(end).getTime() - 1)
    expect(history.balance()).toMatchObject({ available: '1' })
    history.wait(1)
    expect(history.balance()).toMatchObject({ available: '0' })
  })
})
