import type { customerDetails } from '../customers/customer.ts'
import type { DiscountDetail } from '../discounts/discount.ts'
import type { Dispute } from '../disputes/dispute.ts'
import type { Metadata } from '../http/parse.ts'
import type { RefundListItem } from '../refunds/refund.ts'

/** All five keys, always: Dodo's own webhook schemas refuse an address with one missing. */
export interface BillingAddress {
  city: string | null
  country: string
  state: string | null
  street: string | null
  zipcode: string | null
}

export const intentStatuses = [
  'succeeded',
  'failed',
  'cancelled',
  'processing',
  'requires_customer_action',
  'requires_merchant_action',
  'requires_payment_method',
  'requires_confirmation',
  'requires_capture',
  'partially_captured',
  'partially_captured_and_capturable',
] as const

export type IntentStatus = (typeof intentStatuses)[number]

/** How a charge ended. */
export type FinalOutcome =
  | { status: 'succeeded' }
  | { status: 'failed'; error_code: string; error_message: string }
  | { status: 'cancelled' }

/** A payment that the customer's bank declined. */
export const declinedByBank = (error_code: string): FinalOutcome => ({
  status: 'failed',
  error_code,
  error_message: 'The bank declined the payment. Try again, or use another card.',
})

/** What came of a charge: its end, or what it waits for. */
export type ChargeOutcome =
  | FinalOutcome
  /** Waits for a card: its checkout is confirmed and not paid. */
  | { status: 'requires_payment_method' }
  /** Waits for the customer's bank to ask the customer. */
  | { status: 'requires_customer_action' }
  /** Waits for the bank: until the instant, or without one until it is told. */
  | { status: 'processing'; comesTo?: { at: Date; outcome: FinalOutcome } }

/** A payment as the API answers with it and as webhooks carry it. */
export interface Payment {
  payment_id: string
  business_id: string
  brand_id: string
  status: IntentStatus
  /** What the customer paid, tax included, in the currency's smallest unit. */
  total_amount: number
  tax: number
  currency: string
  settlement_amount: number
  settlement_currency: string
  settlement_tax: number
  created_at: string
  updated_at: string
  customer: ReturnType<typeof customerDetails>
  billing: BillingAddress
  product_cart: { product_id: string; quantity: number }[] | null
  metadata: Metadata
  checkout_session_id: string | null
  payment_provider: 'dodo'
  payment_method: string | null
  payment_method_id: string | null
  payment_method_type: string | null
  payment_link: string | null
  card_holder_name: string | null
  card_issuing_country: string | null
  card_last_four: string | null
  card_network: string | null
  card_type: string | null
  error_code: string | null
  error_message: string | null
  digital_products_delivered: boolean
  is_multi_subscription: boolean
  is_update_payment_method: boolean
  retry_attempt: number
  subscription_id: string | null
  subscription_ids: string[]
  refunds: RefundListItem[]
  /** Counts refunds that succeeded, and nothing else. */
  refund_status: 'partial' | 'full' | null
  disputes: Dispute[]
  discounts: DiscountDetail[] | null
  discount_id: string | null
  custom_field_responses: null
  invoice_id: string | null
  invoice_url: string | null
}

/** What was paid for one product: the amount and what can still be refunded of it include the tax. */
export interface LineItem {
  /** The product's id. */
  items_id: string
  amount: number
  refundable_amount: number
  tax: number
  name: string | null
  description: string | null
}

export interface PaymentLineItems {
  currency: string
  items: LineItem[]
}

/** A list's row: a part of the payment. */
export function paymentListRow(payment: Payment) {
  return {
    brand_id: payment.brand_id,
    card_last_four: payment.card_last_four,
    card_network: payment.card_network,
    created_at: payment.created_at,
    currency: payment.currency,
    customer: payment.customer,
    digital_products_delivered: payment.digital_products_delivered,
    dispute_status: payment.disputes.at(-1)?.dispute_status ?? null,
    has_license_key: false,
    invoice_id: payment.invoice_id,
    invoice_url: payment.invoice_url,
    is_multi_subscription: payment.is_multi_subscription,
    metadata: payment.metadata,
    payment_id: payment.payment_id,
    payment_method: payment.payment_method,
    payment_method_type: payment.payment_method_type,
    payment_provider: payment.payment_provider,
    refund_status: payment.refund_status,
    status: payment.status,
    subscription_id: payment.subscription_id,
    subscription_ids: payment.subscription_ids,
    total_amount: payment.total_amount,
  }
}
