import type { Context } from 'hono'
import { returnUrlOf } from '../checkouts/return-url.ts'
import type { CheckoutSession } from '../checkouts/session.ts'
import { formatMoney } from '../kernel/money.ts'
import type { Payment } from '../payments/payment.ts'
import { answerPage, type CheckoutDisplay } from './layout.ts'
import { noticePage } from './notice-page.ts'

export function unknownSession(context: Context, display: CheckoutDisplay) {
  return answerPage(
    context,
    noticePage({
      display,
      event: 'checkout.error',
      notice: {
        tone: 'bad',
        title: 'No such checkout',
        text: 'This local Dodo knows no checkout of this address. It may have been started anew without its state file. Go back to the shop and start again.',
      },
    }),
    404,
  )
}

export function expiredSession(context: Context, session: CheckoutSession, display: CheckoutDisplay) {
  return answerPage(
    context,
    noticePage({
      display,
      theme: session.theme,
      event: 'checkout.link_expired',
      notice: {
        tone: 'neutral',
        title: 'This checkout has expired',
        text: 'A checkout is open for 24 hours, a confirmed one for 15 minutes. Nothing was charged. Go back to the shop and start a new one.',
        link:
          session.cancel_url === null ? undefined : { href: session.cancel_url, text: 'Back to the shop' },
      },
    }),
    410,
  )
}

export function processingSession(context: Context, session: CheckoutSession, display: CheckoutDisplay) {
  return answerPage(
    context,
    noticePage({
      display,
      theme: session.theme,
      notice: {
        tone: 'neutral',
        title: 'The payment is being processed',
        text: 'The bank has not answered yet. Nothing more is to be done here, and nothing is charged twice.',
        facts: [{ name: 'Payment', value: session.payment_id ?? '' }],
        link:
          session.return_url === null ? undefined : { href: session.return_url, text: 'Back to the shop' },
      },
    }),
  )
}

export function paidSession(
  context: Context,
  session: CheckoutSession,
  display: CheckoutDisplay,
  payment: Payment | undefined,
) {
  const backTo = payment && returnUrlOf(session, payment)
  return answerPage(
    context,
    noticePage({
      display,
      theme: session.theme,
      event: 'checkout.link_expired',
      notice: {
        tone: 'good',
        title: 'Payment received',
        text: 'This checkout is paid and cannot be used again. Nothing more is to be done here.',
        facts: [
          ...(payment
            ? [{ name: 'Amount', value: formatMoney(payment.total_amount, payment.currency) }]
            : []),
          { name: 'Payment', value: session.payment_id ?? '' },
        ],
        link:
          backTo === null || backTo === undefined ? undefined : { href: backTo, text: 'Back to the shop' },
      },
    }),
  )
}
