/** Credits in units of 10^-10, the finest that Dodo keeps. On the wire they are decimal strings. */
export type Credits = bigint

const decimals = 10
const one = 10n ** BigInt(decimals)

// The bound of Dodo's NUMERIC(38,28) columns: fewer than 10^10 whole credits.
const pattern = /^(\d{1,10})(?:\.(\d{1,10}))?$/

/** Whether the text is an amount of at most so many decimals. */
export function isCredits(text: string, precision = decimals): boolean {
  const match = pattern.exec(text)
  return match !== null && (match[2] ?? '').length <= precision
}

/** `12.5` as units. Only for text that `isCredits` let through, or that this program wrote. */
export function creditsFromDecimal(text: string): Credits {
  const [whole = '0', fraction = ''] = text.split('.')
  return BigInt(whole) * one + BigInt(fraction.padEnd(decimals, '0'))
}

/** Units as they are written on the wire, without zeros that say nothing: `12.5`, `100`. */
export function decimalFromCredits(credits: Credits): string {
  const fraction = String(credits % one)
    .padStart(decimals, '0')
    .replace(/0+$/, '')
  return fraction === '' ? String(credits / one) : `${credits / one}.${fraction}`
}

/** So many hundredths of an amount, rounded down to the precision. */
export function floorPercentage(credits: Credits, percent: number, precision: number): Credits {
  return floorToPrecision((credits * BigInt(percent)) / 100n, precision)
}

/** `credits * numerator / denominator`, rounded down to the precision. */
export function floorShare(
  credits: Credits,
  share: { numerator: bigint; denominator: bigint },
  precision: number,
): Credits {
  return floorToPrecision((credits * share.numerator) / share.denominator, precision)
}

function floorToPrecision(credits: Credits, precision: number): Credits {
  const step = 10n ** BigInt(decimals - precision)
  return credits - (credits % step)
}

/** What credits cost at a price in the currency's main unit (`0.015` of a dollar), in its smallest unit, rounded up. */
export function ceilCostMinor(credits: Credits, pricePerUnit: string, minorDigits: number): number {
  const [whole = '0', fraction = ''] = pricePerUnit.split('.')
  const price = BigInt(whole + fraction)
  const denominator = one * 10n ** BigInt(fraction.length)
  const numerator = credits * price * 10n ** BigInt(minorDigits)
  return Number((numerator + denominator - 1n) / denominator)
}

export function smallerOf(one: Credits, other: Credits): Credits {
  return one < other ? one : other
}
