import { type Discount, discountDetail } from '../discounts/discount.ts'
import { formatMoney } from '../kernel/money.ts'
import { invalidBody, Refusal } from '../kernel/refusal.ts'
import type { Transaction } from '../store/store.ts'
import { currencyOfCountry, exchange, isAdaptive, minimumCharge } from './exchange-rates.ts'
import type { Quote, QuoteLine, SaleLine } from './price.ts'
import { priceLines } from './price-lines.ts'
import { loadPricingSettings } from './settings.ts'
import { taxRateBps } from './tax-rates.ts'

export interface Sale {
  lines: readonly SaleLine[]
  /** The one that the lines are priced in. */
  currency: string
  /** The one to bill in; counts only where adaptive currency is on. Left out, it is the country's. */
  billingCurrency?: string | null
  /** Whose tax is taken. */
  country: string
}

export interface QuoteSale extends Sale {
  /** Checked already, in the order they are taken off. */
  discounts: readonly Discount[]
}

const unsupportedCurrency = (currency: string) =>
  new Refusal(422, 'UNSUPPORTED_CURRENCY', `billing_currency: nothing can be billed in ${currency} here`)

const belowMinimum = (currency: string) =>
  new Refusal(
    422,
    'TOTAL_PAYMENT_AMOUNT_BELOW_MINIMUM_AMOUNT',
    `Minimum amount of ${formatMoney(minimumCharge(currency), currency)} is required to process payment`,
  )

/**
 * What a sale costs in a country. A total of zero is one: it needs no card.
 *
 * @throws unsupportedCurrency when the billing currency has no rate
 * @throws belowMinimum when the total is under the least that can be charged, and not zero
 */
export function quoteSale(tx: Transaction, input: QuoteSale): Quote {
  const currency = billedCurrency(tx, input)
  const rate = loadPricingSettings(tx).tax ? taxRateBps(input.country) : 0
  const quoted = (inCurrency: string) =>
    sumOf(
      priceLines({
        lines: linesIn(input, inCurrency),
        currency: inCurrency,
        discounts: input.discounts,
        taxRateBps: rate,
      }),
    )
  const billed = quoted(currency)
  const settled = quoted(input.currency)
  if (!Number.isSafeInteger(billed.total) || !Number.isSafeInteger(settled.total))
    throw invalidBody('product_cart: the total is too large')
  if (billed.total > 0 && billed.total < minimumCharge(currency)) throw belowMinimum(currency)
  return {
    country: input.country,
    currency,
    ...billed,
    settlement: {
      currency: input.currency,
      total: settled.total,
      tax: settled.tax,
      discount: settled.discount,
      lines: settled.lines.map(({ name, quantity, subtotal }) => ({ name, quantity, amount: subtotal })),
    },
    discounts: input.discounts.map(discountDetail),
  }
}

/** @throws unsupportedCurrency when the one asked for has no rate */
export function billedCurrency(
  tx: Transaction,
  { billingCurrency, currency, country }: Omit<Sale, 'lines'>,
): string {
  if (!loadPricingSettings(tx).adaptive_currency) return currency
  if (billingCurrency) {
    if (billingCurrency === currency) return currency
    if (!isAdaptive(billingCurrency) || !isAdaptive(currency)) throw unsupportedCurrency(billingCurrency)
    return billingCurrency
  }
  return isAdaptive(currency) ? (currencyOfCountry(country) ?? currency) : currency
}

/** The lines with their unit prices in another currency. */
export function linesIn({ lines, currency }: Pick<Sale, 'lines' | 'currency'>, other: string): SaleLine[] {
  return lines.map((line) => ({ ...line, unit_amount: exchange(line.unit_amount, currency, other) }))
}

function sumOf(lines: QuoteLine[]) {
  const sum = (of: (line: QuoteLine) => number) => lines.reduce((total, line) => total + of(line), 0)
  return {
    lines,
    subtotal: sum((line) => line.subtotal),
    discount: sum((line) => line.discount),
    tax: sum((line) => line.tax),
    total: sum((line) => line.amount),
  }
}
