/**
 * Credits: a branded bigint of millionths of a credit. On the wire a decimal string (`"12.5"`), in the database a
 * `bigint` column ending in `_micros`. No float touches them.
 */
declare const brand: unique symbol
export type Credits = bigint & { readonly [brand]: 'Credits' }

const decimals = 6
const microsPerCredit = 10n ** BigInt(decimals)

/** A fifth of what a Postgres bigint holds: no sum over a wallet can overflow before the database refuses it. */
export const largestCredits = micros(1_000_000_000_000n * microsPerCredit)

export const zeroCredits: Credits = micros(0n)

/** Marks a count of millionths as credits. For sums and differences of credits, and for what the database returns. */
export function micros(count: bigint): Credits {
  return count as Credits
}

/**
 * Credits from a decimal, as people and programs write it: `"12.5"`, `"100"`, or a whole number.
 * Returns undefined for anything else: more than six decimals, signs, exponents, fractions given as numbers (they are floats).
 */
export function creditsFromDecimal(decimal: string | number): Credits | undefined {
  if (typeof decimal === 'number') {
    return Number.isSafeInteger(decimal) && decimal >= 0
      ? inRange(BigInt(decimal) * microsPerCredit)
      : undefined
  }
  const parts = /^(\d{1,13})(?:\.(\d{1,6}))?$/.exec(decimal)
  if (parts === null) return undefined
  const [, whole = '0', fraction = ''] = parts
  return inRange(BigInt(whole) * microsPerCredit + BigInt(fraction.padEnd(decimals, '0')))
}

/** The same with a sign before it where something is taken: `"-12.5"`. Undefined for anything else, a plus among it. */
export function signedCreditsFromDecimal(decimal: string | number): Credits | undefined {
  const isNegative = typeof decimal === 'number' ? decimal < 0 : decimal.startsWith('-')
  if (!isNegative) return creditsFromDecimal(decimal)
  const credits = creditsFromDecimal(typeof decimal === 'number' ? -decimal : decimal.slice(1))
  return credits === undefined ? undefined : micros(0n - credits)
}

function inRange(count: bigint): Credits | undefined {
  return count <= largestCredits ? micros(count) : undefined
}

/** The shortest exact decimal: `12500000n` is `"12.5"`. */
export function decimalFromCredits(credits: bigint): string {
  const sign = credits < 0n ? '-' : ''
  const count = credits < 0n ? -credits : credits
  const fraction = (count % microsPerCredit).toString().padStart(decimals, '0').replace(/0+$/, '')
  const whole = (count / microsPerCredit).toString()
  return fraction === '' ? `${sign}${whole}` : `${sign}${whole}.${fraction}`
}

export function add(a: Credits, b: Credits): Credits {
  return micros(a + b)
}

export function smaller(a: Credits, b: Credits): Credits {
  return a < b ? a : b
}

export function total(all: Iterable<Credits>): Credits {
  let sum = 0n
  for (const one of all) sum += one
  return micros(sum)
}
