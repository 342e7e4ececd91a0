import { formatMoney, type Money } from '../kernel/money.ts'
import { refusal } from '../kernel/refusal.ts'

export const orderNotPaid = refusal({
  code: 'order_not_paid',
  status: 409,
  title: 'The order is not paid',
  detail: (facts: { state: string }) =>
    `The order is ${facts.state}: no payment of it is known, so there is nothing to refund.`,
  help: 'An order can be refunded once its payment has arrived. A payment that Dodo has and Tallystick does not know yet comes with its webhook or the next reconciliation.',
})

export const paidAmountUnknown = refusal({
  code: 'paid_amount_unknown',
  status: 409,
  title: 'What was paid is not known',
  detail: () =>
    'The payment provider does not say what was charged for this payment. Refund it in the dashboard of the provider: its credits follow by themselves.',
  help: 'Tallystick refunds only what it can compare with what was paid.',
})

export const refundUnderWay = refusal({
  code: 'refund_under_way',
  status: 409,
  title: 'A refund of this payment is under way',
  detail: (facts: { refund: string }) =>
    `The refund ${facts.refund} of this payment has not ended yet. Wait for its end, then ask again.`,
  help: 'Dodo takes one refund of a payment at a time. GET /v1/orders/{order}/refunds says how far it is; one in `review` is decided by people at Dodo.',
})

export const paymentDisputed = refusal({
  code: 'payment_disputed',
  status: 409,
  title: 'The payment is disputed',
  detail: (facts: { dispute: string }) =>
    `The customer disputes this payment at their bank (${facts.dispute}), and it is not decided: a refund would give the money back twice. Wait for the decision, or accept the dispute in the dashboard of the provider.`,
  help: 'A dispute that is lost or accepted gives the money back by itself, and takes the credits with it.',
})

export const refundWindowOver = refusal({
  code: 'refund_window_over',
  status: 422,
  title: 'The payment is too old to be refunded',
  detail: (facts: { paidAt: Date; refundableUntil: Date; days: number }) =>
    `The payment is of ${facts.paidAt.toISOString()}, and Dodo refunds a payment within ${facts.days} days: until ${facts.refundableUntil.toISOString()}. Send the money another way, and take the credits back with POST /v1/lots/{lot}/revoke.`,
  help: "The 30 days are Dodo's rule.",
})

export const nothingWasPaid = refusal({
  code: 'nothing_was_paid',
  status: 422,
  title: 'Nothing was paid',
  detail: () =>
    'The payment is of zero, as with a discount of 100 %, so there is nothing to refund. To take the credits back, use POST /v1/lots/{lot}/revoke.',
  help: 'Dodo does not refund payments of zero.',
})

export const nothingLeftToRefund = refusal({
  code: 'nothing_left_to_refund',
  status: 422,
  title: 'Nothing is left to refund',
  detail: (facts: { paid: Money }) => `All of the ${formatMoney(facts.paid)} that were paid have gone back.`,
  help: 'Refunds and lost disputes count together. GET /v1/orders/{order}/refunds lists the refunds.',
})

export const nothingUnused = refusal({
  code: 'nothing_unused',
  status: 422,
  title: 'No unused credits can be refunded',
  detail: (facts: { credits: string; isCredited: boolean }) => {
    if (!facts.isCredited)
      return 'The credits of this order have not arrived yet, so none are unused. Wait for them, or ask for `all` or an amount.'
    return facts.credits === '0'
      ? 'Of what this order bought no credits are unused. To refund it nevertheless, ask for `all` or an amount: what was spent is then owed.'
      : `The ${facts.credits} unused credits of this order are worth less than the smallest unit of its currency. To refund it nevertheless, ask for \`all\` or an amount.`
  },
  help: 'Unused are the credits of this very purchase that are available now: not those that are spent, set aside by a hold, expired or taken back.',
})

export const refundExceedsPayment = refusal({
  code: 'refund_exceeds_payment',
  status: 422,
  title: 'The refund is of more than is left of the payment',
  detail: (facts: { asked: Money; left: Money; paid: Money }) =>
    `${formatMoney(facts.asked)} were asked for; of the ${formatMoney(facts.paid)} that were paid ${formatMoney(facts.left)} are left to refund.`,
  help: 'The amount is in minor units (cents for USD) of the currency that the customer paid in, tax included. GET /v1/orders/{order}/refund-quote says what is left.',
})
