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
