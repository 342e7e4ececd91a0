import * as credits from '../credit-entitlements/balance-queries.ts'
import { type CreditTerms, listTerms } from '../credit-entitlements/terms.ts'
import { creditsFromDecimal, decimalFromCredits } from '../kernel/credits.ts'
import type { Transaction } from '../store/store.ts'
import * as queries from './queries.ts'
import type { StoredSubscription } from './subscription.ts'

/** A subscription as the API answers with it and as webhooks carry it. */
export function subscriptionView(tx: Transaction, { subscription }: StoredSubscription) {
  return {
    ...subscription,
    credit_entitlement_cart: listTerms(tx, subscription.subscription_id).map((terms) => {
      const { balance, overage } = standing(tx, terms)
      return {
        credit_entitlement_id: terms.credit_entitlement_id,
        credit_entitlement_name: terms.credit_entitlement_name,
        product_id: terms.product_id,
        unit: terms.credit_entitlement_unit,
        credits_amount: terms.credits_amount,
        remaining_balance: balance,
        overage_balance: overage,
        overage_enabled: terms.overage_enabled,
        overage_behavior: terms.overage_behavior,
        overage_limit: terms.overage_limit,
        rollover_enabled: terms.rollover_enabled,
        rollover_percentage: terms.rollover_percentage,
        rollover_timeframe_count: terms.rollover_timeframe_count,
        rollover_timeframe_interval: terms.rollover_timeframe_interval,
        max_rollover_count: terms.max_rollover_count,
        expires_after_days: terms.expires_after_days,
        low_balance_threshold_percent: terms.low_balance_threshold_percent,
      }
    }),
  }
}

/** What webhooks carry: also until when the subscription may be paid late. */
export function subscriptionPayload(tx: Transaction, subscriptionId: string) {
  const stored = queries.findSubscription(tx, subscriptionId)
  return stored && { ...subscriptionView(tx, stored), past_due_ends_at: stored.state.past_due_ends_at }
}

/** A list's row: without credits, add-ons and meters, with the product's name. */
export function subscriptionListRow({ subscription, state }: StoredSubscription) {
  const {
    addons: _addons,
    meters: _meters,
    meter_credit_entitlement_cart: _cart,
    expires_at: _expires,
    cancellation_comment: _comment,
    cancellation_feedback: _feedback,
    custom_field_responses: _fields,
    ...row
  } = subscription
  return { ...row, discounts: row.discounts ?? [], product_name: state.plan.name }
}

/** How a subscription's kinds of credits stand. */
export function creditUsage(tx: Transaction, subscriptionId: string) {
  return listTerms(tx, subscriptionId).map((terms) => {
    const { balance, overage } = standing(tx, terms)
    const limit =
      terms.overage_enabled && terms.overage_limit !== null
        ? creditsFromDecimal(terms.overage_limit)
        : undefined
    const used = creditsFromDecimal(overage)
    const headroom = limit === undefined ? undefined : limit > used ? limit - used : 0n
    return {
      credit_entitlement_id: terms.credit_entitlement_id,
      credit_entitlement_name: terms.credit_entitlement_name,
      unit: terms.credit_entitlement_unit,
      balance,
      overage,
      overage_enabled: terms.overage_enabled,
      overage_limit: terms.overage_limit,
      limit_reached: headroom === 0n,
      remaining_headroom: headroom === undefined ? null : decimalFromCredits(headroom),
    }
  })
}

function standing(tx: Transaction, terms: CreditTerms): { balance: string; overage: string } {
  const account = { customerId: terms.customer_id, entitlementId: terms.credit_entitlement_id }
  return credits.findBalance(tx, account) ?? { balance: '0', overage: '0' }
}
