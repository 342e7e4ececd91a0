import { createCustomer } from '../customers/create-customer.ts'
import type { Customer } from '../customers/customer.ts'
import * as customers from '../customers/queries.ts'
import { invalidBody, notFound } from '../kernel/refusal.ts'
import type { Instrument } from '../payment-methods/payment-method.ts'
import { findPaymentMethod } from '../payment-methods/queries.ts'
import { instrumentOf } from '../payment-methods/save-card.ts'
import type { BillingAddress, ChargeOutcome } from '../payments/payment.ts'
import { findLatestBilling } from '../payments/queries.ts'
import { recordPayment } from '../payments/record-payment.ts'
import { outcomeOffSession } from '../payments/test-cards.ts'
import type { Quote } from '../pricing/price.ts'
import type { Transaction } from '../store/store.ts'
import type { CreateSession, MadeSession } from './create-session.ts'
import * as queries from './queries.ts'
import { quoteOrRefuse } from './quote-session.ts'
import type { CheckoutSession } from './session.ts'
import { takeUpSubscriptions } from './take-up-subscriptions.ts'

export interface ConfirmSession {
  session: CheckoutSession
  quote: Quote
  input: CreateSession
}

/**
 * Finalises a session that was just made: its payment is there, waiting for a card or charging a saved one.
 *
 * @throws invalidBody when something is missing that only the customer could add
 */
export function confirmSession(tx: Transaction, { session, quote, input }: ConfirmSession): MadeSession {
  const customer = confirmedCustomer(tx, session)
  const methodId = input.payment_method_id
  if (!methodId) {
    checkAddress(input)
    const billing = billingOf(session.billing_address)
    return keep(tx, { session, quote, customer, billing, instrument: null, outcome: waitsForCard })
  }
  if (!session.customer || !('customer_id' in session.customer))
    throw invalidBody('payment_method_id: needs the customer_id of whose it is')
  const stored = findPaymentMethod(tx, methodId)
  if (stored?.customer_id !== customer.customer_id) throw notFound('payment method', methodId)
  const instrument = instrumentOf(stored)
  // An address that is not given is the one that the customer paid with last.
  const billing = session.billing_address
    ? billingOf(session.billing_address)
    : (findLatestBilling(tx, customer.customer_id) ?? billingOf({ country: instrument.card.issuing_country }))
  const charged = quoteOrRefuse(tx, session, { country: billing.country })
  const at = new Date(tx.now.getTime() + tx.behaviour.offSessionChargeMs)
  const outcome: ChargeOutcome =
    charged.total > 0
      ? outcomeOffSession(instrument.card, { at, force3ds: session.force_3ds })
      : { status: 'succeeded' }
  return keep(tx, { session, quote: charged, customer, billing, instrument, outcome })
}

const waitsForCard: ChargeOutcome = { status: 'requires_payment_method' }

interface KeepPayment {
  session: CheckoutSession
  quote: Quote
  customer: Customer
  billing: BillingAddress
  instrument: Instrument | null
  outcome: ChargeOutcome
}

function keep(tx: Transaction, { session, quote, ...charge }: KeepPayment): MadeSession {
  // One that waits for a card takes its subscriptions up when the card is given.
  const subscriptionIds = charge.instrument
    ? takeUpSubscriptions(tx, { session, ...charge, currency: quote.currency })
    : undefined
  const payment = recordPayment(tx, {
    ...charge,
    price: quote,
    metadata: session.metadata,
    session: { sessionId: session.session_id, attempt: tx.newId('att') },
    subscriptionIds,
  })
  const confirmed: CheckoutSession = {
    ...session,
    // The customer is settled now, also one who was new.
    customer: { customer_id: charge.customer.customer_id },
    payment_id: payment.payment_id,
    payment_status: payment.status,
    ...(subscriptionIds ? { subscription_ids: subscriptionIds } : {}),
  }
  queries.updateSessionDocument(tx, confirmed)
  return { session: confirmed, payment }
}

function confirmedCustomer(tx: Transaction, { customer, flags }: CheckoutSession): Customer {
  if (!customer) throw invalidBody('customer: is needed with confirm: true')
  if ('customer_id' in customer) {
    const known = customers.findCustomer(tx, customer.customer_id)
    if (!known) throw notFound('customer', customer.customer_id)
    return known
  }
  const known =
    flags.always_create_new_customer === true
      ? undefined
      : customers.findLatestCustomerByEmail(tx, customer.email)
  if (known) return known
  if (customer.name === null) throw invalidBody('customer.name: is needed with confirm: true')
  return createCustomer(tx, {
    email: customer.email,
    name: customer.name,
    phone_number: customer.phone_number,
    metadata: {},
  })
}

function checkAddress({ billing_address: address, minimal_address: isMinimal }: CreateSession): void {
  if (!address) throw invalidBody('billing_address: is needed with confirm: true')
  const needed = isMinimal ? (['zipcode'] as const) : (['street', 'city', 'zipcode'] as const)
  for (const name of needed)
    if (!address[name]) throw invalidBody(`billing_address.${name}: is needed with confirm: true`)
}

function billingOf(address: Partial<BillingAddress> | null): BillingAddress {
  return {
    city: address?.city ?? null,
    country: address?.country ?? 'US',
    state: address?.state ?? null,
    street: address?.street ?? null,
    zipcode: address?.zipcode ?? null,
  }
}
