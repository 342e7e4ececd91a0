import type { CreditAttachment } from '../credit-entitlements/attachment.ts'
import type { Period } from '../kernel/period.ts'
import type { Product } from '../products/product.ts'

/** What a subscription is to: a product as it was when it was subscribed to. */
export interface Plan {
  product_id: string
  name: string
  description: string | null
  currency: string
  /** For one, each time, in the currency's smallest unit. */
  unit_amount: number
  tax_inclusive: boolean
  /** How often it is charged. */
  frequency: Period
  /** How long it goes on at most. */
  period: Period
  credits: CreditAttachment[]
}

/** A plan as a checkout offers it. */
export interface PlanOffer extends Plan {
  trial_days: number
  /** What one costs during the trial; `null` is nothing. */
  trial_amount: number | null
  on_demand: OnDemand | null
  /** Whether it starts without a card when nothing is to be paid. */
  card_optional: boolean
}

/** The shop charges when it wants, by a mandate that the customer gives at the start. */
export interface OnDemand {
  mandate_only: boolean
  product_price: number | null
  product_description: string | null
}

/** The product as a plan; `undefined` when it is not one to be charged again and again at a fixed price. */
export function planOf(product: Product, credits: CreditAttachment[]): Plan | undefined {
  const { price } = product
  if (price.type !== 'recurring_price') return undefined
  const discountBps = price.discount_bps ?? price.discount * 100
  return {
    product_id: product.product_id,
    name: product.name,
    description: product.description,
    currency: price.currency,
    unit_amount: price.price - Math.floor((price.price * discountBps) / 10_000),
    tax_inclusive: price.tax_inclusive ?? false,
    frequency: { count: price.payment_frequency_count, interval: price.payment_frequency_interval },
    period: { count: price.subscription_period_count, interval: price.subscription_period_interval },
    credits,
  }
}

/** What one costs at the start. */
export function firstUnitAmount(offer: PlanOffer): number {
  if (offer.on_demand)
    return offer.on_demand.mandate_only ? 0 : (offer.on_demand.product_price ?? offer.unit_amount)
  return offer.trial_days > 0 ? (offer.trial_amount ?? 0) : offer.unit_amount
}
