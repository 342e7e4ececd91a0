import { z } from 'zod'
import { draftSession } from '../checkouts/create-session.ts'
import * as checkouts from '../checkouts/queries.ts'
import { type CheckoutSession, createSessionSchema } from '../checkouts/session.ts'
import { webUrl } from '../http/parse.ts'
import { invalidBody } from '../kernel/refusal.ts'
import * as methods from '../payment-methods/queries.ts'
import { instrumentOf } from '../payment-methods/save-card.ts'
import type { Transaction } from '../store/store.ts'
import { chargeableLines, chargeSubscription, quoteCharge, renewalLines } from './charge.ts'
import * as errors from './errors.ts'
import { hasEnded, type StoredSubscription } from './subscription.ts'
import { keepAndTell } from './tell.ts'

export const updatePaymentMethodSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('new'),
    return_url: webUrl.nullish(),
    allowed_payment_method_types: z.array(z.string()).nullish(),
  }),
  z.object({ type: z.literal('existing'), payment_method_id: z.string().min(1) }),
])

export interface UpdatedPaymentMethod {
  payment_id: string | null
  session: CheckoutSession | null
}

/**
 * Gives a subscription another card: a saved one at once, a new one through a page of ours. What is due is charged to it.
 */
export function updatePaymentMethod(
  tx: Transaction,
  stored: StoredSubscription,
  body: z.output<typeof updatePaymentMethodSchema>,
): UpdatedPaymentMethod {
  const { subscription, state } = stored
  if (subscription.status === 'expired') throw errors.expired()
  if (hasEnded(subscription) || subscription.status === 'pending') throw errors.inactive(subscription.status)
  if (state.awaiting) throw errors.previousPaymentPending()
  if (body.type === 'new')
    return { payment_id: null, session: openSession(tx, stored, body.return_url ?? null) }
  return { payment_id: takeSavedCard(tx, stored, body.payment_method_id), session: null }
}

function takeSavedCard(tx: Transaction, stored: StoredSubscription, methodId: string): string | null {
  const { subscription, state } = stored
  const method = methods.findPaymentMethod(tx, methodId)
  if (method?.customer_id !== subscription.customer.customer_id)
    throw invalidBody(`payment_method_id: the customer has no saved payment method ${methodId}`)
  if (!state.dues) {
    keepAndTell(
      tx,
      { subscription: { ...subscription, payment_method_id: methodId, has_payment_method: true }, state },
      'update_payment_method',
    )
    return null
  }
  return chargeSubscription(tx, stored, {
    ...duesToPay(tx, stored),
    purpose: { kind: 'dues', by: 'payment_method' },
    instrument: instrumentOf(method),
  }).payment_id
}

/** What is due, as lines; nothing when nothing is. */
function duesToPay(tx: Transaction, stored: StoredSubscription) {
  const { dues } = stored.state
  const discounted = dues !== null && dues.lines === null
  const lines = dues ? (dues.lines ?? renewalLines(tx, stored)) : []
  return { lines: chargeableLines(tx, stored, lines, discounted), discounted }
}

/** A checkout where the customer gives a card, and pays what is due. */
function openSession(tx: Transaction, stored: StoredSubscription, returnUrl: string | null): CheckoutSession {
  const { subscription, state } = stored
  const due = duesToPay(tx, stored)
  const quote = quoteCharge(tx, stored, due)
  const lines = quote.lines.map((line, index) => ({
    ...line,
    // The subscription's discounts are taken off already.
    quantity: 1,
    unit_amount: line.tax_inclusive ? line.amount : line.amount - line.tax,
    description: due.lines[index]?.description ?? null,
    tax_category: 'saas' as const,
  }))
  const card = { ...state.plan, name: `A card for ${state.plan.name}`, quantity: 1, unit_amount: 0 }
  const input = createSessionSchema.parse({
    product_cart: [],
    customer: { customer_id: subscription.customer.customer_id },
    billing_address: subscription.billing,
    return_url: returnUrl,
    metadata: subscription.metadata,
  })
  const session: CheckoutSession = {
    ...draftSession(tx, input, {
      currency: quote.currency,
      lines: lines.length > 0 ? lines : [{ ...card, tax_category: 'saas' }],
    }),
    card_for: subscription.subscription_id,
  }
  checkouts.insertSession(tx, session)
  return session
}
