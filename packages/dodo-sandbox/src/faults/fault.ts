import { z } from 'zod'
import { paymentErrorCodes } from './payment-error-codes.ts'

export const apiFaultKinds = ['rate_limited', 'server_error', 'time_out', 'lost_answer'] as const
export const webhookFaultKinds = [
  'duplicate',
  'drop',
  'delay',
  'reorder',
  'numbers_for_credits',
  'unknown_event_type',
  'unknown_enum_value',
  'flat_discount',
] as const

export type ApiFaultKind = (typeof apiFaultKinds)[number]
export type WebhookFaultKind = (typeof webhookFaultKinds)[number]
export type FaultKind =
  | ApiFaultKind
  | WebhookFaultKind
  | 'fail_next_payment'
  | 'fail_next_refund'
  | 'review_next_refund'

/** What each kind does, for the command's help and the control page. */
export const faultDescriptions: Readonly<Record<FaultKind, string>> = {
  rate_limited: 'answers 429, nothing is done',
  server_error: 'answers 500, nothing is done',
  time_out: 'gives no answer, nothing is done',
  lost_answer: 'does the work, then cuts the connection without an answer',
  duplicate: 'sends the webhook twice, with one webhook-id',
  drop: 'never sends the webhook',
  delay: 'sends the webhook late, a minute unless delay_ms says otherwise',
  reorder: 'sends the webhook after the one that follows it',
  numbers_for_credits: 'writes amounts of credits as numbers instead of strings',
  unknown_event_type: 'sends one more webhook, of a type that no SDK knows',
  unknown_enum_value: 'gives the status in the webhook a value that no SDK knows',
  flat_discount: 'puts a flat discount into the webhook',
  fail_next_payment: 'declines the next card that would have been charged, with error_code',
  fail_next_refund: 'fails the next refund, after it was pending',
  review_next_refund: 'holds the next refund in review until it is decided',
}

// How often: both left out is the next time only; both given is at most `count` times, each with that chance.
const often = {
  count: z.coerce.number().int().min(1).max(1_000_000).optional(),
  per_thousand: z.coerce.number().int().min(1).max(1000).optional(),
}

// Longer than any client of Dodo's waits by itself, and short enough that nothing is held open for good.
const requestDelayMsMax = 120_000
// A webhook may be late by days: Dodo's own schedule of attempts takes 27 hours.
const webhookDelayMsMax = 30 * 24 * 3_600_000

const route = z
  .string()
  .regex(
    /^(?:[A-Z]+ )?\/\S*$/,
    'must be a path, with a method before it or not, like "POST /refunds" or "/payments/*"',
  )
  .optional()
const eventType = z
  .string()
  .regex(/^[a-z_]+\.(?:[a-z_]+|\*)$/, 'must be an event type like "payment.succeeded" or "payment.*"')
  .optional()
const requestDelay = z.coerce.number().int().min(0).max(requestDelayMsMax).optional()
const webhookDelay = z.coerce.number().int().min(0).max(webhookDelayMsMax).optional()

const plainWebhookFault = <Kind extends WebhookFaultKind>(kind: Kind) =>
  z.strictObject({ kind: z.literal(kind), event_type: eventType, ...often })

/** A fault as it is asked for: by the control route, a start option, a flag or a header. */
export const faultRuleSchema = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('rate_limited'), route, ...often }),
    z.strictObject({
      kind: z.literal('server_error'),
      route,
      status: z.coerce.number().int().min(500).max(599).optional(),
      ...often,
    }),
    z.strictObject({ kind: z.literal('time_out'), route, delay_ms: requestDelay, ...often }),
    z.strictObject({ kind: z.literal('lost_answer'), route, delay_ms: requestDelay, ...often }),
    plainWebhookFault('duplicate'),
    plainWebhookFault('drop'),
    z.strictObject({ kind: z.literal('delay'), event_type: eventType, delay_ms: webhookDelay, ...often }),
    z.strictObject({ kind: z.literal('reorder'), event_type: eventType, delay_ms: webhookDelay, ...often }),
    plainWebhookFault('numbers_for_credits'),
    plainWebhookFault('unknown_event_type'),
    plainWebhookFault('unknown_enum_value'),
    plainWebhookFault('flat_discount'),
    z.strictObject({
      kind: z.literal('fail_next_payment'),
      error_code: z.enum(paymentErrorCodes).optional(),
      ...often,
    }),
    z.strictObject({ kind: z.literal('fail_next_refund'), ...often }),
    z.strictObject({ kind: z.literal('review_next_refund'), ...often }),
  ],
  {
    error: (issue) =>
      issue.code === 'invalid_union'
        ? `must be one of ${Object.keys(faultDescriptions).join(', ')}`
        : undefined,
  },
)

export type FaultRule = z.output<typeof faultRuleSchema>

/** A rule that is in force. */
export interface StoredFaultRule {
  rule_id: string
  rule: FaultRule
  seed: number
  /** How often it was asked; with the seed, all that its next draw depends on. */
  draws: number
  /** `null` is without end. */
  times_left: number | null
  /** Given at start-up, and replaced at the next one. */
  start_up: boolean
}

/** One fault that was injected, as the audit reads it. */
export interface InjectedFault {
  kind: FaultKind
  injected_at: string
  /** `null` when a header asked for it. */
  rule_id: string | null
  /** Of an API fault: what was asked, like `POST /refunds`. */
  route: string | null
  /** Of an API fault: what was answered, or would have been had the answer not been lost; `null` when nothing was. */
  response_status: number | null
  event_type: string | null
  message_id: string | null
  /** The payment, refund or other thing that the fault was about, where it is known. */
  resource_id: string | null
}

/**
 * Reads a rule as the command line has it: `lost_answer`, or `duplicate,event_type=payment.*,per_thousand=200`.
 *
 * @throws TypeError naming what is wrong with it
 */
export function parseFaultFlag(text: string): FaultRule {
  const [kind = '', ...settings] = text.split(',').map((part) => part.trim())
  const pairs = settings.map((setting) => {
    const [name = '', ...value] = setting.split('=')
    return [name, value.join('=')] as const
  })
  return checkFaultRule({ kind, ...Object.fromEntries(pairs) }, `The fault "${text}"`)
}

/** @throws TypeError naming the first thing that is wrong with the rule */
export function checkFaultRule(rule: unknown, what: string): FaultRule {
  const parsed = faultRuleSchema.safeParse(rule)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new TypeError(`${what} is not understood: ${issue?.path.map(String).join('.')} ${issue?.message}`)
}
