import { describe, expect, it } from 'vitest'
import type { BalanceWithLots, JobReceipt, Prices } from '../shared/api.ts'
import {
  balanceSentence,
  isLow,
  leftInPictures,
  receiptSentence,
  stateWord,
  wallSentence,
} from './sentences.ts'

const prices = {
  actions: [
    { action: 'image.standard', name: 'Enlarge 2×', unit: 'credits', credits: '1' },
    { action: 'image.hires', name: 'Enlarge 4×', unit: 'credits', credits: '5' },
  ],
} as Prices

const receipt: JobReceipt = {
  hold: 'hold_1',
  held: '5',
  used: '5',
  left: '45',
  unit: 'credits',
  paid_from: [{ lot: 'lot_1', name: 'Welcome gift', credits: '5' }],
  settled: true,
}

describe('what is said of credits', () => {
  it('the wall says what is needed, what is there, and what happens next', () => {
    expect(wallSentence({ required: '5', spendable: '3' })).toBe(
      'This needs 5, you have 3. Top up and we carry on.',
    )
  })

  it('the receipt says what was held, used and left, and which credits paid', () => {
    expect(receiptSentence(receipt)).toBe('Held 5 · used 5 · 45 left · paid from Welcome gift')
    const paid_from = [...receipt.paid_from, { lot: 'lot_2', name: 'Power', credits: '1' }]
    expect(receiptSentence({ ...receipt, left: '1495', paid_from })).toBe(
      'Held 5 · used 5 · 1,495 left · paid from Welcome gift and Power',
    )
  })

  it('the balance says where it came from, and leaves out lots that are used up', () => {
    const lots = [
      { name: 'Old pack', source: 'purchase', available: '0' },
      { name: 'Welcome gift', source: 'promotion', available: '50' },
      { name: 'Power', source: 'purchase', available: '500' },
    ]
    const balance = { spendable: '50', lots: lots.slice(0, 2) } as BalanceWithLots
    expect(balanceSentence(balance)).toEqual({ amount: '50 credits', source: 'welcome gift' })
    expect(balanceSentence({ ...balance, spendable: '550', lots } as BalanceWithLots)).toEqual({
      amount: '550 credits',
      source: 'welcome gift and Power',
    })
  })

  it('a picture that its visitor stopped is not said to have failed', () => {
    expect(stateWord({ state: 'failed', failure: 'You stopped it.' })).toBe('stopped')
    expect(stateWord({ state: 'failed', failure: 'It went wrong: no light.' })).toBe('failed')
    expect(stateWord({ state: 'developing', failure: null })).toBe('developing')
  })

  it('is low below twenty, and said in pictures then', () => {
    expect(isLow('20')).toBe(false)
    expect(isLow('19.999999')).toBe(true)
    expect(leftInPictures('18', prices)).toBe('18 left: 18 pictures at 2×, or 3 at 4×.')
    expect(leftInPictures('4', prices)).toBe('4 left: 4 pictures at 2×, none at 4×.')
    expect(leftInPictures('1', prices)).toBe('1 left: 1 picture at 2×, none at 4×.')
    expect(leftInPictures('0', prices)).toBe('0 left: not enough for a picture.')
  })
})
