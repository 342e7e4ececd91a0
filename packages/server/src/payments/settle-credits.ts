import type { Transaction } from '../database/database.ts'
import { creditsFromDecimal } from '../kernel/credits.ts'
import { invariant } from '../kernel/refusal.ts'
import { internalKey } from '../ledger/keys.ts'
import * as orders from '../orders/queries.ts'
import type { CreditGrant } from '../providers/told.ts'
import { grantOrdered } from './grant-ordered.ts'
import * as grants from './grant-queries.ts'
import type { Payment } from './payment.ts'
import * as queries from './queries.ts'
import type { SettleContext } from './settle-payment.ts'
import type { Settled } from './settled.ts'
import { takeBack } from './take-back.ts'

/**
 * Draws the consequences of credits that the provider's own credit system granted: the purchase that waits for them is credited. They may come before
 * their payment, and then wait for it. A purchase whose credits come with the payment is left alone. Safe to repeat.
 */
export async function settleCredits(
  tx: Transaction,
  told: CreditGrant,
  context: SettleContext,
): Promise<Settled> {
  const { provider } = context
  // Before any row, and so does the payment: the two look for each other, and one of them must come second.
  await grants.lockProviderCustomer(tx, provider, told.providerCustomerId)
  const grant = await grants.putGrant(tx, context, told, creditsFromDecimal(told.credits))
  if (grant.paymentId !== undefined)
    return {
      state: 'processed',
      note: 'These credits were granted before.',
      orderId: undefined,
      paymentId: grant.paymentId,
    }
  const waiting = await grants.findPaymentAwaiting(tx, grant)
  const payment =
    waiting === undefined ? undefined : await queries.lockPayment(tx, { provider, paymentId: waiting })
  if (payment === undefined)
    return {
      state: 'ignored',
      note: 'No purchase waits for these credits. They are kept, and used when one does.',
      orderId: undefined,
      paymentId: undefined,
    }
  return useGrant(tx, payment, grant, context)
}

/** Credits a payment that waits, when its credits came before it. Undefined when they are still to come. */
export async function settleAwaited(
  tx: Transaction,
  payment: Payment,
  context: SettleContext,
): Promise<Settled | undefined> {
  const grant = await grants.findGrantFor(tx, payment)
  return grant && useGrant(tx, payment, grant, context)
}

async function useGrant(
  tx: Transaction,
  payment: Payment,
  grant: grants.KeptGrant,
  context: SettleContext,
): Promise<Settled> {
  invariant(payment.orderId, 'a payment that awaits credits has its order')
  const order = await orders.lockOrder(tx, payment.orderId)
  invariant(order, 'an order is never deleted')
  // Somebody was faster, or the payment was dismissed.
  if (payment.standing !== 'awaiting_credits' || order.state !== 'paid')
    return {
      state: 'ignored',
      note: 'Its purchase does not wait for it any more.',
      orderId: order.id,
      paymentId: payment.paymentId,
    }
  await grants.markUsed(tx, grant, payment.paymentId)
  const key = internalKey(`grant:${grant.provider}:${grant.grantId}`)
  const credited = await grantOrdered(tx, { payment, order, key }, context.ledger)
  const back = await takeBack(tx, credited, context)
  return { state: 'processed', note: back, orderId: order.id, paymentId: payment.paymentId }
}
