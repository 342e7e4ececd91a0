import { z } from '@hono/zod-openapi'
import { Fault, Refusal } from '../kernel/refusal.ts'
import { databaseUnavailable, internalError } from './errors.ts'
import { factsToWire } from './wire.ts'

/** What every error answers (RFC 9457), with the refusal's facts beside. */
export const problemSchema = z
  .looseObject({
    type: z.string().openapi({ description: 'Names the kind of problem, for good.' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().openapi({ description: 'What was wrong this time, and what to do.' }),
    instance: z.string().openapi({ description: "The request's id, as in the server's log." }),
    code: z.string().openapi({ description: 'What programs compare.', example: 'invalid_request' }),
  })
  .openapi('Problem')

export type Problem = z.output<typeof problemSchema>

export interface ProblemAnswer {
  readonly problem: Problem
  readonly headers: Readonly<Record<string, string>>
}

/** How long a caller waits before trying again after a fault that says nothing better. */
const retryAfterSeconds = 1

/** Any error as a problem. What is neither a refusal nor a fault is a bug, and is told nothing of. */
export function problemFrom(error: unknown, requestId: string): ProblemAnswer {
  if (error instanceof Refusal) return answer(error, requestId)
  if (error instanceof Fault) {
    const { code, message, retryable } = error
    const { title } = databaseUnavailable.definition
    const wait = retryable ? { retryAfterSeconds } : {}
    return answer(new Refusal({ code, status: 503, title }, message, wait), requestId)
  }
  return answer(internalError({ requestId }), requestId)
}

function answer(refusal: Refusal, requestId: string): ProblemAnswer {
  const { code, status, title, message: detail, facts } = refusal
  const wait = facts['retryAfterSeconds']
  return {
    problem: {
      type: `urn:tallystick:problem:${code}`,
      title,
      status,
      detail,
      instance: requestId,
      code,
      ...factsToWire(facts),
    },
    headers: {
      ...(typeof wait === 'number' ? { 'retry-after': String(wait) } : {}),
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...(Array.isArray(facts['allowed']) ? { allow: facts['allowed'].join(', ') } : {}),
    },
  }
}
