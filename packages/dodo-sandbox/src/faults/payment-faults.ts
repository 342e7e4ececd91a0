import type { Transaction } from '../store/store.ts'
import type { FaultRule } from './fault.ts'
import type { PaymentErrorCode } from './payment-error-codes.ts'
import * as queries from './queries.ts'
import { drawFault } from './rules.ts'

type RefundFault = Extract<FaultRule, { kind: 'fail_next_refund' | 'review_next_refund' }>
type PaymentFault = Extract<FaultRule, { kind: 'fail_next_payment' }>

/**
 * Whether this payment, whose card would be charged, fails all the same: with the code that it answers. Ask once a
 * payment, in the transaction that makes it.
 */
export function drawPaymentFailure(
  tx: Transaction,
  paymentId: string,
): { status: 'failed'; error_code: PaymentErrorCode; error_message: string } | undefined {
  const drawn = drawFault(tx, (rule): rule is PaymentFault => rule.kind === 'fail_next_payment')
  if (!drawn) return undefined
  queries.insertInjected(tx, {
    kind: 'fail_next_payment',
    injected_at: tx.now.toISOString(),
    rule_id: drawn.rule_id,
    route: null,
    response_status: null,
    event_type: null,
    message_id: null,
    resource_id: paymentId,
  })
  return {
    status: 'failed',
    error_code: drawn.rule.error_code ?? 'GENERIC_DECLINE',
    error_message: 'The card was declined. Try again, or use another card.',
  }
}

/** Whether this refund, which would succeed, fails or is held in review. Ask once a refund. */
export function drawRefundFault(tx: Transaction, refundId: string): 'failed' | 'review' | undefined {
  const drawn = drawFault(
    tx,
    (rule): rule is RefundFault => rule.kind === 'fail_next_refund' || rule.kind === 'review_next_refund',
  )
  if (!drawn) return undefined
  queries.insertInjected(tx, {
    kind: drawn.rule.kind,
    injected_at: tx.now.toISOString(),
    rule_id: drawn.rule_id,
    route: null,
    response_status: null,
    event_type: null,
    message_id: null,
    resource_id: refundId,
  })
  return drawn.rule.kind === 'fail_next_refund' ? 'failed' : 'review'
}
