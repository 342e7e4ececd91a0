import { z } from 'zod'
import { isCredits } from '../kernel/credits.ts'
import { currencies } from '../kernel/money.ts'
import { intervals, type Period } from '../kernel/period.ts'
import { invalidBody } from '../kernel/refusal.ts'

const intervalSchema = z.enum(intervals)

export const overageBehaviours = [
  'forgive_at_reset',
  'invoice_at_billing',
  'carry_deficit',
  'carry_deficit_auto_repay',
] as const

export const creditsSchema = z
  .string()
  .refine((text) => isCredits(text), 'is not credits: a decimal string below 10^10 with at most 10 decimals')

// Dodo: at most 5 digits before the point and 12 behind, above zero.
export const pricePerUnitSchema = z
  .string()
  .regex(/^\d{1,5}(\.\d{1,12})?$/, 'is not a price: a decimal string like "0.015"')
  .refine((text) => /[1-9]/.test(text), 'must be above zero')

const daysMax = 36_500

/** What may be said of credits, by the entitlement and again by each product that it is attached to. */
export const policyFields = {
  currency: z
    .string()
    .refine((code) => currencies.has(code), 'is not a currency that Dodo knows')
    .nullish(),
  expires_after_days: z.number().int().min(1).max(daysMax).nullish(),
  max_rollover_count: z.number().int().min(0).max(1_000_000).nullish(),
  overage_behavior: z.enum(overageBehaviours).nullish(),
  price_per_unit: pricePerUnitSchema.nullish(),
  rollover_percentage: z.number().int().min(0).max(100).nullish(),
  rollover_timeframe_count: z.number().int().min(1).max(daysMax).nullish(),
  rollover_timeframe_interval: intervalSchema.nullish(),
}

const entitlementFields = {
  ...policyFields,
  description: z.string().max(1000).nullish(),
  overage_limit: z.number().int().min(0).max(9_999_999_999).nullish(),
}

const name = z.string().trim().min(1).max(255)
const unit = z.string().trim().min(1).max(50)

export const createEntitlementSchema = z.object({
  ...entitlementFields,
  name,
  unit,
  precision: z.number().int().min(0).max(10),
  overage_enabled: z.boolean(),
  rollover_enabled: z.boolean(),
})

export const updateEntitlementSchema = z.object({
  ...entitlementFields,
  name: name.nullish(),
  unit: unit.nullish(),
  overage_enabled: z.boolean().nullish(),
  rollover_enabled: z.boolean().nullish(),
  // Accepted to be refused by name: leaving it out of an answer would say that it was changed.
  precision: z.undefined('cannot be changed: grants made with it would lose their meaning').optional(),
})

/** How credits behave: from the entitlement, or as a product or a subscription overrides it. */
export interface CreditPolicy {
  currency: string | null
  expires_after_days: number | null
  max_rollover_count: number | null
  overage_enabled: boolean
  overage_behavior: (typeof overageBehaviours)[number]
  price_per_unit: string | null
  rollover_enabled: boolean
  rollover_percentage: number | null
  rollover_timeframe_count: number | null
  rollover_timeframe_interval: Period['interval'] | null
}

/** A credit entitlement as the API answers with it: a kind of credits. */
export interface CreditEntitlement extends CreditPolicy {
  id: string
  business_id: string
  name: string
  description: string | null
  unit: string
  /** The decimals that amounts of it may have. */
  precision: number
  /** A number here, and a string everywhere else. */
  overage_limit: number | null
  created_at: string
  updated_at: string
}

/** Refuses a policy whose parts contradict each other. */
export function checkPolicy(policy: CreditPolicy): void {
  if (policy.overage_enabled && policy.price_per_unit === null)
    throw invalidBody('price_per_unit: is required when overage_enabled is true')
  if (policy.price_per_unit !== null && policy.currency === null)
    throw invalidBody('currency: is required with price_per_unit')
  if ((policy.rollover_timeframe_count === null) !== (policy.rollover_timeframe_interval === null))
    throw invalidBody(
      'rollover_timeframe_count: rollover_timeframe_count and rollover_timeframe_interval go together',
    )
}
