import { beforeEach, describe, expect, test } from 'vitest'
import { type Answer, History } from '../__fixtures__/history.ts'
import { credits } from '../__fixtures__/operations.ts'

const hour = 3_600_000
const day = 24 * hour

let history: History
beforeEach(() => {
  history = new History()
})

function refund({ transaction }: Answer, decimal?: string): Answer {
  return history.do('refund', {
    transaction,
    credits: decimal === undefined ? undefined : credits(decimal),
    reason: undefined,
  })
}

describe('refunding a charge', () => {
  test('gives back to the very lots that paid, last one first', () => {
    const first = history.grant('3', { priority: 1 })
    const second = history.grant('3', { priority: 2 })
    const charged = history.charge('5')
    expect(refund(charged, '3').lots).toEqual([second.lots[0], first.lots[0]])
    expect(history.sums(first.lots[0])).toMatchObject({ available: '1', spent: '2' })
    expect(history.sums(second.lots[0])).toMatchObject({ available: '3', spent: '0' })
    expect(refund(charged)).toMatchObject({ credits: '2', lots: first.lots })
  })

  test('never more than was charged, in one or several parts', () => {
    history.grant('10')
    const charged = history.charge('5')
    expect(refund(charged, '6')).toMatchObject({ refusal: 'refund_exceeds_charge' })
    refund(charged, '3')
    expect(refund(charged, '3')).toMatchObject({
      refusal: 'refund_exceeds_charge',
      facts: { refundable: credits('2') },
    })
    expect(refund(charged)).toMatchObject({ credits: '2' })
    expect(refund(charged)).toMatchObject({ refusal: 'refund_exceeds_charge' })
    expect(history.balance()).toMatchObject({ available: '10' })
  })

  test('a capture and a lapse that charged can be refunded too, a grant and a hold cannot', () => {
    const granted = history.grant('10')
    const hold = history.hold('4', hour, { onLapse: 'charge_all' })
    const captured = history.capture(history.hold('2'))
    expect(refund(captured)).toMatchObject({ credits: '2' })
    history.wait(hour)
    history.charge('1')
    const lapse = history.entries.find((entry) => entry.operation === 'lapse')
    expect(refund({ ...hold, transaction: lapse?.number ?? 0n })).toMatchObject({ credits: '4' })
    for (const other of [granted, hold]) expect(refund(other)).toMatchObject({ refusal: 'charge_not_found' })
  })

  test('what returns to an expired lot is expired', () => {
    history.grant('10', { expiry: { at: history.after(hour) } })
    const charged = history.charge('5')
    history.wait(hour)
    expect(refund(charged)).toMatchObject({ credits: '5' })
    expect(history.balance()).toMatchObject({ available: '0' })
    expect(history.sums()).toMatchObject({ expired: '10', spent: '0' })
  })

  test('unless the lot lets it live again for some days', () => {
    history.grant('10', { expiry: { at: history.after(hour) }, lateReturnDays: 2 })
    const charged = history.charge('5')
    history.wait(hour)
    refund(charged)
    expect(history.balance()).toMatchObject({ spendable: '5' })
    history.wait(2 * day)
    expect(history.balance()).toMatchObject({ spendable: '0' })
  })

  test('repays the debt that the charge made first, and then the lots', () => {
    const lot = history.grant('3', { source: 'purchase' })
    const captured = history.capture(history.hold('3'), '5', { above: 'owe' })
    expect(refund(captured, '1')).toMatchObject({
      credits: '1',
      lots: [],
      receipt: { owed: 0n - credits('1') },
    })
    expect(history.balance()).toMatchObject({ debt: '1' })
    expect(refund(captured)).toMatchObject({ credits: '4', lots: lot.lots })
    expect(history.balance()).toMatchObject({ debt: '0', available: '3' })
  })

  test('what another lot repaid meanwhile goes back to that lot', () => {
    const first = history.grant('3', { source: 'purchase' })
    const captured = history.capture(history.hold('3'), '5', { above: 'owe' })
    const second = history.grant('10', { source: 'purchase' })
    expect(history.balance()).toMatchObject({ debt: '0', available: '8' })
    expect(refund(captured, '3').lots).toEqual([second.lots[0], first.lots[0]])
    expect(history.sums(second.lots[0])).toMatchObject({ available: '10', spent: '0' })
    expect(refund(captured)).toMatchObject({ credits: '2', lots: first.lots })
  })

  test('a lot that paid twice gets back what it paid, and no more', () => {
    const lot = history.grant('5', { source: 'purchase' })
    const hold = history.hold('2')
    const captured = history.capture(hold, '5', { above: 'up_to_spendable' })
    expect(refund(captured, '4')).toMatchObject({ credits: '4', lots: lot.lots })
    expect(refund(captured)).toMatchObject({ credits: '1' })
  })

  test('credits of a lot that was revoked meanwhile have nothing to go back to', () => {
    const lot = history.grant('5', { source: 'purchase' })
    const charged = history.charge('5')
    history.do('revoke', {
      lotId: lot.lots[0] ?? '',
      credits: credits('3'),
      spent: 'forgive',
      reason: undefined,
    })
    expect(refund(charged)).toMatchObject({
      refusal: 'refund_exceeds_charge',
      facts: { refundable: credits('2') },
    })
    expect(refund(charged, '2')).toMatchObject({ credits: '2' })
  })

  test('a charge that took nothing has nothing to refund', () => {
    expect(refund(history.charge('1', { isObserved: true }))).toMatchObject({
      refusal: 'refund_exceeds_charge',
    })
  })
})
