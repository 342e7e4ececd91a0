import { createCustomer } from '../customers/create-customer.ts'
import { type Customer, emailSchema } from '../customers/customer.ts'
import * as customers from '../customers/queries.ts'
import { isCountryCode } from '../kernel/countries.ts'
import { Refusal } from '../kernel/refusal.ts'
import type { BillingAddress, Payment } from '../payments/payment.ts'
import * as payments from '../payments/queries.ts'
import { recordPayment } from '../payments/record-payment.ts'
import { cardOf, isCardNumber } from '../payments/test-cards.ts'
import type { Price } from '../pricing/price.ts'
import type { Transaction } from '../store/store.ts'
import { prefillOf } from './prefill.ts'
import * as queries from './queries.ts'
import { type CheckoutSession, sessionState } from './session.ts'

/** The form as it was sent. */
export interface PaymentForm {
  email: string
  name: string
  country: string
  card_number: string
  expiry: string
  cvc: string
}

export interface PaySession {
  sessionId: string
  /** Made with the form; the same one sent again is answered with the payment that it made. */
  attempt: string
  form: PaymentForm
}

export type FieldErrors = Partial<Record<keyof PaymentForm, string>>

export type PayOutcome =
  | { kind: 'paid'; payment: Payment; session: CheckoutSession }
  | { kind: 'declined'; payment: Payment; session: CheckoutSession }
  | { kind: 'invalid'; fields: FieldErrors; session: CheckoutSession }

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
 * next attempt is another payment.
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

  const prefill = prefillOf(tx, session)
  const form: PaymentForm = {
    ...input.form,
    // What is settled is not taken from the browser.
    email: prefill.emailLocked ? prefill.email : input.form.email.trim(),
    name: prefill.nameLocked ? prefill.name : input.form.name.trim(),
    card_number: input.form.card_number.replaceAll(/[\s-]/g, ''),
  }
  const fields = checkForm(form, tx.now)
  if (Object.keys(fields).length > 0) return { kind: 'invalid', fields, session }

  const customer = payingCustomer(tx, session, form)
  const card = cardOf(form.card_number)
  const payment = recordPayment(tx, {
    customer,
    billing: billingOf(session, form),
    price: priceOf(session),
    instrument: { card, holder: form.name, payment_method_id: null },
    outcome: card.outcome,
    metadata: session.metadata,
    session: { sessionId: session.session_id, attempt: input.attempt },
  })
  const updated = { ...session, payment_id: payment.payment_id, payment_status: payment.status }
  queries.updateSessionDocument(tx, updated)
  return outcomeOf(payment, updated)
}

function outcomeOf(payment: Payment, session: CheckoutSession): PayOutcome {
  return { kind: payment.status === 'succeeded' ? 'paid' : 'declined', payment, session }
}

function checkForm(form: PaymentForm, now: Date): FieldErrors {
  const fields: FieldErrors = {}
  if (!emailSchema.safeParse(form.email).success)
    fields.email = 'Enter an e-mail address, like ada@example.com.'
  if (form.name === '' || form.name.length > 255) fields.name = 'Enter your name.'
  if (!isCountryCode(form.country)) fields.country = 'Choose your country.'
  if (!isCardNumber(form.card_number)) fields.card_number = 'Check the card number.'
  const expiryError = checkExpiry(form.expiry, now)
  if (expiryError !== undefined) fields.expiry = expiryError
  if (!/^\d{3,4}$/.test(form.cvc.trim())) fields.cvc = 'Enter the 3 or 4 digits.'
  return fields
}

/** A card is good to the end of its month, wherever that end comes last. */
function checkExpiry(expiry: string, now: Date): string | undefined {
  const match = /^\s*(0[1-9]|1[0-2])\s*\/?\s*(?:20)?(\d{2})\s*$/.exec(expiry)
  if (!match) return 'Enter it as MM / YY.'
  const lastInstant = Date.UTC(2000 + Number(match[2]), Number(match[1]), 1, 12)
  return lastInstant <= now.getTime() ? 'This card has expired.' : undefined
}

/** The session's customer; else the one made last with this e-mail, unless the session asks for a new one; else new. */
function payingCustomer(tx: Transaction, session: CheckoutSession, form: PaymentForm): Customer {
  const asked = session.customer
  if (asked && 'customer_id' in asked) {
    const known = customers.findCustomer(tx, asked.customer_id)
    if (known) return known
  }
  // A second attempt in the same session is by the same person, also where each session makes a new customer.
  const earlier = session.payment_id === null ? undefined : payments.findPayment(tx, session.payment_id)
  const before = earlier && customers.findCustomer(tx, earlier.customer.customer_id)
  if (before && before.email.toLowerCase() === form.email.toLowerCase()) return before
  const known =
    session.flags.always_create_new_customer === true
      ? undefined
      : customers.findLatestCustomerByEmail(tx, form.email)
  return (
    known ??
    createCustomer(tx, {
      email: form.email,
      name: form.name,
      phone_number: asked && 'phone_number' in asked ? asked.phone_number : null,
      metadata: {},
    })
  )
}

function billingOf(session: CheckoutSession, form: PaymentForm): BillingAddress {
  const { billing_address: address } = session
  return {
    city: address?.city ?? null,
    country: form.country,
    state: address?.state ?? null,
    street: address?.street ?? null,
    zipcode: address?.zipcode ?? null,
  }
}

/** The cart as what is to be paid. */
function priceOf({ cart }: CheckoutSession): Price {
  return {
    currency: cart.currency,
    total: cart.total,
    tax: cart.tax,
    lines: cart.lines.map((line) => ({ ...line, tax: 0 })),
    settlement: { currency: cart.currency, total: cart.total, tax: cart.tax },
    discounts: [],
  }
}
