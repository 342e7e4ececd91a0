import type { Transaction } from '../store/store.ts'
import { recordEvent } from '../webhooks/record-event.ts'
import * as queries from './queries.ts'
import type { StoredSubscription } from './subscription.ts'

type Happening =
  | 'active'
  | 'renewed'
  | 'on_hold'
  | 'past_due'
  | 'paused'
  | 'unpaused'
  | 'cancelled'
  | 'failed'
  | 'expired'
  | 'plan_changed'
  | 'update_payment_method'

/**
 * Keeps a changed subscription and tells what happened to it: its own events, in their order, and then
 * `subscription.updated`, which Dodo sends for any change.
 */
export function keepAndTell(tx: Transaction, stored: StoredSubscription, ...happened: Happening[]): void {
  queries.putSubscription(tx, stored)
  for (const happening of [...happened, 'updated'])
    recordEvent(tx, {
      type: `subscription.${happening}`,
      payloadType: 'Subscription',
      resourceId: stored.subscription.subscription_id,
    })
}
