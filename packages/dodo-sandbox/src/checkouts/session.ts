import { z } from 'zod'
import { type CreditAttachment, sessionCreditsSchema } from '../credit-entitlements/attachment.ts'
import { emailSchema } from '../customers/customer.ts'
import { type Metadata, metadataSchema, webUrl } from '../http/parse.ts'
import { isCountryCode } from '../kernel/countries.ts'
import { currencies } from '../kernel/money.ts'
import type { IntentStatus } from '../payments/payment.ts'
import type { SaleLine } from '../pricing/price.ts'
import type { Product } from '../products/product.ts'
import type { PlanOffer } from '../subscriptions/plan.ts'

const country = z.string().refine(isCountryCode, 'is not a country that Dodo knows')

const currency = z.string().refine((code) => currencies.has(code), 'is not a currency that Dodo knows')

const cartItemSchema = z.object({
  product_id: z.string().min(1),
  quantity: z.number().int().min(1).max(1_000_000),
  amount: z.number().int().min(0).max(2_147_483_647).nullish(),
  addons: z.array(z.unknown()).nullish(),
  credit_entitlements: z.array(sessionCreditsSchema).nullish(),
})

const addressSchema = z.object({
  country,
  city: z.string().max(255).nullish(),
  state: z.string().max(255).nullish(),
  street: z.string().max(255).nullish(),
  zipcode: z.string().max(50).nullish(),
})

const customerSchema = z.union([
  z.object({ customer_id: z.string().min(1) }),
  z.object({
    email: emailSchema,
    name: z.string().max(255).nullish(),
    phone_number: z.string().max(50).nullish(),
  }),
])

const flag = z.boolean().optional()

const flagsSchema = z.object({
  allow_currency_selection: flag,
  allow_customer_editing_business_name: flag,
  allow_customer_editing_city: flag,
  allow_customer_editing_country: flag,
  allow_customer_editing_email: flag,
  allow_customer_editing_name: flag,
  allow_customer_editing_state: flag,
  allow_customer_editing_street: flag,
  allow_customer_editing_tax_id: flag,
  allow_customer_editing_zipcode: flag,
  allow_discount_code: flag,
  allow_editing_addons: flag,
  allow_phone_number_collection: flag,
  allow_tax_id: flag,
  always_create_new_customer: flag,
  redirect_immediately: flag,
  require_cardholder_name: flag,
  require_phone_number: flag,
  require_tax_id: flag,
  single_page: flag,
})

const customizationSchema = z.object({
  force_language: z.string().nullish(),
  show_on_demand_tag: flag,
  show_order_details: flag,
  theme: z.enum(['dark', 'light', 'system']).nullish(),
  theme_config: z.object({ pay_button_text: z.string().max(100).nullish() }).nullish(),
})

const subscriptionDataSchema = z.object({
  on_demand: z
    .object({
      mandate_only: z.boolean(),
      product_price: z.number().int().min(0).max(2_147_483_647).nullish(),
      product_currency: currency.nullish(),
      product_description: z.string().max(10_000).nullish(),
      adaptive_currency_fees_inclusive: z.boolean().nullish(),
    })
    .nullish(),
  trial_period_days: z.number().int().min(0).max(10_000).nullish(),
})

export const createSessionSchema = z.object({
  product_cart: z.array(cartItemSchema).max(20),
  allowed_payment_method_types: z.array(z.string()).nullish(),
  billing_address: addressSchema.nullish(),
  billing_currency: currency.nullish(),
  cancel_url: webUrl.nullish(),
  customer: customerSchema.nullish(),
  customer_business_name: z.string().max(255).nullish(),
  customization: customizationSchema.nullish(),
  discount_code: z.string().min(1).nullish(),
  discount_codes: z.array(z.string().min(1)).max(20).nullish(),
  feature_flags: flagsSchema.nullish(),
  metadata: metadataSchema.nullish(),
  return_url: webUrl.nullish(),
  confirm: z.boolean().nullish(),
  force_3ds: z.boolean().nullish(),
  minimal_address: z.boolean().nullish(),
  payment_method_id: z.string().nullish(),
  show_saved_payment_methods: z.boolean().nullish(),
  subscription_data: subscriptionDataSchema.nullish(),
  // Accepted to be refused by name.
  custom_fields: z.array(z.unknown()).nullish(),
  product_collection_id: z.string().nullish(),
  tax_id: z.string().nullish(),
})

