import { expect, test } from 'vitest'
import { amountFromDecimal, currencies, decimalFromAmount, formatMoney } from './money.ts'

test('amounts are written with the digits of their currency', () => {
  expect(formatMoney(4000, 'USD')).toBe('$40.00')
  expect(formatMoney(5, 'USD')).toBe('$0.05')
  expect(formatMoney(0, 'USD')).toBe('$0.00')
  expect(formatMoney(1200, 'JPY')).toBe('¥1,200')
  expect(formatMoney(1234, 'KWD')).toMatch(/1\.234$/)
  // In use are fewer: the smallest unit is that of ISO 4217 all the same.
  expect(formatMoney(4050, 'HUF')).toMatch(/40\.50$/)
  expect(formatMoney(1234, 'IQD')).toMatch(/1\.234$/)
})

test('every currency that Dodo knows can be written', () => {
  expect([...currencies].filter((currency) => !formatMoney(100, currency).includes('1'))).toEqual([])
})

test('an amount is typed with the decimals of its currency, and none is guessed', () => {
  expect(decimalFromAmount(4050, 'USD')).toBe('40.50')
  expect(decimalFromAmount(7, 'KWD')).toBe('0.007')
  expect(decimalFromAmount(500, 'JPY')).toBe('500')
  expect(amountFromDecimal('40', 'USD')).toBe(4000)
  expect(amountFromDecimal(' 40.5 ', 'USD')).toBe(4050)
  expect(amountFromDecimal('0.007', 'KWD')).toBe(7)
  for (const [text, currency] of [
    ['40.005', 'USD'],
    ['1.5', 'JPY'],
    ['-1', 'USD'],
    ['1e3', 'USD'],
    ['', 'USD'],
    ['.5', 'USD'],
  ] as const)
    expect(amountFromDecimal(text, currency)).toBeUndefined()
})
