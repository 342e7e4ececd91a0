import { type Customer, customerDetails } from '../customers/customer.ts'
import { addUse } from '../discounts/queries.ts'
import { drawPaymentFailure } from '../faults/payment-faults.ts'
import type { Metadata } from '../http/parse.ts'
import type { Instrument } from '../payment-methods/payment-method.ts'
import { markSaved } from '../payment-methods/queries.ts'
import type { Price } from '../pricing/price.ts'
import { loadBusiness, readSetting } from '../store/settings.ts'
import type { Transaction } from '../store/store.ts'
import { recordEvent } from '../webhooks/record-event.ts'
import type { BillingAddress, ChargeOutcome, IntentStatus, LineItem, Payment } from './payment.ts'
import * as queries from './queries.ts'

export interface NewPayment {
  customer: Customer
  billing: BillingAddress
  price: Price
  /** Null when nothing is charged: a total of zero needs no card. */
  instrument: Instrument | null
  outcome: ChargeOutcome
  metadata: Metadata
  /** The checkout it was made in, and the attempt there; a renewal or a charge has none. */
  session?: { sessionId: string; attempt: string }
  /** Left out, the payment is one of products bought once. */
  subscriptionIds?: readonly string[] | undefined
  /** 0 is the payment itself, 1 and more the retries of a failed renewal. */
  retryAttempt?: number
  isUpdatePaymentMethod?: boolean
  /** The payment of a confirmed checkout, which waited for this card. */
  waiting?: Payment | undefined
}

/**
 * Makes a payment with its line items and the webhook it owes, in or out of a checkout. A payment that stays under way
 * gets its end later, by `settlePayment` or, when the outcome says when, by the clock.
 */
export function recordPayment(tx: Transaction, input: NewPayment): Payment {
  const paymentId = input.waiting?.payment_id ?? tx.newId('pay')
  const outcome = outcomeWithFaults(tx, paymentId, input)
  const payment = buildPayment(tx, paymentId, { ...input, outcome })
  const { price, session } = input
  const comesTo = outcome.status === 'processing' ? outcome.comesTo : undefined
  queries.writePayment(tx, {
    payment,
    lineItems: { currency: price.currency, items: lineItemsOf(price, payment) },
    session,
    settlement: price.settlement,
    due: comesTo && { at: comesTo.at.toISOString(), outcome: comesTo.outcome },
  })
  if (isStanding(payment.status)) countUses(tx, payment, 1)
  if (payment.status === 'succeeded') saveItsCard(tx, payment)
  recordPaymentEvent(tx, payment)
  return payment
}

/** The outcome, unless an injected fault declines the card. */
function outcomeWithFaults(tx: Transaction, paymentId: string, input: NewPayment): ChargeOutcome {
  const { outcome, instrument, price } = input
  if (instrument === null || price.total === 0) return outcome
  if (outcome.status === 'succeeded') return drawPaymentFailure(tx, paymentId) ?? outcome
  if (outcome.status !== 'processing' || outcome.comesTo?.outcome.status !== 'succeeded') return outcome
  const failure = drawPaymentFailure(tx, paymentId)
  return failure ? { status: 'processing', comesTo: { at: outcome.comesTo.at, outcome: failure } } : outcome
}

/** Whether a card was charged, or still may be. */
function isStanding(status: IntentStatus): boolean {
  return status !== 'failed' && status !== 'cancelled' && status !== 'requires_payment_method'
}

/** What a payment has once it went well. */
export function newInvoice(tx: Transaction, paymentId: string): Pick<Payment, 'invoice_id' | 'invoice_url'> {
  return {
    invoice_id: tx.newId('inv'),
    invoice_url: `${readSetting(tx, 'api_origin') ?? ''}/invoices/payments/${paymentId}`,
  }
}

/** A card that was given to be saved is, once it has paid. */
export function saveItsCard(tx: Transaction, { payment_method_id: id }: Payment): void {
  if (id !== null) markSaved(tx, id)
}

