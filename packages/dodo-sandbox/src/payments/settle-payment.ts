import type { ScheduledWork } from '../clock/scheduler.ts'
import { notFound, Refusal } from '../kernel/refusal.ts'
import type { Transaction } from '../store/store.ts'
import type { FinalOutcome, Payment } from './payment.ts'
import * as queries from './queries.ts'
import { countUses, newInvoice, recordPaymentEvent, saveItsCard } from './record-payment.ts'

const openStatuses: ReadonlySet<string> = new Set(['processing', 'requires_customer_action'])

const notUnderWay = ({ payment_id, status }: Payment) =>
  new Refusal(
    409,
    'PAYMENT_NOT_UNDER_WAY',
    `Payment ${payment_id} is ${status}, and nothing is to be decided.`,
  )

/** Whether a payment waits for a bank or for its customer there. */
export function isUnderWay({ status }: Pick<Payment, 'status'>): boolean {
  return openStatuses.has(status)
}

/**
 * Ends a payment that is under way, with all that follows: what can be refunded, its discounts, its card, its event.
 *
 * @throws notFound
 * @throws notUnderWay when it has ended already
 */
export function settlePayment(tx: Transaction, paymentId: string, outcome: FinalOutcome): Payment {
  const before = queries.findPayment(tx, paymentId)
  if (!before) throw notFound('payment', paymentId)
  if (!isUnderWay(before)) throw notUnderWay(before)
  const failure = outcome.status === 'failed' ? outcome : undefined
  const payment: Payment = {
    ...before,
    status: outcome.status,
    error_code: failure?.error_code ?? null,
    error_message: failure?.error_message ?? null,
    ...(outcome.status === 'succeeded' ? newInvoice(tx, paymentId) : {}),
    updated_at: tx.now.toISOString(),
  }
  queries.updatePayment(tx, payment)
  if (outcome.status === 'succeeded') {
    makeRefundable(tx, paymentId)
    saveItsCard(tx, payment)
  } else {
    countUses(tx, payment, -1)
  }
  recordPaymentEvent(tx, payment)
  return payment
}

function makeRefundable(tx: Transaction, paymentId: string): void {
  const lineItems = queries.findLineItems(tx, paymentId)
  if (!lineItems) return
  const items = lineItems.items.map((item) => ({ ...item, refundable_amount: item.amount }))
  queries.updateLineItems(tx, paymentId, { ...lineItems, items })
}

/** Charges that are under way for a set time come to their end. */
export const dueCharges: ScheduledWork = {
  nextDueAt: (tx) => queries.findFirstDue(tx)?.due_at,
  runDue(tx) {
    const due = queries.findFirstDue(tx)
    if (due) settlePayment(tx, due.payment_id, due.outcome)
  },
}
