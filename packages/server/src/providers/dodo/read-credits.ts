import { z } from 'zod'
import type { CreditGrant, ProviderSubscription, SubscriptionState } from '../told.ts'
import { decimalText, optionalInstant, optionalText, text } from './schemas.ts'

const entrySchema = z.looseObject({
  id: text,
  amount: decimalText,
  customer_id: text,
  credit_entitlement_id: text,
  grant_id: optionalText,
  reference_id: optionalText,
  created_at: optionalInstant,
})

/** An entry of Dodo's credit ledger that adds credits; undefined when it is not one. */
export function grantFrom(data: unknown): CreditGrant | undefined {
  const said = entrySchema.safeParse(data).data
  if (said === undefined) return undefined
  return {
    grantId: said.grant_id ?? said.id,
    providerCustomerId: said.customer_id,
    entitlementId: said.credit_entitlement_id,
    credits: said.amount,
    referenceId: said.reference_id,
    createdAt: said.created_at,
  }
}

const subscriptionSchema = z.looseObject({
  subscription_id: text,
  status: optionalText,
  product_id: optionalText,
  customer: z.looseObject({ customer_id: text }).nullish().catch(null),
  created_at: optionalInstant,
})

const states = new Map<string | undefined, SubscriptionState>([
  ...(['pending', 'active', 'on_hold', 'paused', 'cancelled', 'failed', 'expired'] as const).map(
    (state): [string, SubscriptionState] => [state, state],
  ),
  // Payment is late, and there is time left to pay.
  ['past_due', 'on_hold'],
])

/** A subscription; undefined when it is not one. */
export function subscriptionFrom(data: unknown): ProviderSubscription | undefined {
  const said = subscriptionSchema.safeParse(data).data
  if (said === undefined) return undefined
  return {
    subscriptionId: said.subscription_id,
    state: states.get(said.status) ?? 'pending',
    providerCustomerId: said.customer?.customer_id,
    productId: said.product_id,
    createdAt: said.created_at,
  }
}
