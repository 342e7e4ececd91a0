/** Amounts of credits are decimal strings with at most six decimals; they are compared exactly, as integers of millionths. */

const decimals = 6

/**
 * The decimal text of an amount. A number is taken for the nearest millionth, so that 0.1 + 0.2 means 0.3.
 *
 * @throws RangeError for what is not an amount: negative, not finite, or with a seventh decimal in a text
 */
export function decimalText(amount: string | number): string {
  const text =
    typeof amount === 'number' && Number.isFinite(amount) ? amount.toFixed(decimals) : String(amount)
  if (!/^\d{1,15}(\.\d{1,6})?$/.test(text)) {
    throw new RangeError(
      `Not an amount of credits: ${text}. Use a number, or text like "3.5" with at most six decimals.`,
    )
  }
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

export function isZero(amount: string): boolean {
  return micros(amount) === 0n
}

export function isMore(amount: string, than: string): boolean {
  return micros(amount) > micros(than)
}

function micros(amount: string): bigint {
  const [whole = '0', fraction = ''] = amount.split('.')
  return BigInt(whole + fraction.padEnd(decimals, '0'))
}
