/**
 * How values look on the wire, in both directions: credits as decimal text, money as minor units with a currency, instants in
 * ISO 8601. Schemas that read turn text into the kernel's types; functions named `…ToWire` turn them back.
 */
import { z } from '@hono/zod-openapi'
import { above, type Bounds, below, notWhole } from '../kernel/bounds.ts'
import {
  type Credits,
  creditsFromDecimal,
  decimalFromCredits,
  largestCredits,
  signedCreditsFromDecimal,
} from '../kernel/credits.ts'
import { currencyPattern, type Money, notCurrency } from '../kernel/money.ts'
import type { Facts } from '../kernel/refusal.ts'
import { catalogNameCharactersMax, issueOfCustomerId, issueOfText } from '../kernel/text.ts'
import { issueOfInstant } from '../kernel/time.ts'

/** What the kernel says is wrong with a value, as an issue of its schema. */
function refusing<Value>(issueOf: (value: Value) => string | undefined) {
  return (input: Value, context: z.core.$RefinementCtx<Value>): void => {
    const message = issueOf(input)
    if (message !== undefined) context.addIssue({ code: 'custom', message, input })
  }
}

/** A whole number in a request. */
export function wholeNumberSchema({ min, max }: Bounds) {
  return z
    .int({ error: notWhole })
    .min(min, { error: below(min) })
    .max(max, { error: above(max) })
}

/** Credits in an answer. */
export const creditsSchema = z
  .string()
  .openapi({ description: 'Credits, exact: a decimal with at most six decimals.', example: '12.5' })

/** Credits in a request: `"12.5"`, or a whole number. */
export const creditsInputSchema = z
  .union([z.string(), z.number()])
  .transform((written, context): Credits => {
    const credits = creditsFromDecimal(written)
    if (credits !== undefined) return credits
    context.addIssue({ code: 'custom', message: howToWriteCredits(written) })
    return z.NEVER
  })
  .openapi({
    anyOf: [
      { type: 'string', pattern: '^\\d{1,13}(\\.\\d{1,6})?$' },
      { type: 'integer', minimum: 0 },
    ],
    description: 'Credits: a decimal as text with at most six decimals, or a whole number.',
    example: '12.5',
  })

function howToWriteCredits(written: string | number): string {
  return (
    fractionAsNumber(written) ??
    tooLarge(written, /^\d+(\.\d{1,6})?$/) ??
    'must be a decimal without sign, with at most six decimals, written as text: "12.5".'
  )
}

function fractionAsNumber(written: string | number): string | undefined {
  if (typeof written === 'string' || Number.isInteger(written) || !Number.isFinite(written)) return undefined
  return `is the fraction ${written}, and a number with a fraction is not exact: write it as text, "${written}".`
}

/** Of what was not read: written well, it can only be too large. */
function tooLarge(written: string | number, wellWritten: RegExp): string | undefined {
  const text = typeof written === 'number' ? BigInt(written).toString() : written
  if (!wellWritten.test(text)) return undefined
  const most = decimalFromCredits(largestCredits)
  return text.startsWith('-') ? `must be at least -${most}.` : `must be at most ${most}.`
}

/** Credits that are added or taken: `"12.5"`, `"-12.5"`, or a whole number. */
export const signedCreditsInputSchema = z
  .union([z.string(), z.number()])
  .transform((written, context): Credits => {
    const credits = signedCreditsFromDecimal(written)
    if (credits !== undefined) return credits
    const message =
      fractionAsNumber(written) ??
      tooLarge(written, /^-?\d+(\.\d{1,6})?$/) ??
      'must be a decimal with at most six decimals, written as text: "12.5" adds, "-12.5" takes.'
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })
  .openapi({
    anyOf: [{ type: 'string', pattern: '^-?\\d{1,13}(\\.\\d{1,6})?$' }, { type: 'integer' }],
    description: 'Credits, with a minus where they are taken: a decimal as text, or a whole number.',
    example: '-12.5',
  })

export const moneySchema = z
  .object({
    amount_minor: z.int().openapi({ description: 'In the smallest unit of the currency: cents for USD.' }),
    currency: z.string().openapi({ description: 'ISO 4217', example: 'USD' }),
  })
  .openapi('Money')

/** What may be nothing. Not `nullable()`: that would make null of the schema's own component in the OpenAPI document. */
export function orNull<Schema extends z.ZodType>(schema: Schema, description: string) {
  return z.union([schema, z.null()]).openapi({ description })
}

/** Money in a request. */
export const moneyInputSchema = z
  .strictObject({
    amount_minor: z
      .int({ error: 'must be a whole number: cents for USD.' })
      .min(0, { error: 'must not be negative.' })
      .openapi({ description: 'In the smallest unit of the currency: cents for USD.' }),
    currency: z.string().regex(currencyPattern, { error: notCurrency }).openapi({ example: 'USD' }),
  })
  .transform(({ amount_minor: amountMinor, currency }): Money => {
    return { amountMinor: BigInt(amountMinor), currency }
  })

export type WireMoney = z.output<typeof moneySchema>

export function moneyToWire(money: Money): WireMoney {
  return { amount_minor: Number(money.amountMinor), currency: money.currency }
}

export const instantSchema = z
  .string()
  .openapi({ format: 'date-time', description: 'ISO 8601, UTC', example: '2026-11-22T12:00:00.000Z' })

/** An instant in a request. */
export const instantInputSchema = z.iso
  .datetime({ offset: true, error: 'must be an instant in ISO 8601 with its zone: "2026-11-22T12:00:00Z".' })
  .transform((text) => new Date(text))
  .superRefine(refusing(issueOfInstant))
  .openapi({ type: 'string', format: 'date-time', example: '2026-11-22T12:00:00Z' })

export function instantToWire(instant: Date): string {
  return instant.toISOString()
}

export function optionalInstantToWire(instant: Date | undefined): string | null {
  return instant === undefined ? null : instant.toISOString()
}

/** A customer's id: the app's own, byte for byte. */
export const customerIdSchema = z.string().superRefine(refusing(issueOfCustomerId)).openapi({
  minLength: 1,
  maxLength: 255,
  description: "The app's own id of its user or organisation, byte for byte.",
  example: 'user_42',
})

/** An address that a browser is sent to. */
export const webUrlSchema = z
  .url({ protocol: /^https?$/, error: 'must be a URL that starts with http:// or https://.' })
  .max(2048, { error: 'must have at most 2048 characters.' })

/** Text that people read: names, descriptions. */
export function textSchema(charactersMax: number) {
  return z
    .string()
    .superRefine(refusing((text) => issueOfText(text, charactersMax)))
    .openapi({ minLength: 1, maxLength: charactersMax })
}

/** A name that the catalog gives: of an action, a unit, a pack. */
export const catalogNameSchema = textSchema(catalogNameCharactersMax)

/** A refusal's facts: credits as decimals, money and instants as everywhere, names in snake_case, null for what there is none of. */
export function factsToWire(facts: Facts): Record<string, unknown> {
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [snakeCase(name), toWire(value)]))
}

function toWire(value: unknown): unknown {
  if (typeof value === 'bigint') return decimalFromCredits(value)
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.map(toWire)
  if (isMoney(value)) return moneyToWire(value)
  if (value === undefined) return null
  if (typeof value === 'object' && value !== null)
    return factsToWire(Object.fromEntries(Object.entries(value)))
  return value
}

function isMoney(value: unknown): value is Money {
  return (
    typeof value === 'object' &&
    value !== null &&
    'amountMinor' in value &&
    typeof value.amountMinor === 'bigint' &&
    'currency' in value &&
    typeof value.currency === 'string'
  )
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
