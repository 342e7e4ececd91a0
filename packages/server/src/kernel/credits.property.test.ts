import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { creditsFromDecimal, decimalFromCredits, micros } from './credits.ts'

describe('credits', () => {
  test('a decimal text survives the way there and back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 18n }), (count) => {
        expect(creditsFromDecimal(decimalFromCredits(count))).toBe(micros(count))
      }),
    )
  })

  test.each([
    ['0', 0n],
    ['12.5', 12_500_000n],
    ['0.000001', 1n],
    ['007', 7_000_000n],
  ])('%s is read exactly', (text, count) => {
    expect(creditsFromDecimal(text)).toBe(count)
  })

  test.each(['', '-1', '+1', '1e3', '1.', '.5', '0.0000001', ' 1', '1,5', 'NaN', '99999999999999', '٣'])(
    '%j is no amount',
    (text) => {
      expect(creditsFromDecimal(text)).toBeUndefined()
    },
  )

  test.each([0.5, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    'the number %d is no amount: fractions come as text',
    (number) => {
      expect(creditsFromDecimal(number)).toBeUndefined()
    },
  )
})
