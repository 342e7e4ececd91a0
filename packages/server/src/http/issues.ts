import type { z } from '@hono/zod-openapi'
import { article, mustBe, mustBeOneOf, mustBeThat, type RequestIssue } from '../kernel/invalid-request.ts'

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
      return [{ path, message: mustBe(issue.expected, issue.input) }]
    case 'invalid_key':
      return issue.issues.flatMap((inner) => explain({ ...inner, path: [...issue.path] }, part))
    case 'invalid_union': {
      if ('options' in issue && Array.isArray(issue.options))
        return [{ path, message: mustBeOneOf(issue.options, discriminatorOf(issue)) }]
      const [first] = issue.errors.flat()
      return first === undefined || issue.errors.every((errors) => errors[0]?.code === 'invalid_type')
        ? [{ path, message: mustBeThat(expectedOf(issue), issue.input) }]
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

/** What the field says that tells the kinds of a union apart: the issue itself has all that the field is a part of. */
function discriminatorOf({ input, discriminator }: Extract<ZodIssue, { code: 'invalid_union' }>): unknown {
  return typeof input === 'object' && input !== null && discriminator !== undefined
    ? Object.entries(input).find(([name]) => name === discriminator)?.[1]
    : input
}
