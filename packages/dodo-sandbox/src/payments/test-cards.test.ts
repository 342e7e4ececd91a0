import { expect, test } from 'vitest'
import { cardOf, isCardNumber, testCards } from './test-cards.ts'

test('every documented test card passes the check of card numbers', () => {
  expect(testCards.filter((card) => !isCardNumber(card.number))).toEqual([])
})

test('a mistyped digit does not', () => {
  expect(isCardNumber('4242424242424241')).toBe(false)
  expect(isCardNumber('42424242')).toBe(false)
  expect(isCardNumber('not a number')).toBe(false)
})

test('a card that is no test card is declined', () => {
  expect(cardOf('4111111111111111').outcome).toMatchObject({
    status: 'failed',
    error_code: 'CARD_DECLINED',
  })
})
