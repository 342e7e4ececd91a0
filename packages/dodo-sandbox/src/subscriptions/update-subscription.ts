import { z } from 'zod'
import { checkPrecision } from '../credit-entitlements/attachment.ts'
import { creditsSchema, policyFields } from '../credit-entitlements/credit-entitlement.ts'
import { findAnyEntitlement } from '../credit-entitlements/queries.ts'
import { listTerms, replaceTerms } from '../credit-entitlements/terms.ts'
import { metadataSchema } from '../http/parse.ts'
import { isCountryCode } from '../kernel/countries.ts'
import { addPeriods, intervals } from '../kernel/period.ts'
import { invalidBody } from '../kernel/refusal.ts'
import type { Transaction } from '../store/store.ts'
import { endSubscription } from './end-subscription.ts'
import * as errors from './errors.ts'
import { pauseSubscription, resumeSubscription } from './pause-subscription.ts'
import * as queries from './queries.ts'
import {
  cancellationFeedbacks,
  hasEnded,
  type StoredSubscription,
  subscriptionStatuses,
} from './subscription.ts'
import { keepAndTell } from './tell.ts'

const text = (max: number) => z.string().max(max).nullish()
const instant = z.iso.datetime({ offset: true })

const cartChangeSchema = z.object({
  credit_entitlement_id: z.string().min(1),
  credits_amount: creditsSchema.nullish(),
  expires_after_days: policyFields.expires_after_days,
  low_balance_threshold_percent: z.number().int().min(0).max(100).nullish(),
  max_rollover_count: policyFields.max_rollover_count,
  overage_enabled: z.boolean().nullish(),
  overage_limit: creditsSchema.nullish(),
  rollover_enabled: z.boolean().nullish(),
  rollover_percentage: policyFields.rollover_percentage,
  rollover_timeframe_count: policyFields.rollover_timeframe_count,
  rollover_timeframe_interval: policyFields.rollover_timeframe_interval,
})

export const updateSubscriptionSchema = z.object({
  billing: z
    .object({
      country: z.string().refine(isCountryCode, 'is not a country that Dodo knows'),
      city: text(255),
      state: text(255),
      street: text(255),
      zipcode: text(50),
    })
    .nullish(),
  cancel_at_next_billing_date: z.boolean().nullish(),
  cancel_reason: z
    .enum([
      'cancelled_by_customer',
      'cancelled_by_merchant',
      'cancelled_by_merchant_send_dunning',
      'cancelled_by_merchant_grace_period_expired',
      'dodo_team',
    ])
    .nullish(),
  cancellation_comment: text(1000),
  cancellation_feedback: z.enum(cancellationFeedbacks).nullish(),
  credit_entitlement_cart: z.array(cartChangeSchema).nullish(),
  customer_business_name: text(255),
  customer_name: z.string().min(1).max(255).nullish(),
  disable_on_demand: z.object({ next_billing_date: instant }).nullish(),
  metadata: metadataSchema.nullish(),
  next_billing_date: instant.nullish(),
  pause: z.null('was removed: send status "paused" or "active" instead').optional(),
  status: z.enum(subscriptionStatuses).nullish(),
  subscription_period_count: z.number().int().min(1).max(36_500).nullish(),
  subscription_period_interval: z.enum(intervals).nullish(),
  tax_id: text(50),
})

type Changes = z.output<typeof updateSubscriptionSchema>

/** Changes what is given. A billing date that is not to come is now: so a renewal is brought about. */
export function updateSubscription(tx: Transaction, stored: StoredSubscription, changes: Changes): void {
  const { subscription } = stored
  if (changes.status === 'paused' || changes.status === 'active') {
    refuseCompany(changes)
    return changes.status === 'paused' ? pauseSubscription(tx, stored) : resumeSubscription(tx, stored)
  }
  if (changes.status && changes.status !== 'cancelled')
    throw invalidBody(`status: can be set to cancelled, paused or active, and not to ${changes.status}`)
  if (hasEnded(subscription) && touchesMoreThanMetadata(changes))
    throw subscription.status === 'expired' ? errors.expired() : errors.inactive(subscription.status)
  const isCancelling = changes.status === 'cancelled' || changes.cancel_at_next_billing_date === true
  if (!isCancelling && (changes.cancellation_comment || changes.cancellation_feedback))
    throw invalidBody('cancellation_feedback: belongs to a cancellation, and none is asked for')
  changeCredits(tx, stored, changes.credit_entitlement_cart ?? [])
  const changed = withChanges(tx, stored, changes)
  if (changes.status === 'cancelled' && changes.cancel_at_next_billing_date !== true)
    return void endSubscription(tx, changed, 'cancelled')
  const toggled =
    changed.subscription.cancel_at_next_billing_date !== subscription.cancel_at_next_billing_date
  // So Dodo documents it: plan_changed also tells that the end was set or taken back.
  keepAndTell(tx, changed, ...(toggled ? (['plan_changed'] as const) : []))
}

