import { createCustomer } from '../customers/create-customer.ts'
import type { Customer } from '../customers/customer.ts'
import * as customers from '../customers/queries.ts'
import { Refusal } from '../kernel/refusal.ts'
import type { Instrument, PaymentMethod } from '../payment-methods/payment-method.ts'
import { findPaymentMethod, listPaymentMethods } from '../payment-methods/queries.ts'
import { instrumentOf, saveCard } from '../payment-methods/save-card.ts'
import type { BillingAddress, Payment } from '../payments/payment.ts'
import * as payments from '../payments/queries.ts'
import { recordPayment } from '../payments/record-payment.ts'
import { cardOf, outcomeOnSession } from '../payments/test-cards.ts'
import type { Quote } from '../pricing/price.ts'
import type { Transaction } from '../store/store.ts'
import { checkCard, checkContact, type FieldErrors, type PaymentForm, readForm } from './payment-form.ts'
import * as queries from './queries.ts'
import { quoteSession } from './quote-session.ts'
import { type CheckoutSession, isSubscribing, needsCard, sessionState } from './session.ts'
import { takeUpSubscriptions } from './take-up-subscriptions.ts'

export interface PaySession {
  sessionId: string
  /** Made with the form; the same one sent again is answered with the payment that it made. */
  attempt: string
  form: PaymentForm
}

export type PayOutcome =
  /** `challenged` waits for the customer to approve at the bank, `processing` for the bank alone. */
  | {
      kind: 'paid' | 'declined' | 'challenged' | 'processing'
      payment: Payment
      session: CheckoutSession
    }
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

const paymentUnderWay = () =>
  new Refusal(
    409,
    'CHECKOUT_SESSION_CONSUMED',
    'A payment of this checkout is under way. Nothing was charged again.',
  )

/**
 * Charges the card for the session. The payment, what it does to the session, and the webhooks it owes are one
 * transaction: an answered payment is never without its webhook. A declined card leaves the session open, and the
 * next attempt is another payment. A total of zero succeeds without a card.
 *
 * @throws sessionNotFound, sessionExpired
 * @throws sessionConsumed when another attempt has paid it
 * @throws paymentUnderWay when another attempt still may
 */
export function paySession(tx: Transaction, input: PaySession): PayOutcome {
  const session = queries.findSession(tx, input.sessionId)
  if (!session) throw sessionNotFound(input.sessionId)
  const earlier = payments.findPaymentByAttempt(tx, session.session_id, input.attempt)
  if (earlier) return outcomeOf(earlier, session)
  const state = sessionState(session, tx.now)
  if (state === 'paid') throw sessionConsumed()
  if (state === 'expired') throw sessionExpired()
  if (state !== 'open') throw paymentUnderWay()

  const form = readForm(tx, session, input.form)
  const contactErrors = checkContact(form)
  // Without a country there is no price, and so no telling whether a card is needed: it is taken that one is.
  if (contactErrors.country !== undefined)
    return { kind: 'invalid', fields: { ...contactErrors, ...checkCard(form, tx.now) }, session }
  const known = knownCustomer(tx, session, form.email)
  const saved = savedCard(tx, session, form.payment_method_id)
  const { quote, refused } = quoteSession(tx, session, {
    country: form.country,
    currency: form.currency,
    code: form.discount_code,
    customerId: known?.customer_id,
  })
  const isCardNeeded = needsCard(session, quote.total)
  const typed = refused.find(({ code }) => code === form.discount_code)
  const fields: FieldErrors = {
    ...contactErrors,
    ...(typed ? { discount_code: `${typed.refusal.message}.` } : {}),
    ...(isCardNeeded && !saved ? checkCard(form, tx.now) : {}),
  }
  if (Object.keys(fields).length > 0) return { kind: 'invalid', fields, session }
  if (form.total_seen !== undefined && form.total_seen !== totalSeen(quote))
    return { kind: 'changed', quote, reason: changeReason(refused), session }

  const customer = known ?? newCustomer(tx, session, form)
  const billing = billingOf(session, form)
  const subscriptionIds = takeUpSubscriptions(tx, { session, customer, billing, currency: quote.currency })
  const instrument = isCardNeeded ? (saved ?? typedCard(tx, session, { customer, form })) : null
  const payment = recordPayment(tx, {
    customer,
    billing,
    price: quote,
    instrument,
    outcome: instrument
      ? outcomeOnSession(instrument.card, { force3ds: session.force_3ds })
      : { status: 'succeeded' },
    metadata: session.metadata,
    session: { sessionId: session.session_id, attempt: input.attempt },
    waiting: waitingPayment(tx, session),
    subscriptionIds,
    isUpdatePaymentMethod: session.card_for !== undefined,
  })
  const updated: CheckoutSession = {
    ...session,
    ...(subscriptionIds && session.card_for === undefined ? { subscription_ids: subscriptionIds } : {}),
    payment_id: payment.payment_id,
    payment_status: payment.status,
  }
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
  return { kind: kinds[payment.status] ?? 'declined', payment, session }
}

const kinds: Partial<Record<Payment['status'], 'paid' | 'challenged' | 'processing'>> = {
  succeeded: 'paid',
  requires_customer_action: 'challenged',
  processing: 'processing',
}

/** The cards that a session offers: its known customer's, where it shows them. */
export function savedCardsOf(tx: Transaction, session: CheckoutSession): PaymentMethod[] {
  const { customer, show_saved_payment_methods: isShown } = session
  if (!isShown || !customer || !('customer_id' in customer)) return []
  return listPaymentMethods(tx, customer.customer_id).map(({ method }) => method)
}

/** The saved card that was picked. Whose it is comes from the session, never from the browser. */
function savedCard(
  tx: Transaction,
  session: CheckoutSession,
  methodId: string | undefined,
): Instrument | undefined {
  const picked = savedCardsOf(tx, session).find(({ payment_method_id: id }) => id === methodId)
  const stored = picked && findPaymentMethod(tx, picked.payment_method_id)
  return stored && instrumentOf(stored)
}

function typedCard(
  tx: Transaction,
  session: CheckoutSession,
  { customer, form }: { customer: Customer; form: PaymentForm },
): Instrument {
  const card = cardOf(form.card_number)
  // A subscription is charged again, so its card is saved unasked.
  const isAsked = form.save_card === 'on' || isSubscribing(session)
  const isSaved = isAsked && card.outcome.status !== 'failed'
  const saved = isSaved
    ? saveCard(tx, {
        customerId: customer.customer_id,
        number: form.card_number,
        holder: form.name,
        expiry: form.expiry,
      })
    : undefined
  return { card, holder: form.name, payment_method_id: saved?.payment_method_id ?? null }
}

/** What a confirmed session has waiting for its first card. */
function waitingPayment(tx: Transaction, session: CheckoutSession): Payment | undefined {
  return session.payment_status === 'requires_payment_method' && session.payment_id !== null
    ? payments.findPayment(tx, session.payment_id)
    : undefined
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
