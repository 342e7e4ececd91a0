import { notFound } from '../kernel/refusal.ts'
import type { Payment } from '../payments/payment.ts'
import * as payments from '../payments/queries.ts'
import { roundedRatio } from '../pricing/rounding.ts'
import * as refunds from '../refunds/queries.ts'
import type { Transaction } from '../store/store.ts'

/** What is printed. Amounts are in the currency's smallest unit; net, less discount, and tax make the total. */
export interface Invoice {
  title: 'Invoice' | 'Credit note'
  id: string
  date: string
  facts: { name: string; value: string }[]
  to: string[]
  currency: string
  lines: { name: string; quantity: number | null; amount: number }[]
  discount: number
  tax: number
  total: number
}

/**
 * The invoice of a payment that went well.
 *
 * @throws notFound for any other
 */
export function invoiceOfPayment(tx: Transaction, paymentId: string): Invoice {
  const payment = payments.findPayment(tx, paymentId)
  if (!payment || payment.invoice_id === null) throw notFound('invoice of payment', paymentId)
  const { lines, discount } = payments.findSettledLines(tx, paymentId)
  return {
    title: 'Invoice',
    id: payment.invoice_id,
    date: payment.created_at,
    facts: factsOf(payment),
    to: recipientOf(payment),
    currency: payment.settlement_currency,
    lines,
    discount,
    tax: payment.settlement_tax,
    total: payment.settlement_amount,
  }
}

/**
 * The credit note of a refund that went well.
 *
 * @throws notFound for any other
 */
export function invoiceOfRefund(tx: Transaction, refundId: string): Invoice {
  const refund = refunds.findRefund(tx, refundId)
  const payment = refund && payments.findPayment(tx, refund.payment_id)
  if (refund?.status !== 'succeeded' || !payment) throw notFound('credit note of refund', refundId)
  const settled = (amount: number) =>
    payment.currency === payment.settlement_currency
      ? amount
      : roundedRatio(amount, payment.settlement_amount, payment.total_amount)
  const items = refunds.findRefundedItems(tx, refundId)
  const tax = settled(items.reduce((sum, item) => sum + item.tax, 0))
  const total = settled(refund.amount)
  return {
    title: 'Credit note',
    id: refund.refund_id,
    date: refund.created_at,
    facts: [
      ...factsOf(payment),
      ...(refund.reason === null ? [] : [{ name: 'Reason', value: refund.reason }]),
    ],
    to: recipientOf(payment),
    currency: payment.settlement_currency,
    lines: [{ name: refund.is_partial ? 'Refund in part' : 'Refund', quantity: null, amount: total - tax }],
    discount: 0,
    tax,
    total,
  }
}

function factsOf(payment: Payment): Invoice['facts'] {
  const codes = (payment.discounts ?? []).map(({ code }) => code).join(', ')
  const card = payment.card_last_four
  return [
    { name: 'Payment', value: payment.payment_id },
    ...(card === null
      ? []
      : [{ name: 'Paid with', value: `${payment.card_network ?? 'Card'} ending in ${card}` }]),
    ...(codes === '' ? [] : [{ name: 'Discount codes', value: codes }]),
  ]
}

function recipientOf({ customer, billing }: Payment): string[] {
  const place = [billing.zipcode, billing.city, billing.state].filter(Boolean).join(' ')
  return [customer.name, customer.email, billing.street ?? '', place, billing.country].filter(Boolean)
}
