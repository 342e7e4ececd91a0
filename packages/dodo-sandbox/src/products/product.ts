import { z } from 'zod'
import { attachSchema, type CreditAttachment } from '../credit-entitlements/attachment.ts'
import { type Metadata, metadataSchema } from '../http/parse.ts'
import { currencies } from '../kernel/money.ts'
import { intervals } from '../kernel/period.ts'

const minorUnits = z.number().int().min(0).max(2_147_483_647)
const currency = z.string().refine((code) => currencies.has(code), 'is not a currency that Dodo knows')
const interval = z.enum(intervals)

const priceShared = {
  currency,
  discount: z.number().int().min(0).max(100).default(0),
  discount_bps: z.number().int().min(0).max(10_000).nullish(),
  purchasing_power_parity: z.boolean().default(false),
  tax_inclusive: z.boolean().nullish(),
}

const periods = {
  payment_frequency_count: z.number().int().min(1),
  payment_frequency_interval: interval,
  subscription_period_count: z.number().int().min(1),
  subscription_period_interval: interval,
}

/** The three kinds of price; a checkout sells the first, the other two are kept and shown. */
const priceSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('one_time_price'),
    ...priceShared,
    price: minorUnits,
    pay_what_you_want: z.boolean().default(false),
    suggested_price: minorUnits.nullish(),
  }),
  z.object({
    type: z.literal('recurring_price'),
    ...priceShared,
    ...periods,
    price: minorUnits,
    trial_amount: minorUnits.nullish(),
    trial_apply_discounts: z.boolean().nullish(),
    trial_payment_method_optional: z.boolean().default(false),
    trial_period_days: z.number().int().min(0).max(10_000).default(0),
    zero_amount_payment_method_optional: z.boolean().default(false),
  }),
  z.object({
    type: z.literal('usage_based_price'),
    ...priceShared,
    ...periods,
    fixed_price: minorUnits,
    meters: z.array(z.unknown()).nullish(),
  }),
])

type Price = z.output<typeof priceSchema>
export type OneTimePrice = Extract<Price, { type: 'one_time_price' }>

export const taxCategories = ['digital_products', 'saas', 'e_book', 'edtech', 'live_tutoring'] as const
const taxCategorySchema = z.enum(taxCategories)

/** A product as the API answers with it. */
export interface Product {
  product_id: string
  business_id: string
  brand_id: string
  name: string
  description: string | null
  image: string | null
  price: Price
  tax_category: z.output<typeof taxCategorySchema>
  is_recurring: boolean
  license_key_enabled: boolean
  metadata: Metadata
  addons: string[] | null
  credit_entitlements: CreditAttachment[]
  entitlements: never[]
  pricing_mode: 'by_currency' | 'by_country' | null
  product_collection_id: string | null
  created_at: string
  updated_at: string
}

const writable = {
  name: z.string().min(1).max(255),
  price: priceSchema,
  tax_category: taxCategorySchema,
  description: z.string().max(10_000).nullish(),
  metadata: metadataSchema,
  brand_id: z.string().nullish(),
  pricing_mode: z.enum(['by_currency', 'by_country']).nullish(),
  credit_entitlements: z.array(attachSchema).nullish(),
}

// Accepted only to be refused by name, so that nobody is told that keys or files were attached when they were not.
const uncovered = {
  addons: z.array(z.unknown()).nullish(),
  digital_product_delivery: z.unknown().optional(),
  entitlements: z.array(z.unknown()).nullish(),
  license_key_enabled: z.boolean().nullish(),
}

export const createProductSchema = z.object({
  ...writable,
  metadata: metadataSchema.default({}),
  ...uncovered,
})

export const updateProductSchema = z.object({
  ...writable,
  name: writable.name.nullish(),
  price: writable.price.nullish(),
  tax_category: writable.tax_category.nullish(),
  metadata: writable.metadata.nullish(),
  ...uncovered,
})

/** A list's row: flat price beside the whole one, no credit entitlements. */
export function productListRow(product: Product) {
  return {
    business_id: product.business_id,
    created_at: product.created_at,
    currency: product.price.currency,
    description: product.description,
    entitlements: product.entitlements,
    image: product.image,
    is_recurring: product.is_recurring,
    metadata: product.metadata,
    name: product.name,
    price: product.price.type === 'usage_based_price' ? product.price.fixed_price : product.price.price,
    price_detail: product.price,
    pricing_mode: product.pricing_mode,
    product_id: product.product_id,
    tax_category: product.tax_category,
    tax_inclusive: product.price.tax_inclusive ?? null,
    updated_at: product.updated_at,
  }
}
