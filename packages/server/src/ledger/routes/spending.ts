/** What charges and holds have in common on the wire: what is to be paid for, limits, observing. */
import { z } from '@hono/zod-openapi'
import { invalidAmount, unknownAction, unknownUnit } from '../../catalog/errors.ts'
import type { SpendingFields } from '../../catalog/price-spending.ts'
import { problemSchema } from '../../http/problem.ts'
import {
  creditsInputSchema,
  creditsSchema,
  customerIdSchema,
  instantSchema,
  textSchema,
} from '../../http/wire.ts'
import { keyReused, limitExceeded, overloaded } from '../errors.ts'
import type { WouldRefuse } from '../operations.ts'
import {
  charactersMax,
  checkLimitedAction,
  checkLimitSubject,
  limitSubjects,
  limitsMax,
  limitWindows,
  sentences,
} from '../request-bounds.ts'
import type { LimitRequest } from '../requests.ts'
import { checkPriced, notEnough, pricedFields, spendingOf } from './wire.ts'

const limitSchema = z
  .strictObject({
    by: z.enum(limitSubjects).openapi({ description: 'Whose use is counted, within the wallet that pays.' }),
    id: textSchema(charactersMax.limitId).optional().openapi({
      description: "Which member, key or run; by action, the request's own action unless given.",
    }),
    window: z.enum(limitWindows).openapi({
      description:
        'Calendar windows are in UTC, weeks start on Monday. A rolling one looks back an hour, a day, 7 or 30 days, in steps of a 24th of it.',
    }),
    max: creditsInputSchema.openapi({ description: 'What is used in the window must not exceed it.' }),
  })
  .superRefine((limit, context) => {
    checkLimitSubject(limit, (message) => {
      context.addIssue({ code: 'custom', path: ['id'], message, input: limit.id })
    })
  })
  .openapi('Limit')

export const spendingFields = {
  customer: customerIdSchema,
  ...pricedFields,
  description: textSchema(charactersMax.description).optional(),
  limits: z.array(limitSchema).max(limitsMax, { error: sentences.limits }).optional().openapi({
    description:
      'Counters that this must not bring above their maximum, or it is refused with `limit_exceeded`. They come into being when first named.',
  }),
  observe: z.boolean().optional().openapi({
    description:
      'Never refuse for want of credits or for a limit: take what is there, and say in `would_refuse` what would have been.',
  }),
}

interface SpendBody extends SpendingFields {
  readonly customer: string
  readonly description?: string | undefined
  readonly limits?: readonly LimitRequest[] | undefined
  readonly observe?: boolean | undefined
}

export function checkSpend(body: SpendBody, context: z.core.$RefinementCtx<SpendBody>): void {
  checkPriced(body, context)
  for (const [index, limit] of (body.limits ?? []).entries()) {
    checkLimitedAction(limit, body.action, (message) => {
      context.addIssue({ code: 'custom', path: ['limits', index, 'id'], message, input: body })
    })
  }
}

export function spendRequest(body: SpendBody, idempotencyKey: string) {
  const { customer, description, limits, observe } = body
  return { ...spendingOf(body), customer, description, limits, observe, idempotencyKey }
}

export const wouldRefuseSchema = z
  .object({ code: z.string(), detail: z.string() })
  .nullable()
  .openapi({ description: 'Of what was observed: the refusal that it would have met. Null otherwise.' })

export function wouldRefuseToWire(wouldRefuse: WouldRefuse | undefined) {
  return wouldRefuse ?? null
}

const limitExceededProblem = problemSchema
  .extend({
    limit: z.string().openapi({ description: 'Whose: `customer`, `member:alice`.' }),
    window: z.string(),
    max: creditsSchema,
    used: creditsSchema,
    requested: creditsSchema,
    resets_at: instantSchema.nullable().openapi({ description: 'When there is room again; null for never.' }),
  })
  .openapi('LimitExceededProblem')

const overLimit = { refusal: limitExceeded, problem: limitExceededProblem } as const

/** What charging and holding are refused with. */
export const spendingRefusals = [
  notEnough,
  overLimit,
  unknownAction,
  unknownUnit,
  invalidAmount,
  keyReused,
  overloaded,
] as const
