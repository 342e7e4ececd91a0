import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CurrencyOption, Discount } from '../discounts/discount.ts'
import { exchange, isAdaptive, minimumCharge } from './exchange-rates.ts'
import type { SaleLine } from './price.ts'
import { priceLines } from './price-lines.ts'
import { roundedRatio, splitInProportion } from './rounding.ts'

function line(product_id: string, unit_amount: number, quantity = 1, tax_inclusive = false): SaleLine {
  return { product_id, name: product_id, description: null, quantity, unit_amount, tax_inclusive }
}

function discount(changes: Partial<Discount>): Discount {
  return {
    discount_id: 'dsc_1',
    business_id: 'bus_1',
    code: 'CODE',
    name: null,
    type: 'percentage',
    amount: 1000,
    currency_options: [],
    customer_eligibility: 'any',
    restricted_to: [],
    times_used: 0,
    usage_limit: null,
    per_customer_usage_limit: null,
    preserve_on_plan_change: false,
    subscription_cycles: null,
    metadata: {},
    created_at: '2026-01-01T00:00:00.000Z',
    starts_at: null,
    expires_at: null,
    ...changes,
  }
}

const flat = (max_amount_possible: number, changes: Partial<CurrencyOption> = {}) =>
  discount({
    type: 'flat',
    currency_options: [
      { currency: 'USD', is_default: true, minimum_subtotal: 0, max_amount_possible, ...changes },
    ],
  })

const price = (lines: SaleLine[], discounts: Discount[] = [], taxRateBps = 0, currency = 'USD') =>
  priceLines({ lines, currency, discounts, taxRateBps })

const amounts = (lines: ReturnType<typeof price>) =>
  lines.map(({ subtotal, discount: off, tax, amount }) => [subtotal, off, tax, amount])

test('a tax comes on top, or lies inside the price', () => {
  expect(amounts(price([line('a', 1000)], [], 1900))).toEqual([[1000, 0, 190, 1190]])
  expect(amounts(price([line('a', 1190, 1, true)], [], 1900))).toEqual([[1000, 0, 190, 1190]])
  // 19 % of 0.50 is 0.095: halves go up.
  expect(amounts(price([line('a', 50)], [], 1900))).toEqual([[50, 0, 10, 60]])
})

test('codes are taken off one after the other, and the tax is on what they leave', () => {
  const half = discount({ amount: 5000 })
  expect(amounts(price([line('a', 1000)], [half, flat(100)], 1000))).toEqual([[1000, 600, 40, 440]])
  expect(amounts(price([line('a', 1000)], [flat(100), half], 1000))).toEqual([[1000, 550, 45, 495]])
  // Inside the price: 400 left has 36 of tax in it.
  expect(amounts(price([line('a', 1000, 1, true)], [half, flat(100)], 1000))).toEqual([[909, 545, 36, 400]])
})

test('a flat code is shared out over its products, and never takes more than they cost', () => {
  expect(amounts(price([line('a', 1000), line('b', 2000)], [flat(100)]))).toEqual([
    [1000, 33, 0, 967],
    [2000, 67, 0, 1933],
  ])
  expect(amounts(price([line('a', 1000), line('b', 2000)], [flat(5000)]))).toEqual([
    [1000, 1000, 0, 0],
    [2000, 2000, 0, 0],
  ])
  const only = { ...flat(5000), restricted_to: ['b'] }
  expect(amounts(price([line('a', 1000), line('b', 2000)], [only]))).toEqual([
    [1000, 0, 0, 1000],
    [2000, 2000, 0, 0],
  ])
})

test('a percentage stops at the most that its currency allows', () => {
  const capped = discount({
    amount: 5000,
    currency_options: [{ currency: 'USD', is_default: true, minimum_subtotal: 0, max_amount_possible: 300 }],
  })
  expect(amounts(price([line('a', 1000), line('b', 2000)], [capped]))).toEqual([
    [1000, 100, 0, 900],
    [2000, 200, 0, 1800],
  ])
})

test('a currency without a row takes the default one, converted', () => {
  expect(amounts(price([line('a', 1000)], [flat(100)], 0, 'EUR'))).toEqual([[1000, 92, 0, 908]])
  expect(amounts(price([line('a', 1000)], [flat(100)], 0, 'JPY'))).toEqual([[1000, 150, 0, 850]])
})

test('exchange knows how many digits a currency has, and rounds halves up', () => {
  expect(exchange(4000, 'USD', 'EUR')).toBe(3680)
  expect(exchange(4000, 'USD', 'JPY')).toBe(6000)
  expect(exchange(1, 'USD', 'JPY')).toBe(2)
  expect(exchange(6000, 'JPY', 'USD')).toBe(4000)
  expect(exchange(999, 'USD', 'INR')).toBe(84_915)
  expect(exchange(4000, 'EUR', 'GBP')).toBe(3478)
  expect(() => exchange(1, 'USD', 'KWD')).toThrow(RangeError)
  expect([isAdaptive('KWD'), minimumCharge('GBP'), minimumCharge('KWD')]).toEqual([false, 30, 0])
})

test('however much is asked, a ratio is exact', () => {
  expect(roundedRatio(Number.MAX_SAFE_INTEGER, 3, 3)).toBe(Number.MAX_SAFE_INTEGER)
  fc.assert(
    fc.property(fc.nat(1_000_000_000), fc.integer({ min: 1, max: 30_000 }), (amount, denominator) => {
      const rounded = roundedRatio(amount, 1, denominator)
      expect(Math.abs(rounded * denominator - amount) * 2).toBeLessThanOrEqual(denominator)
    }),
  )
})

test('parts sum to the whole, whatever the weights', () => {
  fc.assert(
    fc.property(
      fc.nat(1_000_000),
      fc.array(fc.nat(10_000), { minLength: 1, maxLength: 8 }),
      (amount, weights) => {
        const parts = splitInProportion(amount, weights)
        const whole = weights.some((weight) => weight > 0) ? amount : 0
        expect(parts.reduce((sum, part) => sum + part, 0)).toBe(whole)
        expect(parts.every((part) => part >= 0)).toBe(true)
      },
    ),
  )
})

test('subtotal, less discount, and tax make the amount; nothing is below zero, and a code makes nothing dearer', () => {
  const anyLine = fc.record({
    unit_amount: fc.nat(100_000),
    quantity: fc.integer({ min: 1, max: 5 }),
    tax_inclusive: fc.boolean(),
  })
  const anyCode = fc.oneof(
    fc.integer({ min: 1, max: 10_000 }).map((amount) => discount({ amount })),
    fc.integer({ min: 1, max: 100_000 }).map((amount) => flat(amount)),
  )
  fc.assert(
    fc.property(
      fc.array(anyLine, { minLength: 1, maxLength: 5 }),
      fc.array(anyCode, { maxLength: 4 }),
      fc.integer({ min: 0, max: 3000 }),
      (cart, codes, rate) => {
        const lines = cart.map((item, index) => ({ ...line(`p${index}`, 0), ...item }))
        const full = price(lines, [], rate)
        for (const [index, priced] of price(lines, codes, rate).entries()) {
          expect(priced.subtotal - priced.discount + priced.tax).toBe(priced.amount)
          expect(Math.min(priced.discount, priced.tax, priced.amount)).toBeGreaterThanOrEqual(0)
          expect(priced.amount).toBeLessThanOrEqual(full[index]?.amount ?? 0)
        }
      },
    ),
  )
})
