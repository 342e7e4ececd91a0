import { createCustomer } from '../customers/create-customer.ts'
import type { Customer } from '../customers/customer.ts'
import * as customers from '../customers/queries.ts'
import { Refusal } from '../kernel/refusal.ts'
import type { BillingAddress, Payment } from '../payments/payment.ts'
import * as payments from '../payments/queries.ts'
import { recordPayment } from '../payments/record-payment.ts'
import { cardOf } from '../payments/test-cards.ts'
import type { Quote } from '../pricing/price.ts'
import type { Transaction } from '../store/store.ts'
import { checkCard, checkContact, type FieldErrors, type PaymentForm, readForm } from './payment-form.ts'
import * as queries from './queries.ts'
import { quoteSession } from './quote-session.ts'
import { type CheckoutSession, sessionState } from './session.ts'

export interface PaySession {
  sessionId: string
  /** Made with the form; the same one sent again is answered with the payment that it made. */
  attempt: string
  form: PaymentForm
}

export type PayOutcome =
  | { kind: 'paid'; payment: Payment; session: CheckoutSession }
  | { kind: 'declined'; payment: Payment; session: CheckoutSession }
  | { kind: 'invalid'; fields: FieldErrors; session: CheckoutSession }
  /** The total is not the one that the customer saw. Nothing was charged. */
  | { kind: 'changed'; quote: Quote; reason: string; session: CheckoutSession }

export const sessionNotFound = (sessionId: string) =>
  new Refusal(404, 'NOT_FOUND', `There is no checkout session ${sessionId}.`)

const sessionExpired = () =>
  new Refusal(410, 'CHECKOUT_SESSION_EXPIRED', 'This checkout has expired. Start a new one.')

const sessionConsumed = () =>
  new Refusal(
    409,
    'CHECKOUT_SESSION_CONSUMED',
    'This checkout has been paid already. Nothing was charged again.',
  )

/**
 * Charges the card for the session. The payment, what it does to the session, and the webhooks it owes are one
 * transaction: an answered payment is never without its webhook. A declined card leaves the session open, and the
 * next attempt is another payment. A total of zero succeeds without a card.
 *
 * @throws sessionNotFound, sessionExpired
 * @throws sessionConsumed when another attempt has paid it
 */
export function paySession(tx: Transaction, input: PaySession): PayOutcome {
  const session = queries.findSession(tx, input.sessionId)
  if (!session) throw sessionNotFound(input.sessionId)
  const earlier = payments.findPaymentByAttempt(tx, session.session_id, input.attempt)
  if (earlier) return outcomeOf(earlier, session)
  const state = sessionState(session, tx.now)
  if (state === 'paid') throw sessionConsumed()
  if (state === 'expired') throw sessionExpired()

  const form = readForm(tx, session, input.form)
  const contactErrors = checkContact(form)
  // Without a country there is no price, and so no telling whether a card is needed: it is taken that one is.
  if (contactErrors.country !== undefined)
    return { kind: 'invalid', fields: { ...contactErrors, ...checkCard(form, tx.now) }, session }
  const known = knownCustomer(tx, session, form.email)
  const { quote, refused } = quoteSession(tx, session, {
    country: form.country,
    currency: form.currency,
    code: form.discount_code,
    customerId: known?.customer_id,
  })
  const typed = refused.find(({ code }) => code === form.discount_code)
  const fields: FieldErrors = {
    ...contactErrors,
    ...(typed ? { discount_code: `${typed.refusal.message}.` } : {}),
    ...(quote.total > 0 ? checkCard(form, tx.now) : {}),
  }
  if (Object.keys(fields).length > 0) return { kind: 'invalid', fields, session }
  if (form.total_seen !== undefined && form.total_seen !== totalSeen(quote))
    return { kind: 'changed', quote, reason: changeReason(refused), session }

  const customer = known ?? newCustomer(tx, session, form)
  const card = quote.total > 0 ? cardOf(form.card_number) : undefined
  const payment = recordPayment(tx, {
    customer,
    billing: billingOf(session, form),
    price: quote,
    instrument: card ? { card, holder: form.name, payment_method_id: null } : null,
    outcome: card?.outcome ?? { status: 'succeeded' },
    metadata: session.metadata,
    session: { sessionId: session.session_id, attempt: input.attempt },
  })
  const updated = { ...session, payment_id: payment.payment_id, payment_status: payment.status }
  queries.updateSessionDocument(tx, updated)
  return outcomeOf(payment, updated)
}

/** A total as the form carries it, so that nobody pays another one than was seen. */
export function totalSeen({ currency, total }: Pick<Quote, 'currency' | 'total'>): string {
  return `${total} ${currency}`
}

function changeReason(refused: readonly { refusal: Refusal }[]): string {
  const reasons = refused.map(({ refusal }) => `${refusal.message}. `).join('')
  return `${reasons}The total has changed. Look at it, and press the button again.`
}

function outcomeOf(payment: Payment, session: CheckoutSession): PayOutcome {
  return { kind: payment.status === 'succeeded' ? 'paid' : 'declined', payment, session }
}

/** The session's customer; else who paid in it before; else the one made last with this e-mail, unless a new one is asked for. */
function knownCustomer(tx: Transaction, session: CheckoutSession, email: string): Customer | undefined {
  const asked = session.customer
  if (asked && 'customer_id' in asked) {
    const known = customers.findCustomer(tx, asked.customer_id)
    if (known) return known
  }
  // A second attempt in the same session is by the same person, also where each session makes a new customer.
  const earlier = session.payment_id === null ? undefined : payments.findPayment(tx, session.payment_id)
  const before = earlier && customers.findCustomer(tx, earlier.customer.customer_id)
  if (before && before.email.toLowerCase() === email.toLowerCase()) return before
  return session.flags.always_create_new_customer === true
    ? undefined
    : customers.findLatestCustomerByEmail(tx, email)
}

function newCustomer(tx: Transaction, { customer: asked }: CheckoutSession, form: PaymentForm): Customer {
  return createCustomer(tx, {
    email: form.email,
    name: form.name,
    phone_number: asked && 'phone_number' in asked ? asked.phone_number : null,
    metadata: {},
  })
}

function billingOf({ billing_address: address }: CheckoutSession, form: PaymentForm): BillingAddress {
  return {
    city: address?.city ?? null,
    country: form.country,
    state: address?.state ?? null,
    street: address?.street ?? null,
    zipcode: address?.zipcode ?? null,
  }
}
