import { invalidBody, notFound, Refusal } from '../kernel/refusal.ts'
import type { Payment } from '../payments/payment.ts'
import * as payments from '../payments/queries.ts'
import type { Transaction } from '../store/store.ts'
import { recordEvent } from '../webhooks/record-event.ts'
import { type DisputeDetails, type DisputeStatus, disputeOfPayment } from './dispute.ts'
import * as queries from './queries.ts'

export interface OpenDispute {
  paymentId: string
  stage: DisputeDetails['dispute_stage']
  /** In the payment's smallest unit; left out, it is all that was paid. */
  amount?: number | undefined
  reason: string | null
}

const notPaid = ({ payment_id, status }: Payment) =>
  new Refusal(
    409,
    'PAYMENT_NOT_SUCCEEDED',
    `Payment ${payment_id} is ${status}: what is not paid is not disputed.`,
  )

/**
 * Opens a dispute, as the customer's bank does.
 *
 * @throws notFound, notPaid
 */
export function openDispute(tx: Transaction, input: OpenDispute): DisputeDetails {
  const payment = payments.findPayment(tx, input.paymentId)
  if (!payment) throw notFound('payment', input.paymentId)
  if (payment.status !== 'succeeded') throw notPaid(payment)
  const amount = input.amount ?? payment.total_amount
  if (amount < 1 || amount > payment.total_amount)
    throw invalidBody(`amount: is between 1 and the ${payment.total_amount} that were paid`)
  const dispute: DisputeDetails = {
    dispute_id: tx.newId('dp'),
    business_id: payment.business_id,
    brand_id: payment.brand_id,
    payment_id: payment.payment_id,
    amount: String(amount),
    currency: payment.currency,
    dispute_stage: input.stage,
    dispute_status: 'dispute_opened',
    is_resolved_by_rdr: false,
    remarks: null,
    reason: input.reason,
    customer: payment.customer,
    payment_provider: payment.payment_provider,
    created_at: tx.now.toISOString(),
  }
  queries.insertDispute(tx, dispute)
  tell(tx, dispute)
  return dispute
}

/** Shows the dispute in its payment, and owes its event. */
export function tell(tx: Transaction, { payment_id, dispute_id, dispute_status }: DisputeDetails): void {
  const payment = payments.findPayment(tx, payment_id)
  if (payment)
    payments.updatePayment(tx, {
      ...payment,
      disputes: queries.listDisputesOf(tx, payment_id).map(disputeOfPayment),
      updated_at: tx.now.toISOString(),
    })
  recordEvent(tx, { type: eventOf(dispute_status), payloadType: 'Dispute', resourceId: dispute_id })
}

/** `dispute_opened` is told as `dispute.opened`. */
function eventOf(status: DisputeStatus): string {
  return status.replace('_', '.')
}
