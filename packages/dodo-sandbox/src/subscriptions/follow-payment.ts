import { closeCycle, grantFirstCycle, grantTrial } from '../credit-entitlements/subscription-credits.ts'
import { addPeriods } from '../kernel/period.ts'
import type { Payment } from '../payments/payment.ts'
import type { Transaction } from '../store/store.ts'
import { applyPlanChange } from './apply-plan-change.ts'
import { discountFields, withoutOneCycle } from './discount-cycles.ts'
import { duesNotPaid, holdForDues, recoverDunning } from './dunning.ts'
import { putTerms } from './open-subscriptions.ts'
import * as queries from './queries.ts'
import type { Purpose, StoredSubscription } from './subscription.ts'
import { keepAndTell } from './tell.ts'

/** What the end of a payment means for the subscriptions that it was for. */
export function followSubscriptionPayment(tx: Transaction, payment: Payment): void {
  if (payment.status === 'processing') return
  for (const id of payment.subscription_ids) {
    const stored = queries.findSubscription(tx, id)
    if (!stored?.state.awaiting) continue
    const { awaiting } = stored.state
    const settled = { ...stored, state: { ...stored.state, awaiting: null } }
    if (payment.status === 'succeeded') paid(tx, settled, awaiting, payment)
    else notPaid(tx, settled, awaiting, payment)
  }
}

function paid(tx: Transaction, stored: StoredSubscription, purpose: Purpose, payment: Payment): void {
  switch (purpose.kind) {
    case 'start':
      return start(tx, stored, payment)
    case 'renewal':
      return renew(tx, stored)
    case 'charge':
      return queries.putSubscription(tx, stored)
    case 'plan_change':
      return void applyPlanChange(tx, stored, purpose.change)
    case 'dues':
      return recover(tx, stored, purpose.by, payment)
  }
}

function notPaid(tx: Transaction, stored: StoredSubscription, purpose: Purpose, payment: Payment): void {
  switch (purpose.kind) {
    // The checkout is open still; the next attempt takes the subscription up again.
    case 'start':
    case 'charge':
      return queries.putSubscription(tx, stored)
    case 'renewal':
      return holdForDues(tx, stored, { payment, lines: null })
    case 'plan_change':
      return planChangeNotPaid(tx, stored, purpose, payment)
    case 'dues':
      return duesNotPaid(tx, stored, purpose.by)
  }
}

function planChangeNotPaid(
  tx: Transaction,
  stored: StoredSubscription,
  { change, preventOnFailure }: Extract<Purpose, { kind: 'plan_change' }>,
  payment: Payment,
): void {
  if (preventOnFailure) return queries.putSubscription(tx, stored)
  holdForDues(tx, applyPlanChange(tx, stored, change), { payment, lines: change.lines })
}

function start(tx: Transaction, { subscription, state }: StoredSubscription, payment: Payment): void {
  const now = tx.now.toISOString()
  const { plan } = state
  const inTrial = subscription.trial_period_days > 0
  const anchor = inTrial
    ? addPeriods(tx.now, 1, { count: subscription.trial_period_days, interval: 'Day' })
    : tx.now
  const cycles = inTrial ? 0 : 1
  const discounts = (payment.discounts ?? []).map((discount) => ({
    ...discount,
    cycles_remaining: discount.subscription_cycles,
  }))
  const started: StoredSubscription = {
    subscription: {
      ...subscription,
      status: 'active',
      created_at: now,
      previous_billing_date: now,
      next_billing_date: addPeriods(anchor, cycles, plan.frequency).toISOString(),
      expires_at: addPeriods(tx.now, 1, plan.period).toISOString(),
      payment_method_id: payment.payment_method_id,
      has_payment_method: payment.payment_method_id !== null,
      ...discountFields(inTrial ? discounts : withoutOneCycle(discounts)),
    },
    state: { ...state, anchor_at: anchor.toISOString(), cycles, in_trial: inTrial },
  }
  putTerms(tx, started)
  keepAndTell(tx, started, 'active', ...(tx.behaviour.renewedAtStart ? (['renewed'] as const) : []))
  if (inTrial) grantTrial(tx, subscription.subscription_id, anchor)
  else if (!subscription.on_demand) grantFirstCycle(tx, subscription.subscription_id)
}

function renew(tx: Transaction, stored: StoredSubscription): void {
  keepAndTell(tx, nextCycle(tx, stored), 'renewed')
  closeCycle(tx, stored.subscription.subscription_id, { wasTrial: stored.state.in_trial })
}

/** The subscription in the cycle that has been paid. After a long time on hold it begins when it was paid. */
function nextCycle(tx: Transaction, { subscription, state }: StoredSubscription): StoredSubscription {
  const { plan } = state
  const planned = addPeriods(new Date(state.anchor_at), state.cycles + 1, plan.frequency)
  const isLate = planned <= tx.now
  const anchor = isLate ? tx.now : new Date(state.anchor_at)
  const cycles = isLate ? 1 : state.cycles + 1
  return {
    subscription: {
      ...subscription,
      previous_billing_date: isLate ? tx.now.toISOString() : subscription.next_billing_date,
      next_billing_date: addPeriods(anchor, cycles, plan.frequency).toISOString(),
      ...discountFields(withoutOneCycle(subscription.discounts ?? [])),
    },
    state: {
      ...state,
      anchor_at: anchor.toISOString(),
      cycles,
      in_trial: false,
      credit_minor: Math.max(0, state.credit_minor - plan.unit_amount * subscription.quantity),
    },
  }
}

function recover(
  tx: Transaction,
  stored: StoredSubscription,
  by: 'retry' | 'payment_method',
  payment: Payment,
): void {
  const { dues } = stored.state
  const renewed = dues !== null && dues.lines === null
  const { subscription, state } = renewed ? nextCycle(tx, stored) : stored
  const card =
    by === 'payment_method'
      ? {
          payment_method_id: payment.payment_method_id,
          has_payment_method: payment.payment_method_id !== null,
        }
      : {}
  const recovered: StoredSubscription = {
    subscription: { ...subscription, ...card, ...(dues ? { status: 'active' as const } : {}) },
    state: { ...state, dues: null, past_due_ends_at: null },
  }
  keepAndTell(
    tx,
    recovered,
    ...(by === 'payment_method' ? (['update_payment_method'] as const) : []),
    ...(dues ? (['active'] as const) : []),
    ...(renewed ? (['renewed'] as const) : []),
  )
  if (dues) recoverDunning(tx, dues, payment)
  if (renewed) closeCycle(tx, subscription.subscription_id, { wasTrial: stored.state.in_trial })
}
