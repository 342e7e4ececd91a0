/** What both doors answer to what is malformed: HTTP, and the engine inside a process. */
import { refusal } from './refusal.ts'

/** Takes what is wrong with one field: notes it, or throws. */
export type ReportIssue = (path: string, message: string) => void

export interface RequestIssue {
  /** Where in the request: `credits`, `query.limit`; empty for the body as a whole. */
  readonly path: string
  /** What was wrong with it, and what to write. */
  readonly message: string
}

export const invalidRequest = refusal({
  code: 'invalid_request',
  status: 400,
  title: 'The request is malformed',
  detail: (facts: { issues: readonly RequestIssue[] }) =>
    facts.issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join(' '),
  help: '`issues` names each field and what to write there. Nothing was done.',
})

export const idempotencyKeyRequired = refusal({
  code: 'idempotency_key_required',
  status: 400,
  title: 'An Idempotency-Key is required',
  detail: (facts: { reason: string }) =>
    `${facts.reason} Send the header Idempotency-Key, at most 255 characters, a new UUID for each new request, and the same one when you repeat it.`,
  help: 'With the key a request can be repeated after a lost answer without being done twice. The client library makes keys by itself.',
})

/** Of what has the wrong type, or is missing. */
export function mustBe(expected: string, input: unknown): string {
  return mustBeThat(article(expected), input, expected)
}

/** The same of what is said in words. */
export function mustBeThat(what: string, input: unknown, expected?: string): string {
  return input === undefined ? `is missing; it must be ${what}.` : `must be ${what}${found(input, expected)}.`
}

export function mustBeOneOf(known: readonly unknown[], input: unknown): string {
  const oneOf = `must be one of ${known.map(String).join(', ')}.`
  return input === undefined ? `is missing; it ${oneOf}` : oneOf
}

export function article(expected: string): string {
  if (expected === 'int') return 'a whole number'
  return /^[aeiou]/.test(expected) ? `an ${expected}` : `a ${expected}`
}

/** What was there instead. */
function found(input: unknown, expected?: string): string {
  // A fraction is a number, too, and so is what text that is no number is read as.
  if (typeof input === 'number' && (expected === 'int' || expected === 'number')) return ''
  if (input === null) return ', not null'
  return Array.isArray(input) ? ', not an array' : `, not a ${typeof input}`
}
