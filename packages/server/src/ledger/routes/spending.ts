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
import type { LimitRequest } from '../requests.ts'
import { checkPriced, notEnough, pricedFields, spendingOf } from './wire.ts'

/** A request that names more has mistaken limits for something else. */
const limitsMax = 10

const windows = [
  'day',
  'week',
  'month',
  'lifetime',
  'rolling_hour',
  'rolling_day',
  'rolling_week',
  'rolling_month',
] as const

const limitSchema = z
  .strictObject({
    by: z
      .enum(['customer', 'member', 'api_key', 'action', 'run'])
      .openapi({ description: 'Whose use is counted, within the wallet that pays.' }),
    id: textSchema(255).optional().openapi({
      description: "Which member, key or run; by action, the request's own action unless given.",
    }),
    window: z.enum(windows).openapi({
      description:
        'Calendar windows are in UTC, weeks start on Monday. A rolling one looks back an hour, a day, 7 or 30 days, in steps of a 24th of it.',
    }),
    max: creditsInputSchema.openapi({ description: 'What is used in the window must not exceed it.' }),
  })
  .superRefine(({ by, id }, context) => {
    const needsId = by === 'member' || by === 'api_key' || by === 'run'
    const add = (message: string) => {
      context.addIssue({ code: 'custom', path: ['id'], message, input: id })
    }
    if (needsId && id === undefined) add(`is missing: say which ${by} is meant.`)
    if (by === 'customer' && id !== undefined) add('cannot be given by customer: it is the one who pays.')
  })
  .openapi('Limit')

export const spendingFields = {
  customer: customerIdSchema,
  ...pricedFields,
  description: textSchema(500).optional(),
  limits: z
    .array(limitSchema)
    .max(limitsMax, { error: `must have at most ${limitsMax} limits.` })
    .optional()
    .openapi({
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
  for (const [index, { by, id }] of (body.limits ?? []).entries()) {
    if (by !== 'action' || id !== undefined || body.action !== undefined) continue
    const message = 'is missing: the request names no action, so say which one is counted.'
    context.addIssue({ code: 'custom', path: ['limits', index, 'id'], message, input: body })
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
