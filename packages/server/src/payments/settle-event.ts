import type { Transaction } from '../database/database.ts'
import type { ProviderEvent } from '../providers/provider.ts'
import { settleCredits } from './settle-credits.ts'
import { type SettleContext, settlePayment } from './settle-payment.ts'
import { settleDispute, settleRefund } from './settle-refund.ts'
import type { Settled } from './settled.ts'

/**
 * Draws the consequences of what was told, by the state that it tells and not by when it came. Safe to repeat.
 *
 * @param asOf when it was so, by the provider's clock: what is known to be newer is not overwritten
 */
export async function settleEvent(
  tx: Transaction,
  event: ProviderEvent,
  asOf: Date,
  context: SettleContext,
): Promise<Settled> {
  switch (event.type) {
    case 'payment':
      return settlePayment(tx, event.payment, asOf, context)
    case 'refund':
      return settleRefund(tx, event.refund, asOf, context)
    case 'dispute':
      return settleDispute(tx, event.dispute, asOf, context)
    case 'credits':
      return settleCredits(tx, event.grant, context)
    case 'subscription':
      return {
        state: 'ignored',
        note: 'Nothing follows from it here.',
        orderId: undefined,
        paymentId: undefined,
      }
  }
}

/** The entity that is told about. */
export function entityOf(event: ProviderEvent): string {
  switch (event.type) {
    case 'payment':
      return event.payment.paymentId
    case 'refund':
      return event.refund.refundId
    case 'dispute':
      return event.dispute.disputeId
    case 'credits':
      return event.grant.grantId
    case 'subscription':
      return event.subscription.subscriptionId
  }
}
