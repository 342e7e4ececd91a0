import { notFound, type Refusal } from '../kernel/refusal.ts'
import * as payments from '../payments/queries.ts'
import type { Transaction } from '../store/store.ts'
import * as errors from './errors.ts'
import * as queries from './queries.ts'
import { chargeDues } from './run-due.ts'
import type { Dues, StoredSubscription } from './subscription.ts'

// Dodo documents that there is a limit and a wait, and neither of the two.
const sendsAllowed = 3
const sendWaitMs = 3_600_000

/** Charges a failed renewal once more, because the shop asks. */
export function retryPayment(tx: Transaction, paymentId: string) {
  const { stored, dues } = duesOf(tx, paymentId)
  const refusal = refusalOf(tx, stored, dues)
  if (refusal) throw refusal
  const { subscription, state } = stored
  const sent: Dues = { ...dues, sends_used: dues.sends_used + 1, last_send_at: tx.now.toISOString() }
  const payment = chargeDues(tx, { subscription, state: { ...state, dues: sent } }, dues)
  return {
    payment_id: payment.payment_id,
    invoice_id: dues.invoice_id,
    is_manual_retry: true,
    retry_attempt: payment.retry_attempt,
    sends_allowed: sendsAllowed,
    sends_used: sent.sends_used,
    retry_available_at: availableAt(sent),
    status: payment.status,
  }
}

/** Whether a failed payment can be tried again. */
export function retryState(tx: Transaction, paymentId: string) {
  const found = findDues(tx, paymentId)
  if (!found)
    return {
      can_retry: false,
      sends_allowed: sendsAllowed,
      sends_used: 0,
      reason: errors.retryNotAllowed().code,
      retry_available_at: null,
    }
  const refusal = refusalOf(tx, found.stored, found.dues)
  return {
    can_retry: !refusal,
    sends_allowed: sendsAllowed,
    sends_used: found.dues.sends_used,
    reason: refusal?.code ?? null,
    retry_available_at: availableAt(found.dues),
  }
}

function refusalOf(tx: Transaction, { state }: StoredSubscription, dues: Dues): Refusal | undefined {
  if (state.awaiting) return errors.previousPaymentPending()
  if (dues.sends_used >= sendsAllowed) return errors.retryLimitExceeded()
  const at = availableAt(dues)
  return at !== null && at > tx.now.toISOString() ? errors.retryTooSoon(at) : undefined
}

function availableAt(dues: Dues): string | null {
  if (dues.sends_used >= sendsAllowed || dues.last_send_at === null) return null
  return new Date(new Date(dues.last_send_at).getTime() + sendWaitMs).toISOString()
}

function duesOf(tx: Transaction, paymentId: string) {
  const found = findDues(tx, paymentId)
  if (!found) throw errors.retryNotAllowed()
  return found
}

/** What is due since a payment failed: of the payment itself, or of a later try at the same. */
function findDues(
  tx: Transaction,
  paymentId: string,
): { stored: StoredSubscription; dues: Dues } | undefined {
  const payment = payments.findPayment(tx, paymentId)
  if (!payment) throw notFound('payment', paymentId)
  const id = payment.subscription_id
  const stored = id === null ? undefined : queries.findSubscription(tx, id)
  const dues = stored?.state.dues
  if (!stored || !dues || payment.status !== 'failed' || payment.created_at < dues.since) return undefined
  return { stored, dues }
}
