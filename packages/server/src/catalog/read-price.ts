import { type Credits, largestCredits, micros } from '../kernel/credits.ts'
import { currencyDecimals, formatMoney, type Money } from '../kernel/money.ts'
import type { Pack } from './catalog.ts'
import { type Fields, isFraction, isRecord, type Report, readFields, show } from './read-fields.ts'

/**
 * What a pack costs and brings: a price and its credits, or, where the customer chooses the amount, the least of both.
 *
 * @param credits as written with the pack: in all, or for each `per` of a chosen price; undefined where that had a problem
 */
export function readPackPrice(
  value: unknown,
  credits: Credits | undefined,
  path: string,
  report: Report,
): Pick<Pack, 'credits' | 'price' | 'chosen'> | undefined {
  if (isRecord(value) && ('per' in value || 'min' in value || 'max' in value))
    return readChosen(value, credits, path, report)
  const price = readPrice(value, `${path}.price`, report)
  return price === undefined || credits === undefined ? undefined : { credits, price, chosen: undefined }
}

function readChosen(
  value: Fields,
  creditsPer: Credits | undefined,
  path: string,
  report: Report,
): Pick<Pack, 'credits' | 'price' | 'chosen'> | undefined {
  readFields(value, `${path}.price`, ['per', 'min', 'max'], report)
  const [per, min, max] = ['per', 'min', 'max'].map((name) =>
    readPrice(value[name], `${path}.price.${name}`, report),
  )
  if (per === undefined || min === undefined || max === undefined || creditsPer === undefined)
    return undefined
  if (per.currency !== min.currency || max.currency !== min.currency) {
    report(
      `${path}.price`,
      `has amounts in ${per.currency}, ${min.currency} and ${max.currency}; write per, min and max in one currency.`,
    )
    return undefined
  }
  if (max.amountMinor < min.amountMinor) {
    report(`${path}.price.max`, `is ${formatMoney(max)}, less than min; write at least ${formatMoney(min)}.`)
    return undefined
  }
  // Every amount must bring credits that are exact, so the smallest unit of the currency must.
  if (creditsPer % per.amountMinor !== 0n) {
    report(
      `${path}.credits`,
      `cannot be divided exactly over ${formatMoney(per)}; write as many as the smallest unit of the currency (${formatMoney({ amountMinor: 1n, currency: per.currency })}) brings with at most six decimals, as in credits: 10, price: chosen({ per: usd(1), … }).`,
    )
    return undefined
  }
  const creditsPerMinor = micros(creditsPer / per.amountMinor)
  if (creditsPerMinor * max.amountMinor > largestCredits) {
    report(`${path}.price.max`, 'brings more than a trillion credits; write less.')
    return undefined
  }
  return {
    credits: micros(creditsPerMinor * min.amountMinor),
    price: min,
    chosen: { maxMinor: max.amountMinor, creditsPerMinor },
  }
}

const priceExample = "write a price above zero: usd(10), usd('9.99'), eur(10), or money(999, 'USD')"

function readPrice(value: unknown, path: string, report: Report): Money | undefined {
  if (!isRecord(value) || typeof value['currency'] !== 'string') {
    report(path, `is ${show(value)}; ${priceExample}.`)
    return undefined
  }
  const { currency } = value
  if (!/^[A-Z]{3}$/.test(currency)) {
    report(path, `has the currency ${show(currency)}; write three capital letters, as in 'USD'.`)
    return undefined
  }
  const written = value['amount'] ?? value['amountMinor']
  if (isFraction(written)) {
    const instead =
      'amount' in value
        ? `write it as text: ${currency.toLowerCase()}('${written}')`
        : 'write whole minor units: money(999, …) is 9.99'
    report(path, `has the fraction ${show(written)}, and a number with a fraction is not exact; ${instead}.`)
    return undefined
  }
  const amountMinor =
    'amount' in value ? minorFromDecimal(written, currencyDecimals(currency)) : wholeMinor(written)
  // Providers and JSON carry amounts as numbers: beyond this they would no longer be exact.
  if (amountMinor !== undefined && amountMinor > 0n && amountMinor <= BigInt(Number.MAX_SAFE_INTEGER))
    return { amountMinor, currency }
  report(path, `is ${show(written)} ${currency}; ${priceExample}.`)
  return undefined
}

function wholeMinor(written: unknown): bigint | undefined {
  return typeof written === 'number' && Number.isSafeInteger(written) ? BigInt(written) : undefined
}

/** `'9.99'` with two decimals is `999n`; undefined for what has more decimals than the currency, or is no decimal. */
function minorFromDecimal(written: unknown, decimals: number): bigint | undefined {
  const text = typeof written === 'number' ? written.toString() : written
  if (typeof text !== 'string') return undefined
  const [, whole, fraction = ''] = /^(\d{1,15})(?:\.(\d+))?$/.exec(text) ?? []
  if (whole === undefined || fraction.length > decimals) return undefined
  return BigInt(whole + fraction.padEnd(decimals, '0'))
}
