import type { Payment } from '../payments/payment.ts'
import * as payments from '../payments/queries.ts'
import type { Transaction } from '../store/store.ts'
import * as queries from './queries.ts'
import { type RefundedItem, refundListItem } from './refund.ts'

/** Takes what is refunded from the line items, or puts it back. */
export function moveRefundable(
  tx: Transaction,
  paymentId: string,
  refunded: readonly RefundedItem[],
  direction: 1 | -1,
): void {
  const lineItems = payments.findLineItems(tx, paymentId)
  if (!lineItems) return
  const items = lineItems.items.map((item) => {
    const moved = refunded.find(({ items_id }) => items_id === item.items_id)?.amount ?? 0
    return { ...item, refundable_amount: item.refundable_amount + direction * moved }
  })
  payments.updateLineItems(tx, paymentId, { ...lineItems, items })
}

/** Has the payment show its refunds as they are. */
export function showRefunds(tx: Transaction, payment: Payment): void {
  const refunds = queries.listRefundsOf(tx, payment.payment_id)
  const refunded = refunds.reduce((sum, { status, amount }) => sum + (status === 'succeeded' ? amount : 0), 0)
  const partial = refunded > 0 ? 'partial' : null
  payments.updatePayment(tx, {
    ...payment,
    refunds: refunds.map(refundListItem),
    refund_status: refunded >= payment.total_amount && refunded > 0 ? 'full' : partial,
    updated_at: tx.now.toISOString(),
  })
}
