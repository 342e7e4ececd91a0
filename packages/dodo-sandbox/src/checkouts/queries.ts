import type { Page } from '../http/parse.ts'
import { parseDocument, type Transaction } from '../store/store.ts'
import type { CheckoutSession } from './session.ts'

export function insertSession(tx: Transaction, session: CheckoutSession): void {
  tx.run(
    'insert into checkout_sessions (session_id, document) values (?, ?)',
    session.session_id,
    JSON.stringify(session),
  )
}

export function updateSessionDocument(tx: Transaction, session: CheckoutSession): void {
  tx.run(
    'update checkout_sessions set document = ? where session_id = ?',
    JSON.stringify(session),
    session.session_id,
  )
}

export function findSession(tx: Transaction, sessionId: string): CheckoutSession | undefined {
  const row = tx.get('select document from checkout_sessions where session_id = ?', sessionId)
  return row && (parseDocument(row) as CheckoutSession)
}

/** The session whose latest attempt this payment is. */
export function findSessionByPayment(tx: Transaction, paymentId: string): CheckoutSession | undefined {
  const row = tx.get('select document from checkout_sessions where payment_id = ?', paymentId)
  return row && (parseDocument(row) as CheckoutSession)
}

export function listSessions(tx: Transaction, { page_size, page_number }: Page): CheckoutSession[] {
  return tx
    .all(
      'select document from checkout_sessions order by position desc limit ? offset ?',
      page_size,
      page_number * page_size,
    )
    .map((row) => parseDocument(row) as CheckoutSession)
}
