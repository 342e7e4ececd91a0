import type { CurrencyOption, Discount } from '../discounts/discount.ts'
import { exchange, isAdaptive } from './exchange-rates.ts'
import type { SaleLine } from './price.ts'
import { roundedRatio, splitInProportion } from './rounding.ts'

/** A discount's row for a currency: its own, or the default one converted; `undefined` when it has neither. */
export function currencyOption(discount: Discount, currency: string): CurrencyOption | undefined {
  const own = discount.currency_options.find((option) => option.currency === currency)
  if (own) return own
  const source = discount.currency_options.find((option) => option.is_default)
  if (!source || !isAdaptive(source.currency) || !isAdaptive(currency)) return undefined
  const converted = (amount: number) => exchange(amount, source.currency, currency)
  return {
    currency,
    is_default: false,
    minimum_subtotal: converted(source.minimum_subtotal),
    max_amount_possible: source.max_amount_possible === null ? null : converted(source.max_amount_possible),
  }
}

export function isEligible(discount: Pick<Discount, 'restricted_to'>, productId: string): boolean {
  return discount.restricted_to.length === 0 || discount.restricted_to.includes(productId)
}

/** What a discount takes off each line, of what is left of it. A flat one is shared out over the lines it is for. */
export function discountOn(
  discount: Discount,
  option: CurrencyOption | undefined,
  lines: readonly SaleLine[],
  left: readonly number[],
): number[] {
  const eligible = lines.map((line, index) =>
    isEligible(discount, line.product_id) ? (left[index] ?? 0) : 0,
  )
  const eligibleSum = eligible.reduce((sum, amount) => sum + amount, 0)
  const most = Math.min(option?.max_amount_possible ?? eligibleSum, eligibleSum)
  if (discount.type === 'flat') return splitInProportion(option ? most : 0, eligible)
  const off = eligible.map((amount) => roundedRatio(amount, discount.amount, 10_000))
  const sum = off.reduce((total, amount) => total + amount, 0)
  return sum > most ? splitInProportion(most, eligible) : off
}
