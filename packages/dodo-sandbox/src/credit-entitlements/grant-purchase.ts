import * as checkouts from '../checkouts/queries.ts'
import { creditsFromDecimal } from '../kernel/credits.ts'
import type { Payment } from '../payments/payment.ts'
import type { Transaction } from '../store/store.ts'
import { addGrant } from './change-balance.ts'
import * as queries from './queries.ts'

const dayMs = 86_400_000

/**
 * Grants the credits of the products that a payment bought once, by the terms of when its session was made. A kind
 * that was deleted since is not granted any more.
 */
export function grantPurchase(tx: Transaction, payment: Payment): void {
  const sessionId = payment.checkout_session_id
  const session = sessionId === null ? undefined : checkouts.findSession(tx, sessionId)
  for (const { quantity, credits = [], offer } of session?.cart.lines ?? []) {
    // A subscription grants its credits by its own terms.
    if (offer) continue
    const times = tx.behaviour.multiplyCreditsByQuantity ? BigInt(quantity) : 1n
    for (const attachment of credits) {
      const amount = creditsFromDecimal(attachment.credits_amount) * times
      if (amount === 0n || !queries.findEntitlement(tx, attachment.credit_entitlement_id)) continue
      addGrant(tx, {
        customerId: payment.customer.customer_id,
        entitlementId: attachment.credit_entitlement_id,
        amount,
        source: 'one_time',
        sourceId: payment.payment_id,
        subscriptionId: null,
        expiresAt: expiryOf(tx.now, attachment.expires_after_days),
        repaysOverage: attachment.overage_behavior === 'carry_deficit_auto_repay',
        entry: { reference: { id: payment.payment_id, type: 'payment' } },
      })
    }
  }
}

export function expiryOf(from: Date, days: number | null): Date | null {
  return days === null ? null : new Date(from.getTime() + days * dayMs)
}
