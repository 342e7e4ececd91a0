import { z } from 'zod'
import { type Metadata, metadataSchema } from '../http/parse.ts'
import { creditsSchema } from './credit-entitlement.ts'

/** What a customer has of one kind of credits, as the API answers with it. */
export interface CreditBalance {
  id: string
  credit_entitlement_id: string
  customer_id: string
  balance: string
  /** What was used beyond the balance. */
  overage: string
  created_at: string
  updated_at: string
  last_transaction_at: string | null
}

/** Credits that came together, as the API answers with them. */
export interface CreditGrant {
  id: string
  credit_entitlement_id: string
  customer_id: string
  initial_amount: string
  remaining_amount: string
  source_type: 'subscription' | 'one_time' | 'addon' | 'api' | 'rollover'
  /** The payment of a one-time purchase, or the subscription. */
  source_id: string | null
  expires_at: string | null
  is_expired: boolean
  /** What was left of it went on to another grant. */
  is_rolled_over: boolean
  /** How many times what it holds has been rolled over. */
  rollover_count: number
  parent_grant_id: string | null
  metadata: Metadata
  created_at: string
  updated_at: string
}

export type TransactionType =
  | 'credit_added'
  | 'credit_deducted'
  | 'credit_expired'
  | 'credit_rolled_over'
  | 'rollover_forfeited'
  | 'overage_charged'
  | 'overage_reset'
  | 'manual_adjustment'

/** One change of a balance, as the API answers with it and as webhooks carry it. */
export interface LedgerEntry {
  id: string
  business_id: string
  brand_id: string
  credit_entitlement_id: string
  customer_id: string
  transaction_type: TransactionType
  is_credit: boolean
  amount: string
  balance_before: string
  balance_after: string
  overage_before: string
  overage_after: string
  description: string | null
  grant_id: string | null
  reference_id: string | null
  reference_type: string | null
  metadata: Metadata
  created_at: string
}

/** A subscription's credits fell under the share that its owner wants to hear of; what the webhook carries. */
export interface BalanceLow {
  credit_entitlement_id: string
  credit_entitlement_name: string
  customer_id: string
  subscription_id: string
  brand_id: string
  available_balance: string
  subscription_credits_amount: string
  threshold_amount: string
  threshold_percent: number
}

export const createLedgerEntrySchema = z.object({
  amount: creditsSchema.refine((text) => /[1-9]/.test(text), 'must be above zero'),
  entry_type: z.enum(['credit', 'debit']),
  expires_at: z.iso.datetime({ offset: true }).nullish(),
  idempotency_key: z.string().min(1).max(255).nullish(),
  metadata: metadataSchema.nullish(),
  reason: z.string().max(1000).nullish(),
})

export const grantStatuses = ['active', 'expired', 'depleted'] as const
