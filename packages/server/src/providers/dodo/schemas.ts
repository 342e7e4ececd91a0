/**
 * How Dodo's values are read. Its shapes drift: fields come and go, numbers arrive as text, enumerations grow. So only what is needed is read, whatever
 * may be missing is allowed to be, and no value of an enumeration is refused. Every text is made storable: a telling that cannot be kept is lost.
 */
import { z } from 'zod'
import { currencyDecimals, type Money } from '../../kernel/money.ts'
import { storable } from '../../kernel/storable.ts'

export const text = z.string().min(1).transform(storable)

/** Text, or nothing: what is neither is nothing too. */
export const optionalText = z
  .string()
  .nullish()
  .catch(null)
  .transform((value) => (value === null || value === undefined || value === '' ? undefined : storable(value)))

export const count = z.union([
  z.int(),
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number),
])

export const minorUnits = z.union([
  z.int().min(0),
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
])

/** A decimal above or at zero, as text. The types say text, and servers have been seen to send numbers. */
export const decimalText = z
  .union([z.string().regex(/^\d+(\.\d+)?$/), z.number().min(0).transform(String)])
  // Dodo keeps up to 28 decimals, and may write all of them.
  .transform((decimal) => (decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal))

export const currencyCode = z
  .string()
  .regex(/^[A-Za-z]{3}$/)
  .transform((code) => code.toUpperCase())

export const optionalInstant = z
  .string()
  .nullish()
  .catch(null)
  .transform((written) => {
    const at = new Date(written ?? Number.NaN)
    return Number.isNaN(at.getTime()) ? undefined : at
  })

/**
 * Of a dispute the amount is text, and no source says in which unit: with a point it is read as units of the currency, without one as minor units.
 */
export function moneyFrom(amount: unknown, currency: unknown): Money | undefined {
  const code = currencyCode.safeParse(currency).data
  if (code === undefined) return undefined
  const whole = minorUnits.safeParse(amount).data
  if (whole !== undefined) return { amountMinor: BigInt(whole), currency: code }
  const written = typeof amount === 'string' ? /^(\d{1,12})\.(\d+)$/.exec(amount) : null
  if (written === null) return undefined
  const decimals = currencyDecimals(code)
  const [, units = '', fraction = ''] = written
  if (/[1-9]/.test(fraction.slice(decimals))) return undefined
  return { amountMinor: BigInt(units + fraction.slice(0, decimals).padEnd(decimals, '0')), currency: code }
}

/** What is wrong with a value, for people. */
export function describeIssues(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
}
