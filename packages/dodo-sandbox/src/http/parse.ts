import type { Context } from 'hono'
import { z } from 'zod'
import { invalidBody, invalidParameters, notCovered, Refusal } from '../kernel/refusal.ts'

/**
 * The request's JSON body, as the schema has it.
 *
 * @throws a 400 when the body is no JSON, a 422 naming the first field that is wrong
 */
export async function parseBody<Schema extends z.ZodType>(
  context: Context,
  schema: Schema,
): Promise<z.output<Schema>> {
  const text = await context.req.text()
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw new Refusal(400, 'INVALID_REQUEST_BODY', 'The request body is not JSON.')
  }
  const parsed = schema.safeParse(body)
  if (!parsed.success) throw invalidBody(describeIssue(parsed.error))
  return parsed.data
}

/** A page's form, as the schema has it; what was left empty counts as left out. A 422 names the first field that is wrong. */
export async function parseForm<Schema extends z.ZodType>(
  context: Context,
  schema: Schema,
): Promise<z.output<Schema>> {
  const filled = Object.entries(await context.req.parseBody()).filter(([, value]) => value !== '')
  const parsed = schema.safeParse(Object.fromEntries(filled))
  if (!parsed.success) throw invalidBody(describeIssue(parsed.error))
  return parsed.data
}

/** The query string, as the schema has it; a 422 names the first parameter that is wrong. */
export function parseQuery<Schema extends z.ZodType>(context: Context, schema: Schema): z.output<Schema> {
  const parsed = schema.safeParse(context.req.query())
  if (!parsed.success) throw invalidParameters(describeIssue(parsed.error))
  return parsed.data
}

function describeIssue(error: z.ZodError): string {
  const issue = error.issues[0]
  if (!issue) return 'The request is invalid.'
  const path = issue.path.map(String).join('.')
  return path === '' ? issue.message : `${path}: ${issue.message}`
}

/** `page_number` counts from zero; `page_size` is 10 unless asked otherwise, and at most 100. */
export const pageQuery = {
  page_number: z.coerce.number().int().min(0).max(1_000_000).default(0),
  page_size: z.coerce.number().int().min(1).max(100).default(10),
}

export interface Page {
  page_number: number
  page_size: number
}

/** An instant of a query string, in the one form that the state compares as text. */
export const instantQuery = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text).toISOString())
  .optional()

export const booleanQuery = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .optional()

/** An `http:` or `https:` address, as Dodo accepts for webhooks and for where customers return. */
export const webUrl = z
  .string()
  .max(2048)
  .refine(
    (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
    'must be an http or https URL',
  )

const metadataValue = z.union([z.string().max(500), z.number(), z.boolean()])

/** Dodo's metadata: a flat map of at most 50 strings, numbers and booleans. */
export const metadataSchema = z
  .record(z.string().max(40), metadataValue)
  .refine((metadata) => Object.keys(metadata).length <= 50, 'has more than 50 keys')

export type Metadata = z.output<typeof metadataSchema>

/** Refuses a request that asks for something in the list: answering without it would be a wrong 200. */
export function refuseUncovered(wanted: Record<string, unknown>): void {
  for (const [what, value] of Object.entries(wanted)) {
    if (value === undefined || value === null || value === false) continue
    if (Array.isArray(value) && value.length === 0) continue
    throw notCovered(what)
  }
}
