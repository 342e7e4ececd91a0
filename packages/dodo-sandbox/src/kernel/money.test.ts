import { expect, test } from 'vitest'
import { currencies, formatMoney } from './money.ts'

test('amounts are written with the digits of their currency', () => {
  expect(formatMoney(4000, 'USD')).toBe('$40.00')
  expect(formatMoney(5, 'USD')).toBe('$0.05')
  expect(formatMoney(0, 'USD')).toBe('$0.00')
  expect(formatMoney(1200, 'JPY')).toBe('¥1,200')
  expect(formatMoney(1234, 'KWD')).toMatch(/1\.234$/)
})

test('every currency that Dodo knows can be written', () => {
  expect([...currencies].filter((currency) => !formatMoney(100, currency).includes('1'))).toEqual([])
})
