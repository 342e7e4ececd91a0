/** Amounts of credits are decimal strings with at most six decimals; they are computed with as integers of millionths. */

const decimals = 6

export function microsFromDecimal(amount: string): bigint {
  const [whole = '0', fraction = ''] = amount.split('.')
  return BigInt(whole + fraction.padEnd(decimals, '0'))
}

export function decimalFromMicros(micros: bigint): string {
  const sign = micros < 0n ? '-' : ''
  const digits = (micros < 0n ? -micros : micros).toString().padStart(decimals + 1, '0')
  const fraction = digits.slice(-decimals).replace(/0+$/, '')
  return `${sign}${digits.slice(0, -decimals)}${fraction === '' ? '' : `.${fraction}`}`
}

/** "1500" as "1,500": for reading, not for sending. */
export function readable(amount: string): string {
  const [whole = '0', fraction] = amount.split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

/** "1 credit", "5 credits". */
export function creditsText(amount: string): string {
  return `${readable(amount)} ${amount === '1' ? 'credit' : 'credits'}`
}