/** One position of what is bought, priced when the session was made. */
export interface CartLine extends SaleLine {
  tax_category: Product['tax_category']
  /** The credits that one of it brings; sessions of earlier versions say nothing of them. */
  credits?: CreditAttachment[]
  /** What is subscribed to with this line, if it is not bought once. */
  offer?: PlanOffer
}

/** What is bought. What it costs depends on the country, the currency and the codes: see `quoteSession`. */
export interface Cart {
  /** The one that the lines are priced in. */
  currency: string
  lines: CartLine[]
}

/** What the cart costs before discounts, taxes and exchange. */
export function listPriceOf({ cart }: Pick<CheckoutSession, 'cart'>): number {
  return cart.lines.reduce((sum, line) => sum + line.unit_amount * line.quantity, 0)
}

interface SessionAddress {
  country: string
  city: string | null
  state: string | null
  street: string | null
  zipcode: string | null
}

/** A checkout session as it is kept. The API shows a part of it, see `sessionStatus`. */
export interface CheckoutSession {
  session_id: string
  created_at: string
  expires_at: string
  cart: Cart
  /** Frozen as asked for; with a `customer_id` the customer's own details at the time of payment count. */
  customer:
    | { customer_id: string }
    | { email: string; name: string | null; phone_number: string | null }
    | null
  billing_address: SessionAddress | null
  /** Asked for by the shop; `null` is the one of the country. */
  billing_currency: string | null
  /** In the order they are taken off. */
  discount_codes: string[]
  metadata: Metadata
  return_url: string | null
  cancel_url: string | null
  flags: z.output<typeof flagsSchema>
  theme: 'dark' | 'light' | 'system'
  pay_button_text: string | null
  /** Every card's bank asks the customer. */
  force_3ds: boolean
  /** All data are final; only a card is missing. */
  confirmed: boolean
  show_saved_payment_methods: boolean
  /** The latest attempt to pay, whether it went well or not. */
  payment_id: string | null
  payment_status: IntentStatus | null
  /** The subscriptions that its attempts are to start, in the order of their lines. */
  subscription_ids?: string[]
  /** The subscription that gets its card here; the lines are what is due. */
  card_for?: string
}

/** Whether what is paid here is for a subscription. */
export function isSubscribing({ cart, card_for }: CheckoutSession): boolean {
  return card_for !== undefined || cart.lines.some(({ offer }) => offer)
}

/** Whether a card is to be given: to pay, or to be charged later. */
export function needsCard({ cart, card_for }: CheckoutSession, total: number): boolean {
  return total > 0 || card_for !== undefined || cart.lines.some(({ offer }) => offer && !offer.card_optional)
}

// Dodo's documented life of a session: of one that was confirmed by the API, and of any other.
export const confirmedLifeMs = 15 * 60 * 1000
export const sessionLifeMs = 24 * 60 * 60 * 1000

/** `challenged` waits for the customer to approve at the bank, `processing` for the bank alone. */
export type SessionState = 'open' | 'challenged' | 'processing' | 'paid' | 'expired'

/** A paid session stays paid however old it gets, and one whose payment is under way waits for its end. */
export function sessionState(session: CheckoutSession, now: Date): SessionState {
  if (session.payment_status === 'succeeded') return 'paid'
  if (session.payment_status === 'requires_customer_action') return 'challenged'
  if (session.payment_status === 'processing') return 'processing'
  return now.toISOString() >= session.expires_at ? 'expired' : 'open'
}
