import type { z } from '@hono/zod-openapi'
import type { RequestIssue } from '../kernel/invalid-request.ts'

type ZodIssue = z.core.$ZodIssue

/** What is wrong with one part of a request, as paths and sentences that say what to write. `prefix` is `''` for the body. */
export function requestIssues(
  error: z.ZodError,
  part: { readonly prefix: string; readonly schema: z.ZodObject },
): RequestIssue[] {
  return error.issues.flatMap((issue) => explain(issue, part))
}

function explain(issue: ZodIssue, part: { prefix: string; schema: z.ZodObject }): RequestIssue[] {
  const path = [part.prefix, ...issue.path.map(String)].filter((step) => step !== '').join('.')
  switch (issue.code) {
    case 'unrecognized_keys': {
      const knownOnes = issue.path.length === 0 ? ` ${knownFields(part.schema)}` : ''
      return issue.keys.map((key) => ({
        path: path === '' ? key : `${path}.${key}`,
        message: `is not a known field; remove it or correct its name.${knownOnes}`,
      }))
    }
    case 'invalid_type':
      return [{ path, message: mustBe(article(issue.expected), issue.input, issue.expected) }]
    case 'invalid_key':
      return issue.issues.flatMap((inner) => explain({ ...inner, path: [...issue.path] }, part))
    case 'invalid_union': {
      if ('options' in issue && Array.isArray(issue.options))
        return [{ path, message: mustBeOneOf(issue.options, discriminatorOf(issue)) }]
      const [first] = issue.errors.flat()
      return first === undefined || issue.errors.every((errors) => errors[0]?.code === 'invalid_type')
        ? [{ path, message: mustBe(expectedOf(issue), issue.input) }]
        : explain({ ...first, path: [...issue.path, ...first.path] }, part)
    }
    case 'invalid_value':
      return [{ path, message: mustBeOneOf(issue.values, issue.input) }]
    default:
      return [{ path, message: issue.message }]
  }
}

function knownFields(schema: z.ZodObject): string {
  const known = Object.keys(schema.shape)
  return known.length === 0 ? 'No field is known here.' : `Known fields here: ${known.join(', ')}.`
}

function expectedOf(issue: Extract<ZodIssue, { code: 'invalid_union' }>): string {
  const expected = issue.errors
    .flat()
    .map((error) => (error.code === 'invalid_type' ? error.expected : 'value'))
  return [...new Set(expected)].map(article).join(' or ')
}

function article(expected: string): string {
  if (expected === 'int') return 'a whole number'
  return /^[aeiou]/.test(expected) ? `an ${expected}` : `a ${expected}`
}

function mustBe(what: string, input: unknown, expected?: string): string {
  return input === undefined ? `is missing; it must be ${what}.` : `must be ${what}${found(input, expected)}.`
}

function mustBeOneOf(values: readonly unknown[], input: unknown): string {
  const oneOf = `must be one of ${values.map(String).join(', ')}.`
  return input === undefined ? `is missing; it ${oneOf}` : oneOf
}

/** What the field says that tells the kinds of a union apart: the issue itself has all that the field is a part of. */
function discriminatorOf({ input, discriminator }: Extract<ZodIssue, { code: 'invalid_union' }>): unknown {
  return typeof input === 'object' && input !== null && discriminator !== undefined
    ? Object.entries(input).find(([name]) => name === discriminator)?.[1]
    : input
}

function found(input: unknown, expected?: string): string {
  // A fraction is a number, too, and so is what text that is no number is read as.
  if (typeof input === 'number' && (expected === 'int' || expected === 'number')) return ''
  if (input === null) return ', not null'
  return Array.isArray(input) ? ', not an array' : `, not a ${typeof input}`
}
