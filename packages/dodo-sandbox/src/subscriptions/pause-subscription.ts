import type { Transaction } from '../store/store.ts'
import * as errors from './errors.ts'
import type { StoredSubscription } from './subscription.ts'
import { keepAndTell } from './tell.ts'

/** Stops a subscription for a while: it is not charged, and its billing date waits. */
export function pauseSubscription(tx: Transaction, { subscription, state }: StoredSubscription): void {
  if (subscription.status !== 'active') throw errors.inactive(subscription.status)
  if (state.awaiting) throw errors.previousPaymentPending()
  keepAndTell(
    tx,
    { subscription: { ...subscription, status: 'paused', paused_at: tx.now.toISOString() }, state },
    'paused',
  )
}

/** Lets a paused subscription go on: what was left of the cycle is left still, so its dates move by the pause. */
export function resumeSubscription(tx: Transaction, { subscription, state }: StoredSubscription): void {
  const { paused_at: pausedAt } = subscription
  if (subscription.status !== 'paused' || pausedAt === null) throw errors.notPaused(subscription.status)
  const pauseMs = tx.now.getTime() - new Date(pausedAt).getTime()
  const moved = (at: string) => new Date(new Date(at).getTime() + pauseMs).toISOString()
  const nextBillingDate = moved(subscription.next_billing_date)
  keepAndTell(
    tx,
    {
      subscription: {
        ...subscription,
        status: 'active',
        paused_at: null,
        next_billing_date: nextBillingDate,
        expires_at: subscription.expires_at === null ? null : moved(subscription.expires_at),
      },
      state: { ...state, anchor_at: nextBillingDate, cycles: 0 },
    },
    'unpaused',
  )
}
