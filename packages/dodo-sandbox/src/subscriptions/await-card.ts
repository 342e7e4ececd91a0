import type { Transaction } from '../store/store.ts'
import * as errors from './errors.ts'
import * as queries from './queries.ts'
import { hasEnded } from './subscription.ts'

/**
 * Lets a subscription wait for the payment that brings its card.
 *
 * @throws inactive when it has ended since the customer was asked
 * @throws previousPaymentPending while another payment of it is under way
 */
export function awaitCard(tx: Transaction, subscriptionId: string): string {
  const stored = queries.findSubscription(tx, subscriptionId)
  if (!stored) throw errors.subscriptionNotFound(subscriptionId)
  const { subscription, state } = stored
  if (hasEnded(subscription)) throw errors.inactive(subscription.status)
  if (state.awaiting) throw errors.previousPaymentPending()
  queries.putSubscription(tx, {
    subscription,
    state: { ...state, awaiting: { kind: 'dues', by: 'payment_method' } },
  })
  return subscriptionId
}