/** Pausing and resuming are asked for alone. */
function refuseCompany({ status, ...others }: Changes): void {
  const company = Object.entries(others).find(([, value]) => value !== undefined)
  if (company) throw invalidBody(`status: ${status} has to be sent alone, without ${company[0]}`)
}

function touchesMoreThanMetadata(changes: Changes): boolean {
  return Object.entries(changes).some(
    ([name, value]) => name !== 'metadata' && value !== undefined && value !== null,
  )
}

function withChanges(tx: Transaction, stored: StoredSubscription, changes: Changes): StoredSubscription {
  const { subscription } = stored
  const { billing } = changes
  const dated = withBillingDate(tx, stored, changes)
  return {
    state: dated.state,
    subscription: {
      ...dated.subscription,
      ...extendedPeriod(subscription, changes),
      billing: billing
        ? {
            country: billing.country,
            city: billing.city ?? null,
            state: billing.state ?? null,
            street: billing.street ?? null,
            zipcode: billing.zipcode ?? null,
          }
        : subscription.billing,
      customer: changes.customer_name
        ? { ...subscription.customer, name: changes.customer_name }
        : subscription.customer,
      metadata: changes.metadata ?? subscription.metadata,
      cancel_at_next_billing_date:
        changes.cancel_at_next_billing_date ?? subscription.cancel_at_next_billing_date,
      cancellation_comment: kept(changes.cancellation_comment, subscription.cancellation_comment),
      cancellation_feedback: kept(changes.cancellation_feedback, subscription.cancellation_feedback),
      customer_business_name: kept(changes.customer_business_name, subscription.customer_business_name),
      tax_id: kept(changes.tax_id, subscription.tax_id),
    },
  }
}

/** What is not given stays; `null` clears. */
function kept<Value>(given: Value | null | undefined, before: Value | null): Value | null {
  return given === undefined ? before : given
}

function withBillingDate(
  tx: Transaction,
  stored: StoredSubscription,
  { next_billing_date, disable_on_demand }: Changes,
): StoredSubscription {
  const { subscription, state } = stored
  if (disable_on_demand && !subscription.on_demand) throw errors.notOnDemand()
  const asked = disable_on_demand?.next_billing_date ?? next_billing_date
  if (!asked) return stored
  const date = new Date(Math.max(new Date(asked).getTime(), tx.now.getTime())).toISOString()
  return {
    subscription: {
      ...subscription,
      next_billing_date: date,
      on_demand: disable_on_demand ? false : subscription.on_demand,
    },
    state: {
      ...state,
      anchor_at: date,
      cycles: 0,
      on_demand: disable_on_demand ? null : state.on_demand,
    },
  }
}

function extendedPeriod(subscription: StoredSubscription['subscription'], changes: Changes) {
  const { subscription_period_count, subscription_period_interval } = changes
  if (!subscription_period_count && !subscription_period_interval) return {}
  const count = subscription_period_count ?? subscription.subscription_period_count
  const interval = subscription_period_interval ?? subscription.subscription_period_interval
  const expiresAt = addPeriods(new Date(subscription.created_at), 1, { count, interval }).toISOString()
  if (subscription.expires_at !== null && expiresAt < subscription.expires_at)
    throw invalidBody('subscription_period_count: the period can be extended, and this would shorten it')
  return {
    subscription_period_count: count,
    subscription_period_interval: interval,
    expires_at: expiresAt,
  }
}

function changeCredits(
  tx: Transaction,
  { subscription }: StoredSubscription,
  changes: readonly z.output<typeof cartChangeSchema>[],
): void {
  if (changes.length === 0) return
  const terms = listTerms(tx, subscription.subscription_id)
  for (const change of changes) {
    const id = change.credit_entitlement_id
    if (!terms.some((one) => one.credit_entitlement_id === id))
      throw invalidBody(`credit_entitlement_cart: the subscription has no credit entitlement ${id}`)
    const precision = findAnyEntitlement(tx, id)?.entitlement.precision ?? 0
    for (const amount of [change.credits_amount, change.overage_limit])
      if (typeof amount === 'string') checkPrecision('credit_entitlement_cart', amount, precision)
  }
  const changesById = new Map(changes.map((change) => [change.credit_entitlement_id, change]))
  replaceTerms(
    tx,
    subscription.subscription_id,
    terms.map((one) => ({
      ...one,
      ...Object.fromEntries(
        Object.entries(changesById.get(one.credit_entitlement_id) ?? {}).filter(
          ([, value]) => value !== undefined && value !== null,
        ),
      ),
    })),
  )
}

/** Reads a subscription that there has to be. */
export function subscriptionOf(tx: Transaction, subscriptionId: string): StoredSubscription {
  const stored = queries.findSubscription(tx, subscriptionId)
  if (!stored) throw errors.subscriptionNotFound(subscriptionId)
  return stored
}