/** A discount is used from when a payment with it is under way; one that ends badly gives it back. */
export function countUses(tx: Transaction, payment: Payment, uses: 1 | -1): void {
  for (const { discount_id } of payment.discounts ?? []) addUse(tx, discount_id, uses)
}

const statusesWithEvent: ReadonlySet<string> = new Set(['succeeded', 'failed', 'processing', 'cancelled'])

export function recordPaymentEvent(tx: Transaction, payment: Payment): void {
  if (!statusesWithEvent.has(payment.status)) return
  recordEvent(tx, {
    type: `payment.${payment.status}`,
    payloadType: 'Payment',
    resourceId: payment.payment_id,
  })
}

function buildPayment(tx: Transaction, paymentId: string, input: NewPayment): Payment {
  const { customer, price, instrument, outcome } = input
  const now = tx.now.toISOString()
  const card = instrument?.card
  const failure = outcome.status === 'failed' ? outcome : undefined
  const subscriptionIds = [...(input.subscriptionIds ?? [])]
  return {
    payment_id: paymentId,
    ...loadBusiness(tx),
    status: outcome.status,
    total_amount: price.total,
    tax: price.tax,
    currency: price.currency,
    settlement_amount: price.settlement.total,
    settlement_currency: price.settlement.currency,
    settlement_tax: price.settlement.tax,
    created_at: input.waiting?.created_at ?? now,
    updated_at: now,
    customer: customerDetails(customer),
    billing: input.billing,
    // Dodo fills it for products bought once, and leaves it null where a subscription is charged.
    product_cart:
      input.subscriptionIds === undefined
        ? price.lines.map(({ product_id, quantity }) => ({ product_id, quantity }))
        : null,
    metadata: input.metadata,
    checkout_session_id: input.session?.sessionId ?? null,
    payment_provider: 'dodo',
    payment_method: card ? 'card' : null,
    payment_method_id: instrument?.payment_method_id ?? null,
    payment_method_type: card?.network.toLowerCase() ?? null,
    payment_link: null,
    card_holder_name: instrument?.holder ?? null,
    card_issuing_country: card?.issuing_country ?? null,
    card_last_four: card?.number.slice(-4) ?? null,
    card_network: card?.network ?? null,
    card_type: card ? 'CREDIT' : null,
    error_code: failure?.error_code ?? null,
    error_message: failure?.error_message ?? null,
    digital_products_delivered: false,
    is_multi_subscription: subscriptionIds.length > 1,
    is_update_payment_method: input.isUpdatePaymentMethod ?? false,
    retry_attempt: input.retryAttempt ?? 0,
    subscription_id: subscriptionIds.length === 1 ? (subscriptionIds[0] ?? null) : null,
    subscription_ids: subscriptionIds,
    refunds: [],
    refund_status: null,
    disputes: [],
    discounts: price.discounts.length > 0 ? price.discounts : null,
    discount_id: price.discounts[0]?.discount_id ?? null,
    custom_field_responses: null,
    ...(outcome.status === 'succeeded' ? newInvoice(tx, paymentId) : { invoice_id: null, invoice_url: null }),
  }
}

/** One item a product: a product that stands in the cart twice is refunded as one. */
function lineItemsOf(price: Price, payment: Payment): LineItem[] {
  const itemsByProduct = new Map<string, LineItem>()
  for (const line of price.lines) {
    const before = itemsByProduct.get(line.product_id)
    const amount = (before?.amount ?? 0) + line.amount
    itemsByProduct.set(line.product_id, {
      items_id: line.product_id,
      amount,
      refundable_amount: payment.status === 'succeeded' ? amount : 0,
      tax: (before?.tax ?? 0) + line.tax,
      name: line.name,
      description: line.description,
    })
  }
  return [...itemsByProduct.values()]
}
