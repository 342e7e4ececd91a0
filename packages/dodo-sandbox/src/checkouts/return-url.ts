import type { Payment } from '../payments/payment.ts'
import type { CheckoutSession } from './session.ts'

/** Where the customer goes after paying: the session's `return_url` with `payment_id` and `status` added. */
export function returnUrlOf(session: CheckoutSession, payment: Payment): string | null {
  if (session.return_url === null) return null
  const url = new URL(session.return_url)
  url.searchParams.set('payment_id', payment.payment_id)
  url.searchParams.set('status', payment.status)
  return url.href
}
