import { z } from 'zod'
import { isCredits } from '../kernel/credits.ts'
import { invalidBody, Refusal } from '../kernel/refusal.ts'
import type { Transaction } from '../store/store.ts'
import { type CreditPolicy, checkPolicy, creditsSchema, policyFields } from './credit-entitlement.ts'
import * as queries from './queries.ts'

export const attachmentsMax = 5

export const attachSchema = z.object({
  ...policyFields,
  credit_entitlement_id: z.string().min(1),
  credits_amount: creditsSchema,
  low_balance_threshold_percent: z.number().int().min(0).max(100).nullish(),
  overage_enabled: z.boolean().nullish(),
  overage_limit: creditsSchema.nullish(),
  proration_behavior: z.enum(['prorate', 'no_prorate']).nullish(),
  rollover_enabled: z.boolean().nullish(),
  trial_credits: creditsSchema.nullish(),
  trial_credits_expire_after_trial: z.boolean().nullish(),
})

/** Another amount than the product's, for one checkout session. */
export const sessionCreditsSchema = z.object({
  credit_entitlement_id: z.string().min(1),
  credits_amount: creditsSchema,
})

/** Credits that come with a product, as the API answers with them: the overrides over the entitlement's own policy. */
export interface CreditAttachment extends CreditPolicy {
  id: string
  credit_entitlement_id: string
  credit_entitlement_name: string
  credit_entitlement_unit: string
  credits_amount: string
  low_balance_threshold_percent: number | null
  overage_limit: string | null
  proration_behavior: 'prorate' | 'no_prorate'
  trial_credits: string | null
  trial_credits_expire_after_trial: boolean
}

const entitlementIsDeleted = (entitlementId: string) =>
  new Refusal(
    422,
    'CREDIT_ENTITLEMENT_IS_DELETED',
    `credit_entitlements: credit entitlement ${entitlementId} is deleted`,
  )

/**
 * What a product's list of credits means now. The entitlement's policy stands wherever the product says nothing.
 *
 * @throws a 422 when there are more than five, one twice, one that is not there or deleted, or a policy against itself
 */
export function resolveAttachments(
  tx: Transaction,
  inputs: readonly z.output<typeof attachSchema>[],
): CreditAttachment[] {
  if (inputs.length > attachmentsMax)
    throw invalidBody(`credit_entitlements: a product has at most ${attachmentsMax}`)
  const ids = inputs.map((input) => input.credit_entitlement_id)
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  if (twice !== undefined) throw invalidBody(`credit_entitlements: ${twice} is there twice`)
  return inputs.map((input) => resolveAttachment(tx, input))
}

function resolveAttachment(tx: Transaction, input: z.output<typeof attachSchema>): CreditAttachment {
  const found = queries.findAnyEntitlement(tx, input.credit_entitlement_id)
  if (!found) throw invalidBody(`credit_entitlements: there is no ${input.credit_entitlement_id}`)
  if (found.deleted) throw entitlementIsDeleted(input.credit_entitlement_id)
  const { entitlement } = found
  for (const amount of [input.credits_amount, input.trial_credits, input.overage_limit])
    if (typeof amount === 'string') checkPrecision('credit_entitlements', amount, entitlement.precision)
  const attachment: CreditAttachment = {
    id: tx.newId('cem'),
    credit_entitlement_id: entitlement.id,
    credit_entitlement_name: entitlement.name,
    credit_entitlement_unit: entitlement.unit,
    credits_amount: input.credits_amount,
    currency: input.currency ?? entitlement.currency,
    expires_after_days: input.expires_after_days ?? entitlement.expires_after_days,
    low_balance_threshold_percent: input.low_balance_threshold_percent ?? null,
    max_rollover_count: input.max_rollover_count ?? entitlement.max_rollover_count,
    overage_behavior: input.overage_behavior ?? entitlement.overage_behavior,
    overage_enabled: input.overage_enabled ?? entitlement.overage_enabled,
    overage_limit:
      input.overage_limit ?? (entitlement.overage_limit === null ? null : String(entitlement.overage_limit)),
    price_per_unit: input.price_per_unit ?? entitlement.price_per_unit,
    proration_behavior: input.proration_behavior ?? 'no_prorate',
    rollover_enabled: input.rollover_enabled ?? entitlement.rollover_enabled,
    rollover_percentage: input.rollover_percentage ?? entitlement.rollover_percentage,
    rollover_timeframe_count: input.rollover_timeframe_count ?? entitlement.rollover_timeframe_count,
    rollover_timeframe_interval: input.rollover_timeframe_interval ?? entitlement.rollover_timeframe_interval,
    trial_credits: input.trial_credits ?? null,
    trial_credits_expire_after_trial: input.trial_credits_expire_after_trial ?? false,
  }
  checkPolicy(attachment)
  return attachment
}

/**
 * A product's credits with the amounts of a checkout session in place of its own.
 *
 * @throws a 422 when the session names credits that the product does not have
 */
export function withSessionAmounts(
  tx: Transaction,
  attachments: readonly CreditAttachment[],
  overrides: readonly z.output<typeof sessionCreditsSchema>[],
): CreditAttachment[] {
  const amountsById = new Map<string, string>()
  for (const { credit_entitlement_id: id, credits_amount } of overrides) {
    if (!attachments.some((attachment) => attachment.credit_entitlement_id === id))
      throw invalidBody(
        `product_cart: the product has no credit entitlement ${id} whose amount could be another`,
      )
    const precision = queries.findAnyEntitlement(tx, id)?.entitlement.precision ?? 0
    checkPrecision('product_cart', credits_amount, precision)
    amountsById.set(id, credits_amount)
  }
  return attachments.map((attachment) => ({
    ...attachment,
    credits_amount: amountsById.get(attachment.credit_entitlement_id) ?? attachment.credits_amount,
  }))
}

/** Refuses an amount with more decimals than its kind of credits has. */
export function checkPrecision(field: string, amount: string, precision: number): void {
  if (!isCredits(amount, precision))
    throw invalidBody(`${field}: ${amount} has more decimals than the ${precision} of its credit entitlement`)
}
