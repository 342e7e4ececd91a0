/** Money: whole minor units (cents; yen have none) of an ISO 4217 currency. No float touches it. */
export interface Money {
  readonly amountMinor: bigint
  readonly currency: string
}

/** How many decimals a currency has where it is not two (ISO 4217). */
const decimalsOf: Readonly<Record<string, number>> = {
  JPY: 0,
  KRW: 0,
  VND: 0,
  CLP: 0,
  KWD: 3,
  BHD: 3,
  JOD: 3,
  OMR: 3,
  TND: 3,
}

export function currencyDecimals(currency: string): number {
  return decimalsOf[currency] ?? 2
}

/** `{ amountMinor: 1999n, currency: 'USD' }` is `"19.99 USD"`. */
export function formatMoney(money: Money): string {
  const decimals = currencyDecimals(money.currency)
  if (decimals === 0) return `${money.amountMinor} ${money.currency}`
  const digits = money.amountMinor.toString().padStart(decimals + 1, '0')
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)} ${money.currency}`
}
