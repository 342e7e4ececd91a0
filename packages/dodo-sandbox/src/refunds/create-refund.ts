import { drawRefundFault } from '../faults/payment-faults.ts'
import type { Metadata } from '../http/parse.ts'
import { notFound } from '../kernel/refusal.ts'
import type { LineItem, Payment } from '../payments/payment.ts'
import * as payments from '../payments/queries.ts'
import type { Transaction } from '../store/store.ts'
import * as errors from './errors.ts'
import { moveRefundable, showRefunds } from './follow-refund.ts'
import * as queries from './queries.ts'
import type { Refund, RefundedItem, RefundOutcome } from './refund.ts'
import { type AskedItem, amountRefund, itemsRefund, wholeRefund } from './share-refund.ts'

export interface CreateRefund {
  payment_id: string
  /** Left out or empty, all that is left is refunded. */
  items?: readonly AskedItem[] | null | undefined
  /** Instead of items: an amount with its tax, which the dashboard alone takes. */
  amount?: number | undefined
  metadata: Metadata
  reason?: string | null | undefined
}

// Dodo's documented rule: a refund is asked for within 30 days of the payment.
const windowDays = 30
const dayMs = 86_400_000

/**
 * Asks for a refund. It is pending for a moment, and its end is told by webhook.
 *
 * @throws what `errors.ts` has, each for the rule that it names
 */
export function createRefund(tx: Transaction, input: CreateRefund): Refund {
  const payment = payments.findPayment(tx, input.payment_id)
  if (!payment) throw notFound('payment', input.payment_id)
  checkPayment(tx, payment)
  const lineItems = payments.findLineItems(tx, payment.payment_id)?.items ?? []
  const items = refundedItems(input, lineItems)
  const amount = items.reduce((sum, item) => sum + item.amount, 0)
  if (amount === 0) throw errors.nothingToRefund()
  const refund: Refund = {
    refund_id: tx.newId('ref'),
    business_id: payment.business_id,
    brand_id: payment.brand_id,
    payment_id: payment.payment_id,
    status: 'pending',
    amount,
    currency: payment.currency,
    is_partial: amount < payment.total_amount,
    reason: input.reason ?? null,
    customer: payment.customer,
    metadata: input.metadata,
    created_at: tx.now.toISOString(),
  }
  const at = new Date(tx.now.getTime() + tx.behaviour.refundMs).toISOString()
  queries.insertRefund(tx, { refund, items, due: { at, outcome: outcomeOf(tx, payment, refund) } })
  moveRefundable(tx, payment.payment_id, items, -1)
  showRefunds(tx, payment)
  return refund
}

function checkPayment(tx: Transaction, payment: Payment): void {
  if (payment.status !== 'succeeded') throw errors.paymentNotSucceeded(payment.status)
  if (payment.total_amount === 0) throw errors.zeroAmount()
  if (payment.refund_status === 'full') throw errors.alreadyRefunded()
  const underWay = queries
    .listRefundsOf(tx, payment.payment_id)
    .find(({ status }) => status === 'pending' || status === 'review')
  if (underWay) throw errors.refundUnderWay(underWay.status)
  const ageMs = tx.now.getTime() - new Date(payment.created_at).getTime()
  if (ageMs > windowDays * dayMs) throw errors.windowExpired(windowDays)
}

function refundedItems({ items, amount }: CreateRefund, lineItems: readonly LineItem[]): RefundedItem[] {
  if (items && items.length > 0) return itemsRefund(lineItems, items)
  if (amount === undefined) return wholeRefund(lineItems)
  const left = lineItems.reduce((sum, item) => sum + item.refundable_amount, 0)
  if (amount > left) throw errors.exceedsPaid(left)
  return amountRefund(lineItems, amount)
}

/** What is disputed is not paid back a second time: such a refund fails, as Dodo documents. */
function outcomeOf(tx: Transaction, payment: Payment, refund: Refund): RefundOutcome {
  const isDisputed = payment.disputes.some(({ dispute_status: status }) =>
    ['dispute_opened', 'dispute_challenged', 'dispute_lost', 'dispute_accepted'].includes(status),
  )
  return isDisputed ? 'failed' : (drawRefundFault(tx, refund.refund_id) ?? 'succeeded')
}
