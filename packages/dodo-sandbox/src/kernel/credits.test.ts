import { expect, test } from 'vitest'
import {
  ceilCostMinor,
  creditsFromDecimal,
  decimalFromCredits,
  floorPercentage,
  floorShare,
  isCredits,
} from './credits.ts'

test('what is written is what was read, without zeros that say nothing', () => {
  for (const text of ['0', '1', '12.5', '0.0000000001', '9999999999.9999999999', '100'])
    expect(decimalFromCredits(creditsFromDecimal(text))).toBe(text)
  expect(decimalFromCredits(creditsFromDecimal('007.500'))).toBe('7.5')
})

test('what floats would spoil stays exact', () => {
  expect(decimalFromCredits(creditsFromDecimal('0.1') + creditsFromDecimal('0.2'))).toBe('0.3')
  expect(decimalFromCredits(creditsFromDecimal('9007199254.7409931') - 1n)).toBe('9007199254.7409930999')
})

test.each(['', '-1', '1.', '.5', '1e3', '1,5', '10000000000', '0.00000000001', ' 1', 'NaN'])(
  'no credits: "%s"',
  (text) => {
    expect(isCredits(text)).toBe(false)
  },
)

test('an amount may have as many decimals as its kind, and no more', () => {
  expect(isCredits('1.25', 2)).toBe(true)
  expect(isCredits('1.25', 1)).toBe(false)
  expect(isCredits('1', 0)).toBe(true)
})

test('shares are rounded down to the decimals of their kind', () => {
  expect(decimalFromCredits(floorPercentage(creditsFromDecimal('99'), 50, 0))).toBe('49')
  expect(decimalFromCredits(floorPercentage(creditsFromDecimal('99'), 50, 1))).toBe('49.5')
  const third = { numerator: 1n, denominator: 3n }
  expect(decimalFromCredits(floorShare(creditsFromDecimal('100'), third, 2))).toBe('33.33')
})

test('what credits cost is rounded up to the smallest unit of the currency', () => {
  expect(ceilCostMinor(creditsFromDecimal('150'), '0.015', 2)).toBe(225)
  expect(ceilCostMinor(creditsFromDecimal('1'), '0.0001', 2)).toBe(1)
  expect(ceilCostMinor(creditsFromDecimal('10'), '3', 0)).toBe(30)
})
