import type { z } from 'zod'
import * as customers from '../customers/queries.ts'
import { refuseUncovered } from '../http/parse.ts'
import { invalidBody, Refusal } from '../kernel/refusal.ts'
import type { Payment } from '../payments/payment.ts'
import type { Transaction } from '../store/store.ts'
import { confirmSession } from './confirm-session.ts'
import { priceCart } from './price-cart.ts'
import * as queries from './queries.ts'
import { quoteOrRefuse } from './quote-session.ts'
import {
  type Cart,
  type CheckoutSession,
  confirmedLifeMs,
  type createSessionSchema,
  sessionLifeMs,
} from './session.ts'

export type CreateSession = z.output<typeof createSessionSchema>

const noEligibleMethods = () =>
  new Refusal(
    422,
    'NO_ELIGIBLE_PAYMENT_METHODS',
    'allowed_payment_method_types: include credit or debit, for cards are all that works here',
  )

export interface MadeSession {
  session: CheckoutSession
  /** Of a confirmed session: what waits for a card, or is charged to a saved one. */
  payment: Payment | undefined
}

/**
 * Makes a session. Prices are taken now: a product edited afterwards changes nothing in it. A confirmed one has its payment
 * at once, and with a saved card that payment is under way.
 */
export function createSession(tx: Transaction, input: CreateSession): MadeSession {
  const session = draftSession(tx, input)
  const quote = quoteOrRefuse(tx, session)
  queries.insertSession(tx, session)
  if (input.payment_method_id && !session.confirmed)
    throw invalidBody('payment_method_id: is charged at once, and so goes with confirm: true')
  if (!session.confirmed) return { session, payment: undefined }
  return confirmSession(tx, { session, quote, input })
}

/** The session that a request describes, checked and not kept; of its products, or of the cart that is given. */
export function draftSession(tx: Transaction, input: CreateSession, cart?: Cart): CheckoutSession {
  refuseUncovered({
    'product collections': input.product_collection_id,
    'custom fields': input.custom_fields,
    'tax ids': input.tax_id,
  })
  const methods = input.allowed_payment_method_types
  if (methods && !methods.includes('credit') && !methods.includes('debit')) throw noEligibleMethods()
  return {
    session_id: tx.newId('cks'),
    created_at: tx.now.toISOString(),
    expires_at: new Date(tx.now.getTime() + (input.confirm ? confirmedLifeMs : sessionLifeMs)).toISOString(),
    cart: cart ?? priceCart(tx, input.product_cart, input.subscription_data),
    customer: sessionCustomer(tx, input.customer),
    billing_address: sessionAddress(input.billing_address),
    billing_currency: input.billing_currency ?? null,
    discount_codes: discountCodes(input),
    metadata: input.metadata ?? {},
    return_url: input.return_url ?? null,
    cancel_url: input.cancel_url ?? null,
    flags: input.feature_flags ?? {},
    theme: input.customization?.theme ?? 'system',
    pay_button_text: input.customization?.theme_config?.pay_button_text ?? null,
    force_3ds: input.force_3ds ?? false,
    confirmed: input.confirm ?? false,
    show_saved_payment_methods: input.show_saved_payment_methods ?? false,
    payment_id: null,
    payment_status: null,
  }
}

function discountCodes({ discount_code: one, discount_codes: stack }: CreateSession): string[] {
  if (one && stack && stack.length > 0)
    throw invalidBody('discount_code: goes not together with discount_codes; put it into the list')
  return stack ?? (one ? [one] : [])
}

function sessionCustomer(tx: Transaction, customer: CreateSession['customer']): CheckoutSession['customer'] {
  if (!customer) return null
  if ('email' in customer)
    return { email: customer.email, name: customer.name ?? null, phone_number: customer.phone_number ?? null }
  if (!customers.findCustomer(tx, customer.customer_id))
    throw invalidBody(`customer: there is no customer ${customer.customer_id}`)
  return { customer_id: customer.customer_id }
}

function sessionAddress(address: CreateSession['billing_address']): CheckoutSession['billing_address'] {
  if (!address) return null
  return {
    country: address.country,
    city: address.city ?? null,
    state: address.state ?? null,
    street: address.street ?? null,
    zipcode: address.zipcode ?? null,
  }
}
