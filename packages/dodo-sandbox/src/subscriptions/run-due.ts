import type { ScheduledWork } from '../clock/scheduler.ts'
import { addPeriods } from '../kernel/period.ts'
import type { Transaction } from '../store/store.ts'
import { applyPlanChange } from './apply-plan-change.ts'
import { chargeableLines, chargeSubscription, renewalLines } from './charge.ts'
import { endGracePeriod } from './dunning.ts'
import { endSubscription } from './end-subscription.ts'
import * as queries from './queries.ts'
import type { Dues, StoredSubscription } from './subscription.ts'

/** Renewals, retries and ends of subscriptions, at their instants. */
export const subscriptionCycles: ScheduledWork = {
  nextDueAt: (tx) => queries.findFirstDue(tx)?.dueAt,
  runDue(tx) {
    const due = queries.findFirstDue(tx)
    if (due) runDue(tx, due.stored)
  },
}

function runDue(tx: Transaction, stored: StoredSubscription): void {
  const { subscription, state } = stored
  const now = tx.now.toISOString()
  if (subscription.status === 'pending') return void endSubscription(tx, stored, 'failed')
  // Before a renewal at the same instant: a period that is over is not paid for again.
  if (subscription.expires_at !== null && subscription.expires_at <= now)
    return void endSubscription(tx, stored, 'expired')
  if (subscription.status === 'active') return billingDate(tx, stored)
  if (state.past_due_ends_at !== null && state.past_due_ends_at <= now) return endGracePeriod(tx, stored)
  if (state.dues)
    chargeDues(tx, { subscription, state: { ...state, dues: countRetry(state.dues) } }, state.dues)
}

function billingDate(tx: Transaction, stored: StoredSubscription): void {
  const { subscription, state } = stored
  if (subscription.cancel_at_next_billing_date) return void endSubscription(tx, stored, 'cancelled')
  if (state.on_demand) return moveOn(tx, stored)
  const due = state.scheduled ? applyPlanChange(tx, stored, state.scheduled) : stored
  chargeSubscription(tx, due, {
    lines: chargeableLines(tx, due, renewalLines(tx, due), true),
    purpose: { kind: 'renewal' },
    discounted: true,
  })
}

/** An on-demand subscription has billing dates and no renewals. */
function moveOn(tx: Transaction, { subscription, state }: StoredSubscription): void {
  const cycles = state.cycles + 1
  queries.putSubscription(tx, {
    subscription: {
      ...subscription,
      previous_billing_date: subscription.next_billing_date,
      next_billing_date: addPeriods(new Date(state.anchor_at), cycles, state.plan.frequency).toISOString(),
    },
    state: { ...state, cycles },
  })
}

function countRetry(dues: Dues): Dues {
  return { ...dues, retries: dues.retries + 1, next_retry_at: null }
}

/** Charges the card once more for what is due. */
export function chargeDues(tx: Transaction, stored: StoredSubscription, dues: Dues) {
  const discounted = dues.lines === null
  return chargeSubscription(tx, stored, {
    lines: chargeableLines(tx, stored, dues.lines ?? renewalLines(tx, stored), discounted),
    purpose: { kind: 'dues', by: 'retry' },
    retryAttempt: dues.retries + dues.sends_used + 1,
    discounted,
  })
}
