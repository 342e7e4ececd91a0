import type { ScheduledWork } from '../clock/scheduler.ts'
import { notFound, Refusal } from '../kernel/refusal.ts'
import { findPayment } from '../payments/queries.ts'
import type { Transaction } from '../store/store.ts'
import { recordEvent } from '../webhooks/record-event.ts'
import { moveRefundable, showRefunds } from './follow-refund.ts'
import * as queries from './queries.ts'
import type { Refund, RefundOutcome } from './refund.ts'

const notUnderWay = ({ refund_id, status }: Refund) =>
  new Refusal(409, 'REFUND_NOT_UNDER_WAY', `Refund ${refund_id} has ${status}, and nothing is to be decided.`)

/**
 * Takes a refund to its end, or into review. Review is told to nobody, for Dodo has no event of it.
 *
 * @throws notFound
 * @throws notUnderWay when it has ended already
 */
export function settleRefund(tx: Transaction, refundId: string, outcome: RefundOutcome): Refund {
  const before = queries.findRefund(tx, refundId)
  if (!before) throw notFound('refund', refundId)
  if (before.status !== 'pending' && before.status !== 'review') throw notUnderWay(before)
  const refund: Refund = { ...before, status: outcome }
  queries.updateRefund(tx, refund)
  if (outcome === 'failed') moveRefundable(tx, refund.payment_id, queries.findRefundedItems(tx, refundId), 1)
  const payment = findPayment(tx, refund.payment_id)
  if (payment) showRefunds(tx, payment)
  if (outcome !== 'review')
    recordEvent(tx, { type: `refund.${outcome}`, payloadType: 'Refund', resourceId: refundId })
  return refund
}

/** Pending refunds come to their end. */
export const dueRefunds: ScheduledWork = {
  nextDueAt: (tx) => queries.findFirstDue(tx)?.due_at,
  runDue(tx) {
    const due = queries.findFirstDue(tx)
    if (due) settleRefund(tx, due.refund_id, due.outcome)
  },
}
