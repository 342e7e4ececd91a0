import type { FinalOutcome, Payment } from '../payments/payment.ts'
import * as payments from '../payments/queries.ts'
import { settlePayment } from '../payments/settle-payment.ts'
import type { Transaction } from '../store/store.ts'
import { sessionNotFound } from './pay-session.ts'
import * as queries from './queries.ts'
import { type CheckoutSession, sessionState } from './session.ts'

export const challengeDecisions = ['approve', 'fail', 'close'] as const

export interface AnswerChallenge {
  sessionId: string
  decision: (typeof challengeDecisions)[number]
}

const outcomes: Readonly<Record<AnswerChallenge['decision'], FinalOutcome>> = {
  approve: { status: 'succeeded' },
  fail: {
    status: 'failed',
    error_code: 'AUTHENTICATION_FAILURE',
    error_message: 'The bank could not confirm that it is you. Try again, or use another card.',
  },
  close: { status: 'cancelled' },
}

/** Tells the bank's answer. Told twice, the first counts: the second is answered with what came of it. */
export function answerChallenge(
  tx: Transaction,
  { sessionId, decision }: AnswerChallenge,
): { session: CheckoutSession; payment: Payment | undefined } {
  const session = queries.findSession(tx, sessionId)
  if (!session) throw sessionNotFound(sessionId)
  const payment = session.payment_id === null ? undefined : payments.findPayment(tx, session.payment_id)
  if (!payment || sessionState(session, tx.now) !== 'challenged') return { session, payment }
  return { session, payment: settlePayment(tx, payment.payment_id, outcomes[decision]) }
}
