import type { Customer } from '../customers/customer.ts'
import type { BillingAddress } from '../payments/payment.ts'
import type { Transaction } from '../store/store.ts'
import { awaitCard } from '../subscriptions/await-card.ts'
import { openSubscriptions } from '../subscriptions/open-subscriptions.ts'
import type { CheckoutSession } from './session.ts'

/** The subscriptions that wait for this payment, if it is for any: those of the cart, or the one that gets a card. */
export function takeUpSubscriptions(
  tx: Transaction,
  input: { session: CheckoutSession; customer: Customer; billing: BillingAddress; currency: string },
): string[] | undefined {
  const { session } = input
  if (session.card_for !== undefined) return [awaitCard(tx, session.card_for)]
  const offers = session.cart.lines.flatMap(({ offer, quantity }) => (offer ? [{ offer, quantity }] : []))
  if (offers.length === 0) return undefined
  return openSubscriptions(tx, {
    knownIds: session.subscription_ids ?? [],
    offers,
    customer: input.customer,
    billing: input.billing,
    currency: input.currency,
    metadata: session.metadata,
    expiresAt: session.expires_at,
  })
}
