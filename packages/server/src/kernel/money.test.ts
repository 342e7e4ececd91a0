import { expect, test } from 'vitest'
import { currencyDecimals, formatMoney } from './money.ts'

test('a minor unit is the one that ISO 4217 gives the currency, also where fewer digits are in use', () => {
  const of = (decimals: number, currencies: string) =>
    currencies.split(' ').map((currency) => [currency, decimals])
  const known = [
    ...of(0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF'),
    ...of(3, 'BHD IQD JOD KWD LYD OMR TND'),
    ...of(2, 'USD EUR HUF IDR PKR TWD MGA MRU'),
  ] as const
  expect(known.map(([currency]) => [currency, currencyDecimals(String(currency))])).toEqual(known)
})

test.each([
  [1999n, 'USD', '19.99 USD'],
  [5n, 'USD', '0.05 USD'],
  [1500n, 'XAF', '1500 XAF'],
  [1500n, 'IQD', '1.500 IQD'],
  [5n, 'IQD', '0.005 IQD'],
])('%d minor units of %s are written %s', (amountMinor, currency, written) => {
  expect(formatMoney({ amountMinor, currency })).toBe(written)
})
