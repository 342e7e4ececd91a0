import type { Payment } from '../payments/payment.ts'
import type { Transaction } from '../store/store.ts'
import * as queries from './queries.ts'

/** A session is where its latest payment is. */
export function followPayment(tx: Transaction, payment: Payment): void {
  const session = queries.findSessionByPayment(tx, payment.payment_id)
  if (session) queries.updateSessionDocument(tx, { ...session, payment_status: payment.status })
}
