import { z } from '@hono/zod-openapi'
import { invalidRequest, type RequestIssue } from '../kernel/invalid-request.ts'

const pageSizeMax = 100
const pageSizeUsual = 20

/** The query of a list: `query: z.strictObject(pageQuery)`. */
export const pageQuery = {
  limit: z.coerce
    .number({ error: 'must be a whole number.' })
    .int({ error: 'must be a whole number.' })
    .min(1, { error: 'must be at least 1.' })
    .max(pageSizeMax, { error: `must be at most ${pageSizeMax}.` })
    .optional()
    .openapi({
      type: 'integer',
      minimum: 1,
      maximum: pageSizeMax,
      description: `${pageSizeUsual} unless given.`,
    }),
  cursor: z.string().optional().openapi({ description: '`next_cursor` of the page before.' }),
}

export function pageSize(limit: number | undefined): number {
  return limit ?? pageSizeUsual
}

/** A list's answer: newest first, `next_cursor` null on the last page. */
export function pageSchema<Item extends z.ZodType>(item: Item) {
  return z.object({ data: z.array(item), next_cursor: z.string().nullable() })
}

/** A place in a list as opaque text. */
export function encodeCursor(parts: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

/** @throws invalidRequest when the text is no cursor of such parts */
export function decodeCursor<Parts extends readonly z.ZodType[]>(text: string, ...parts: Parts) {
  const schema = z.tuple(parts as unknown as [z.ZodType, ...z.ZodType[]])
  const parsed = schema.safeParse(parseJson(Buffer.from(text, 'base64url').toString()))
  if (parsed.success) return parsed.data as { [Index in keyof Parts]: z.output<Parts[Index]> }
  const issue: RequestIssue = {
    path: 'query.cursor',
    message: 'must be the `next_cursor` of the page before, unchanged.',
  }
  throw invalidRequest({ issues: [issue] })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
