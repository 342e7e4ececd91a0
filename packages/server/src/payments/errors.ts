import { refusal } from '../kernel/refusal.ts'
import type { PaymentState } from '../providers/told.ts'
import type { Standing } from './payment.ts'

export const paymentNotFound = refusal({
  code: 'payment_not_found',
  status: 404,
  title: 'No such payment',
  detail: () =>
    'No payment with this id was told by the payment provider. `tallystick reconcile` asks for what it did not tell.',
  help: "Payments go by the provider's own ids. One of another mode (test, live) is not found either.",
})

export const paymentNotWaiting = refusal({
  code: 'payment_not_waiting',
  status: 409,
  title: 'The payment does not wait for a decision',
  detail: (facts: {
    payment: string
    state: PaymentState
    standing: Standing
    customer: string | undefined
  }) => `The payment ${facts.payment} ${whatItIs(facts)}. Nothing was changed.`,
  help: 'Only payments that succeeded and are `unassigned` or `flagged` are assigned or dismissed: GET /v1/payments?standing=unassigned.',
})

function whatItIs({
  state,
  standing,
  customer,
}: {
  state: PaymentState
  standing: Standing
  customer: string | undefined
}): string {
  if (state !== 'succeeded') return `is ${state}, and only one that succeeded brings credits`
  if (standing === 'credited') return `is credited to ${customer ?? 'a customer'}`
  if (standing === 'dismissed') return 'was dismissed, and stays so'
  return "has its order, and its credits come from the provider's credit system"
}

export const packNeeded = refusal({
  code: 'pack_needed',
  status: 422,
  title: 'It is not known what the payment bought',
  detail: (facts: { payment: string; reason: string }) =>
    `What the payment ${facts.payment} bought is not known: ${facts.reason}. Say which pack it is, and assign it again.`,
  help: 'Give `pack`: a pack of the catalog with a fixed price. The customer gets its credits times the quantity that was paid for.',
})
