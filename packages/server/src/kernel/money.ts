/** Money: whole minor units (cents; yen have none) of an ISO 4217 currency. No float touches it. */
export interface Money {
  readonly amountMinor: bigint
  readonly currency: string
}

export const currencyPattern = /^[A-Z]{3}$/
export const notCurrency = 'must be a currency of ISO 4217: "USD".'

// ISO 4217, List One, as its maintainer SIX publishes it. Not Intl: its digits are the CLDR's, which are of what is in use, as none for HUF, IDR, IQD and PKR.
const withoutDecimals = new Set('BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF'.split(' '))
const withThreeDecimals = new Set('BHD IQD JOD KWD LYD OMR TND'.split(' '))

/** How many decimals the minor unit of a currency has. */
export function currencyDecimals(currency: string): number {
  if (withoutDecimals.has(currency)) return 0
  return withThreeDecimals.has(currency) ? 3 : 2
}

/** `{ amountMinor: 1999n, currency: 'USD' }` is `"19.99 USD"`. */
export function formatMoney(money: Money): string {
  const decimals = currencyDecimals(money.currency)
  if (decimals === 0) return `${money.amountMinor} ${money.currency}`
  const digits = money.amountMinor.toString().padStart(decimals + 1, '0')
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)} ${money.currency}`
}
