import { z } from 'zod'
import { type Metadata, metadataSchema } from '../http/parse.ts'
import { currencies } from '../kernel/money.ts'

/** A discount as payments and subscriptions carry it. */
export interface DiscountDetail {
  discount_id: string
  business_id: string
  code: string
  name: string | null
  type: 'percentage' | 'flat'
  /** Basis points: 540 is 5.4 %. */
  amount: number
  /** Its place in the stack, from 0. */
  position: number
  restricted_to: string[]
  times_used: number
  usage_limit: number | null
  preserve_on_plan_change: boolean
  subscription_cycles: number | null
  cycles_remaining: number | null
  metadata: Metadata
  created_at: string
  expires_at: string | null
}

/** What a code does in one currency, in its smallest unit. */
export interface CurrencyOption {
  currency: string
  /** Other currencies are converted from this row. */
  is_default: boolean
  /** What the products it is for have to cost before any discount; 0 is no minimum. */
  minimum_subtotal: number
  /** What a flat code takes off, and the most a percentage takes off. */
  max_amount_possible: number | null
}

/** A discount as the API answers with it. */
export interface Discount {
  discount_id: string
  business_id: string
  code: string
  name: string | null
  type: 'percentage' | 'flat'
  /** Basis points of a percentage; a flat code's value is in its currency options. */
  amount: number
  currency_options: CurrencyOption[]
  customer_eligibility: 'any' | 'first_time' | 'existing' | 'specific'
  /** Empty, it is for every product. */
  restricted_to: string[]
  times_used: number
  usage_limit: number | null
  per_customer_usage_limit: number | null
  preserve_on_plan_change: boolean
  subscription_cycles: number | null
  metadata: Metadata
  created_at: string
  starts_at: string | null
  expires_at: string | null
}

export const discountTypes = ['percentage', 'flat'] as const

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString())
const count = z.number().int().min(1).max(2_147_483_647)

const currencyOptionSchema = z.object({
  currency: z.string().refine((code) => currencies.has(code), 'is not a currency that Dodo knows'),
  is_default: z.boolean().default(false),
  minimum_subtotal: z.number().int().min(0).max(2_147_483_647).default(0),
  max_amount_possible: z
    .number()
    .int()
    .min(1)
    .max(2_147_483_647)
    .nullish()
    .transform((amount) => amount ?? null),
})

const codeSchema = z
  .string()
  .transform((code) => code.trim().toUpperCase())
  .refine((code) => code.length >= 3 && code.length <= 16, 'has 3 to 16 characters')

const writable = {
  // Checked against the discount's type by `checkDiscount`, which knows what an update leaves as it was.
  type: z.string(),
  amount: z.number().int().min(1).max(2_147_483_647),
  name: z.string().max(255).nullish(),
  currency_options: z.array(currencyOptionSchema).max(currencies.size).nullish(),
  customer_eligibility: z.enum(['any', 'first_time', 'existing', 'specific']).nullish(),
  restricted_to: z.array(z.string().min(1)).max(1000).nullish(),
  usage_limit: count.nullish(),
  per_customer_usage_limit: count.nullish(),
  preserve_on_plan_change: z.boolean().nullish(),
  subscription_cycles: count.nullish(),
  starts_at: instant.nullish(),
  expires_at: instant.nullish(),
}

export const createDiscountSchema = z.object({
  ...writable,
  // An empty code is one to be made, as Dodo documents.
  code: z.union([z.literal('').transform(() => null), codeSchema]).nullish(),
  metadata: metadataSchema.default({}),
})

export const updateDiscountSchema = z.object({
  ...writable,
  type: writable.type.nullish(),
  amount: writable.amount.nullish(),
  code: codeSchema.nullish(),
  metadata: metadataSchema.nullish(),
})

/** The discount at its place in a stack. */
export function discountDetail(discount: Discount, position: number): DiscountDetail {
  return {
    discount_id: discount.discount_id,
    business_id: discount.business_id,
    code: discount.code,
    name: discount.name,
    type: discount.type,
    amount: discount.amount,
    position,
    restricted_to: discount.restricted_to,
    times_used: discount.times_used,
    usage_limit: discount.usage_limit,
    preserve_on_plan_change: discount.preserve_on_plan_change,
    subscription_cycles: discount.subscription_cycles,
    cycles_remaining: null,
    metadata: discount.metadata,
    created_at: discount.created_at,
    expires_at: discount.expires_at,
  }
}
