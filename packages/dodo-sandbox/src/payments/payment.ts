import type { customerDetails } from '../customers/customer.ts'
import type { Metadata } from '../http/parse.ts'

/** All five keys, always: Dodo's own webhook schemas refuse an address with one missing. */
interface BillingAddress {
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
  refunds: never[]
  refund_status: null
  disputes: never[]
  discounts: null
  discount_id: null
  custom_field_responses: null
  invoice_id: null
  invoice_url: null
}

export interface LineItem {
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
    dispute_status: null,
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
