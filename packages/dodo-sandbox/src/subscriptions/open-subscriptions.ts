import { replaceTerms } from '../credit-entitlements/terms.ts'
import { type Customer, customerDetails } from '../customers/customer.ts'
import type { Metadata } from '../http/parse.ts'
import { addPeriods } from '../kernel/period.ts'
import type { BillingAddress } from '../payments/payment.ts'
import { linesIn } from '../pricing/quote-sale.ts'
import { loadBusiness } from '../store/settings.ts'
import type { Transaction } from '../store/store.ts'
import type { Plan, PlanOffer } from './plan.ts'
import * as queries from './queries.ts'
import type { StoredSubscription, Subscription } from './subscription.ts'

export interface OpenSubscriptions {
  /** Those that an earlier attempt in the same checkout opened. */
  knownIds: readonly string[]
  offers: readonly { offer: PlanOffer; quantity: number }[]
  customer: Customer
  billing: BillingAddress
  /** What is billed in. */
  currency: string
  metadata: Metadata
  /** When the checkout ends, and with it the chance to start. */
  expiresAt: string
}

/** Makes subscriptions that wait for their first payment; a second attempt in the same checkout takes those up again. */
export function openSubscriptions(tx: Transaction, input: OpenSubscriptions): string[] {
  return input.offers.map(({ offer, quantity }, index) => {
    const known = input.knownIds[index]
    const stored = openSubscription(tx, input, { offer, quantity, id: known ?? tx.newId('sub') })
    queries.putSubscription(tx, stored)
    return stored.subscription.subscription_id
  })
}

function openSubscription(
  tx: Transaction,
  input: OpenSubscriptions,
  { offer, quantity, id }: { offer: PlanOffer; quantity: number; id: string },
): StoredSubscription {
  const now = tx.now.toISOString()
  const { trial_days, trial_amount, on_demand, card_optional: _, ...plan } = offer
  const trial = on_demand ? 0 : trial_days
  const subscription: Subscription = {
    subscription_id: id,
    brand_id: loadBusiness(tx).brand_id,
    status: 'pending',
    ...planFields(plan, quantity, input.currency),
    customer: customerDetails(input.customer),
    billing: input.billing,
    currency: input.currency,
    metadata: input.metadata,
    created_at: now,
    previous_billing_date: now,
    next_billing_date: addPeriods(tx.now, 1, plan.frequency).toISOString(),
    trial_period_days: trial,
    trial_amount: trial > 0 ? trial_amount : null,
    on_demand: on_demand !== null,
    has_payment_method: false,
    payment_method_id: null,
    cancel_at_next_billing_date: false,
    cancelled_at: null,
    cancellation_comment: null,
    cancellation_feedback: null,
    paused_at: null,
    expires_at: null,
    discounts: null,
    discount_id: null,
    discount_cycles_remaining: null,
    scheduled_change: null,
    customer_business_name: null,
    tax_id: null,
    custom_field_responses: null,
    addons: [],
    meters: [],
    meter_credit_entitlement_cart: [],
  }
  return {
    subscription,
    state: {
      plan,
      on_demand,
      anchor_at: now,
      cycles: 1,
      in_trial: false,
      start_expires_at: input.expiresAt,
      awaiting: { kind: 'start' },
      dues: null,
      past_due_ends_at: null,
      credit_minor: 0,
      scheduled: null,
    },
  }
}

/** What a subscription shows of its plan. */
export function planFields(plan: Plan, quantity: number, currency: string) {
  const [line] = linesIn({ lines: [{ ...plan, quantity }], currency: plan.currency }, currency)
  return {
    product_id: plan.product_id,
    quantity,
    recurring_pre_tax_amount: (line?.unit_amount ?? 0) * quantity,
    tax_inclusive: plan.tax_inclusive,
    payment_frequency_count: plan.frequency.count,
    payment_frequency_interval: plan.frequency.interval,
    subscription_period_count: plan.period.count,
    subscription_period_interval: plan.period.interval,
  }
}

/** Puts the plan's credits in force for the subscription. */
export function putTerms(tx: Transaction, { subscription, state }: StoredSubscription): void {
  replaceTerms(
    tx,
    subscription.subscription_id,
    state.plan.credits.map((attachment) => ({
      ...attachment,
      subscription_id: subscription.subscription_id,
      customer_id: subscription.customer.customer_id,
      product_id: subscription.product_id,
      quantity: subscription.quantity,
    })),
  )
}
