import type { customerDetails } from '../customers/customer.ts'
import type { DiscountDetail } from '../discounts/discount.ts'
import type { Metadata } from '../http/parse.ts'
import type { Period } from '../kernel/period.ts'
import type { BillingAddress } from '../payments/payment.ts'
import type { SaleLine } from '../pricing/price.ts'
import type { OnDemand, Plan } from './plan.ts'

export const subscriptionStatuses = [
  'pending',
  'active',
  'on_hold',
  'paused',
  'cancelled',
  'failed',
  'expired',
  'past_due',
] as const

export type SubscriptionStatus = (typeof subscriptionStatuses)[number]

export const cancellationFeedbacks = [
  'too_expensive',
  'missing_features',
  'switched_service',
  'unused',
  'customer_service',
  'low_quality',
  'too_complex',
  'other',
] as const

export interface ScheduledChange {
  id: string
  product_id: string
  product_name: string
  product_description: string | null
  quantity: number
  addons: never[]
  created_at: string
  effective_at: string
}

/** A subscription as the API answers with it, but for its credits, which are worked out when it is shown. */
export interface Subscription {
  subscription_id: string
  brand_id: string
  status: SubscriptionStatus
  product_id: string
  quantity: number
  customer: ReturnType<typeof customerDetails>
  billing: BillingAddress
  currency: string
  recurring_pre_tax_amount: number
  tax_inclusive: boolean
  metadata: Metadata
  created_at: string
  previous_billing_date: string
  next_billing_date: string
  payment_frequency_count: number
  payment_frequency_interval: Period['interval']
  subscription_period_count: number
  subscription_period_interval: Period['interval']
  trial_period_days: number
  trial_amount: number | null
  on_demand: boolean
  has_payment_method: boolean
  payment_method_id: string | null
  cancel_at_next_billing_date: boolean
  cancelled_at: string | null
  cancellation_comment: string | null
  cancellation_feedback: (typeof cancellationFeedbacks)[number] | null
  paused_at: string | null
  expires_at: string | null
  discounts: DiscountDetail[] | null
  discount_id: string | null
  discount_cycles_remaining: number | null
  scheduled_change: ScheduledChange | null
  customer_business_name: string | null
  tax_id: string | null
  custom_field_responses: null
  addons: never[]
  meters: never[]
  meter_credit_entitlement_cart: never[]
}

/** What the payment under way is for; what happens when it ends depends on it. */
export type Purpose =
  | { kind: 'start' }
  | { kind: 'renewal' }
  | { kind: 'charge' }
  | { kind: 'dues'; by: 'retry' | 'payment_method' }
  | { kind: 'plan_change'; change: PlanChange; preventOnFailure: boolean }

/** Another plan, and what of the bill for it falls on now. */
export interface PlanChange {
  plan: Plan
  quantity: number
  discounts: DiscountDetail[]
  /** What is charged with the change. */
  lines: SaleLine[]
  /** Whether a new cycle begins with the change. */
  restartsCycle: boolean
  /** The part of the cycle that is left, for credits that are granted in proportion. */
  share: { numerator: number; denominator: number }
  /** Whether the new plan's credits are granted with the change. */
  grantsCredits: boolean
  /** What is left over for the charges to come, in the plan's currency. */
  creditLeftMinor: number
}

/** What was to be paid and was not. */
export interface Dues {
  invoice_id: string
  since: string
  /** Of a plan change, what it costs; a renewal's is worked out when it is paid. */
  lines: SaleLine[] | null
  payment_id: string
  dunning_id: string
  /** Charges by the schedule, after the first. */
  retries: number
  next_retry_at: string | null
  /** Charges that the API asked for. */
  sends_used: number
  last_send_at: string | null
}

/** What a subscription needs to go on and does not show. */
export interface SubscriptionState {
  plan: Plan
  on_demand: OnDemand | null
  /** Billing dates are whole cycles after this one. */
  anchor_at: string
  cycles: number
  in_trial: boolean
  /** When a start that nobody paid is given up. */
  start_expires_at: string
  /** The purpose of the payment that is under way. */
  awaiting: Purpose | null
  dues: Dues | null
  past_due_ends_at: string | null
  credit_minor: number
  scheduled: PlanChange | null
}

export interface StoredSubscription {
  subscription: Subscription
  state: SubscriptionState
}

/** Whether it is over for good. */
export function hasEnded({ status }: Pick<Subscription, 'status'>): boolean {
  return status === 'cancelled' || status === 'expired' || status === 'failed'
}

/** When something is next to be done about it, if no request comes before. */
export function dueAt({ subscription, state }: StoredSubscription): string | null {
  // Its payment decides; until then nothing else may charge.
  if (state.awaiting) return null
  switch (subscription.status) {
    case 'pending':
      return state.start_expires_at
    case 'active':
      return earliest(subscription.next_billing_date, subscription.expires_at)
    case 'on_hold':
    case 'past_due':
      return earliest(subscription.expires_at, state.dues?.next_retry_at ?? null, state.past_due_ends_at)
    default:
      return null
  }
}

function earliest(...instants: (string | null)[]): string | null {
  return instants.reduce((first, at) => (first === null || (at !== null && at < first) ? at : first), null)
}
