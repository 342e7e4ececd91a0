import { grantPlanChange } from '../credit-entitlements/subscription-credits.ts'
import { addPeriods } from '../kernel/period.ts'
import type { Transaction } from '../store/store.ts'
import { discountFields } from './discount-cycles.ts'
import { planFields, putTerms } from './open-subscriptions.ts'
import type { PlanChange, StoredSubscription } from './subscription.ts'
import { keepAndTell } from './tell.ts'

/** The subscription as the change leaves it. */
export function changedBy(
  now: Date,
  { subscription, state }: StoredSubscription,
  change: PlanChange,
): StoredSubscription {
  const anchor = change.restartsCycle ? now : new Date(subscription.next_billing_date)
  const cycles = change.restartsCycle ? 1 : 0
  return {
    subscription: {
      ...subscription,
      ...planFields(change.plan, change.quantity, subscription.currency),
      ...discountFields(change.discounts),
      previous_billing_date: change.restartsCycle ? now.toISOString() : subscription.previous_billing_date,
      next_billing_date: addPeriods(anchor, cycles, change.plan.frequency).toISOString(),
      scheduled_change: null,
    },
    state: {
      ...state,
      plan: change.plan,
      // The next cycle is of the new plan's length, and begins where the one under way ends.
      ...(sameFrequency(state.plan, change.plan) && !change.restartsCycle
        ? {}
        : { anchor_at: anchor.toISOString(), cycles }),
      in_trial: state.in_trial && !change.restartsCycle,
      credit_minor: change.creditLeftMinor,
      scheduled: null,
    },
  }
}

function sameFrequency(one: PlanChange['plan'], other: PlanChange['plan']): boolean {
  return one.frequency.count === other.frequency.count && one.frequency.interval === other.frequency.interval
}

/** Puts another plan in the place of the one before, with its credits, and tells so. */
export function applyPlanChange(
  tx: Transaction,
  stored: StoredSubscription,
  change: PlanChange,
): StoredSubscription {
  const changed = changedBy(tx.now, stored, change)
  putTerms(tx, changed)
  keepAndTell(tx, changed, 'plan_changed')
  if (change.grantsCredits) grantPlanChange(tx, changed.subscription.subscription_id, change.share)
  return changed
}
