import type { Discount } from '../discounts/discount.ts'
import { currencyOption, discountOn } from './discount-amounts.ts'
import type { QuoteLine, SaleLine } from './price.ts'
import { roundedRatio } from './rounding.ts'

export interface PriceLines {
  lines: readonly SaleLine[]
  currency: string
  /** In the order they are taken off. */
  discounts: readonly Discount[]
  taxRateBps: number
}

/** Works out lines that are in the currency already: discounts first, tax on what they leave. */
export function priceLines({ lines, currency, discounts, taxRateBps }: PriceLines): QuoteLine[] {
  const before = lines.map((line) => line.unit_amount * line.quantity)
  const left = [...before]
  for (const discount of discounts) {
    const option = currencyOption(discount, currency)
    const off = discountOn(discount, option, lines, left)
    for (const [index, amount] of off.entries()) left[index] = (left[index] ?? 0) - amount
  }
  return lines.map((line, index) => quoteLine(line, before[index] ?? 0, left[index] ?? 0, taxRateBps))
}

function quoteLine(line: SaleLine, before: number, left: number, taxRateBps: number): QuoteLine {
  const tax = line.tax_inclusive ? taxInside(left, taxRateBps) : roundedRatio(left, taxRateBps, 10_000)
  const subtotal = line.tax_inclusive ? before - taxInside(before, taxRateBps) : before
  const amount = line.tax_inclusive ? left : left + tax
  const { product_id, name, description, quantity, unit_amount, tax_inclusive } = line
  return {
    product_id,
    name,
    description,
    quantity,
    unit_amount,
    subtotal,
    discount: subtotal - (amount - tax),
    tax,
    amount,
    tax_rate_bps: taxRateBps,
    tax_inclusive,
  }
}

function taxInside(amount: number, taxRateBps: number): number {
  return roundedRatio(amount, taxRateBps, 10_000 + taxRateBps)
}
