import { endTerms } from '../credit-entitlements/terms.ts'
import type { Transaction } from '../store/store.ts'
import type { StoredSubscription } from './subscription.ts'
import { keepAndTell } from './tell.ts'

/** Ends a subscription for good. The credits that it granted stay until they expire. */
export function endSubscription(
  tx: Transaction,
  { subscription, state }: StoredSubscription,
  status: 'cancelled' | 'expired' | 'failed',
): StoredSubscription {
  const ended: StoredSubscription = {
    subscription: {
      ...subscription,
      status,
      cancelled_at: status === 'cancelled' ? tx.now.toISOString() : subscription.cancelled_at,
      scheduled_change: null,
    },
    state: { ...state, dues: null, past_due_ends_at: null, scheduled: null },
  }
  endTerms(tx, subscription.subscription_id)
  keepAndTell(tx, ended, status)
  return ended
}
