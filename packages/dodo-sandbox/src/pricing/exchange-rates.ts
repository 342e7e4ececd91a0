import { currencyDigits } from '../kernel/money.ts'
import { roundedRatio } from './rounding.ts'

interface AdaptiveCurrency {
  /** So many units cost so many US dollars. */
  units: number
  dollars: number
  /** Dodo's documented minimum charge, in the smallest unit. */
  minimum: number
  /** Where it is the currency shown. */
  countries: string
}

/** What can be billed in another currency than the product's, at rates that never move. */
const adaptiveCurrencies: Readonly<Record<string, AdaptiveCurrency>> = {
  USD: { units: 1, dollars: 1, minimum: 50, countries: 'US' },
  EUR: {
    units: 23,
    dollars: 25,
    minimum: 50,
    countries: 'AT BE CY EE FI FR DE GR IE IT LV LT LU MT NL PT SK SI ES AD MC HR SM ME',
  },
  GBP: { units: 4, dollars: 5, minimum: 30, countries: 'GB' },
  INR: { units: 85, dollars: 1, minimum: 500, countries: 'IN' },
  JPY: { units: 150, dollars: 1, minimum: 50, countries: 'JP' },
  AUD: { units: 3, dollars: 2, minimum: 50, countries: 'AU NR' },
  BRL: { units: 11, dollars: 2, minimum: 50, countries: 'BR' },
  CAD: { units: 137, dollars: 100, minimum: 50, countries: 'CA' },
  CHF: { units: 22, dollars: 25, minimum: 50, countries: 'CH LI' },
  SGD: { units: 27, dollars: 20, minimum: 50, countries: 'SG' },
}

const currenciesByCountry = new Map(
  Object.entries(adaptiveCurrencies).flatMap(([currency, { countries }]) =>
    countries.split(' ').map((country) => [country, currency] as const),
  ),
)

export function isAdaptive(currency: string): boolean {
  return currency in adaptiveCurrencies
}

/** The currency that customers of a country are shown; `undefined` where it is the product's own. */
export function currencyOfCountry(country: string): string | undefined {
  return currenciesByCountry.get(country)
}

/** The least that can be charged in a currency; none is known of those that are not in the table. */
export function minimumCharge(currency: string): number {
  return adaptiveCurrencies[currency]?.minimum ?? 0
}

/** An amount of one currency's smallest unit in another's. Both have to be adaptive. */
export function exchange(amount: number, from: string, to: string): number {
  if (from === to) return amount
  const source = adaptiveCurrencies[from]
  const target = adaptiveCurrencies[to]
  if (!source || !target) throw new RangeError(`There is no rate from ${from} to ${to}`)
  const digits = currencyDigits(to) - currencyDigits(from)
  return roundedRatio(
    amount,
    source.dollars * target.units * 10 ** Math.max(digits, 0),
    source.units * target.dollars * 10 ** Math.max(-digits, 0),
  )
}
