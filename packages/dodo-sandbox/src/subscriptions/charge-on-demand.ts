import { z } from 'zod'
import { metadataSchema, refuseUncovered } from '../http/parse.ts'
import { currencies } from '../kernel/money.ts'
import type { Transaction } from '../store/store.ts'
import { chargeSubscription } from './charge.ts'
import * as errors from './errors.ts'
import type { StoredSubscription } from './subscription.ts'

export const chargeSchema = z.object({
  product_price: z.number().int().min(1).max(2_147_483_647),
  product_currency: z
    .string()
    .refine((code) => currencies.has(code), 'is not a currency that Dodo knows')
    .nullish(),
  product_description: z.string().max(10_000).nullish(),
  adaptive_currency_fees_inclusive: z.boolean().nullish(),
  metadata: metadataSchema.nullish(),
  customer_balance_config: z
    .object({
      allow_customer_credits_purchase: z.boolean().nullish(),
      allow_customer_credits_usage: z.boolean().nullish(),
    })
    .nullish(),
})

/**
 * Charges an on-demand subscription. The payment is under way when it is answered, and ends later.
 *
 * @throws notOnDemand, inactive, expired, chargeNotAllowed
 * @throws previousPaymentPending while an earlier charge is under way
 */
export function chargeOnDemand(
  tx: Transaction,
  stored: StoredSubscription,
  body: z.output<typeof chargeSchema>,
): { payment_id: string } {
  refuseUncovered({
    'customer balances': body.customer_balance_config?.allow_customer_credits_purchase,
    'customer balances in charges': body.customer_balance_config?.allow_customer_credits_usage,
  })
  const { subscription, state } = stored
  if (!subscription.on_demand) throw errors.notOnDemand()
  if (subscription.status === 'expired') throw errors.expired()
  if (subscription.status !== 'active') throw errors.inactive(subscription.status)
  if (subscription.cancel_at_next_billing_date) throw errors.chargeNotAllowed()
  if (state.awaiting) throw errors.previousPaymentPending()
  const { plan } = state
  const payment = chargeSubscription(tx, stored, {
    lines: [
      {
        product_id: plan.product_id,
        name: plan.name,
        description: body.product_description ?? state.on_demand?.product_description ?? plan.description,
        quantity: 1,
        unit_amount: body.product_price,
        tax_inclusive: plan.tax_inclusive,
      },
    ],
    currency: body.product_currency ?? plan.currency,
    purpose: { kind: 'charge' },
    metadata: body.metadata ?? undefined,
    delayMs: tx.behaviour.offSessionChargeMs,
    discounted: false,
  })
  return { payment_id: payment.payment_id }
}
