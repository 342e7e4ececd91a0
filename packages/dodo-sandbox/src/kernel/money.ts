// ISO 4217, List One, as its maintainer SIX publishes it. Not Intl: its digits are the CLDR's, which are of what is in use, as none for HUF, IDR, IQD and PKR.
const withoutDecimals = new Set('BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF'.split(' '))
const withThreeDecimals = new Set('BHD IQD JOD KWD LYD OMR TND'.split(' '))

/** The digits after the point of a currency: 2 for USD, 0 for JPY, 3 for KWD. */
export function currencyDigits(currency: string): number {
  if (withoutDecimals.has(currency)) return 0
  return withThreeDecimals.has(currency) ? 3 : 2
}

/** An amount of the smallest unit as people read it: `4000` and `USD` give `$40.00`. */
export function formatMoney(amountMinor: number, currency: string): string {
  return format(amountMinor, { style: 'currency', currency })
}

/** The same with the currency's code, for where its sign cannot be written: `USD 40.00`. */
export function formatMoneyWithCode(amountMinor: number, currency: string): string {
  const text = format(amountMinor, { style: 'currency', currency, currencyDisplay: 'code' })
  return text.replaceAll('\u00a0', ' ')
}

function format(amountMinor: number, options: Intl.NumberFormatOptions & { currency: string }): string {
  const sign = amountMinor < 0 ? '-' : ''
  const decimal = decimalFromAmount(Math.abs(amountMinor), options.currency)
  const digits = currencyDigits(options.currency)
  const formatter = new Intl.NumberFormat('en-US', {
    ...options,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
  // The formatter takes a decimal string exactly, so no amount passes through a float.
  return formatter.format(`${sign}${decimal}` as `${number}`)
}

/** An amount of the smallest unit as it is typed: `4000` and `USD` give `40.00`. */
export function decimalFromAmount(amountMinor: number, currency: string): string {
  const digits = currencyDigits(currency)
  if (digits === 0) return String(amountMinor)
  const padded = String(amountMinor).padStart(digits + 1, '0')
  return `${padded.slice(0, -digits)}.${padded.slice(-digits)}`
}

/** An amount as it is typed in the smallest unit: `40` and `USD` give `4000`; `undefined` when the text is none. */
export function amountFromDecimal(text: string, currency: string): number | undefined {
  const digits = currencyDigits(currency)
  const [, whole = '', fraction = ''] = /^(\d{1,9})(?:\.(\d+))?$/.exec(text.trim()) ?? []
  if (whole === '' || fraction.length > digits) return undefined
  return Number(whole + fraction.padEnd(digits, '0'))
}

const CURRENCIES =
  'AED ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BWP BYN BZD CAD CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD JMD JOD JPY KES KGS KHR KMF KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SZL THB TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW'

/** The currencies that Dodo knows, by ISO 4217 code. */
export const currencies: ReadonlySet<string> = new Set(CURRENCIES.split(' '))
