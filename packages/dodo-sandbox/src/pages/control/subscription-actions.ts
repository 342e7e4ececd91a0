import { z } from 'zod'
import { chargeOnDemand, chargeSchema } from '../../subscriptions/charge-on-demand.ts'
import {
  subscriptionOf,
  updateSubscription,
  updateSubscriptionSchema,
} from '../../subscriptions/update-subscription.ts'
import { type Actions, noFields } from './actions.ts'
import { typedAmount } from './money-actions.ts'

/** What the API would be sent for each button. */
const changes = {
  pause: { status: 'paused' },
  resume: { status: 'active' },
  end: { cancel_at_next_billing_date: true },
  keep: { cancel_at_next_billing_date: false },
  cancel: { status: 'cancelled' },
} as const

/** What the page does to subscriptions. */
export function addSubscriptionActions(actions: Actions): void {
  for (const [action, change] of Object.entries(changes))
    actions.add(`subscriptions/:id/${action}`, 'subscriptions', noFields, (tx, _form, { id = '' }) =>
      updateSubscription(tx, subscriptionOf(tx, id), updateSubscriptionSchema.parse(change)),
    )
  actions.add('subscriptions/:id/renew', 'subscriptions', noFields, (tx, _form, { id = '' }) =>
    updateSubscription(
      tx,
      subscriptionOf(tx, id),
      updateSubscriptionSchema.parse({ next_billing_date: tx.now.toISOString() }),
    ),
  )
  actions.add(
    'subscriptions/:id/charge',
    'subscriptions',
    z.object({ amount: z.string() }),
    (tx, { amount }, { id = '' }) => {
      const stored = subscriptionOf(tx, id)
      const product_price = typedAmount(amount, stored.subscription.currency)
      chargeOnDemand(tx, stored, chargeSchema.parse({ product_price }))
    },
  )
}
