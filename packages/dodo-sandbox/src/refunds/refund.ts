import { z } from 'zod'
import type { customerDetails } from '../customers/customer.ts'
import { type Metadata, metadataSchema } from '../http/parse.ts'

export const refundStatuses = ['succeeded', 'failed', 'pending', 'review'] as const

/** A refund as lists and payments carry it. */
export interface RefundListItem {
  refund_id: string
  business_id: string
  payment_id: string
  status: (typeof refundStatuses)[number]
  /** In the currency's smallest unit, tax included. */
  amount: number
  currency: string
  is_partial: boolean
  reason: string | null
  created_at: string
}

/** A refund as the API answers with it and as webhooks carry it. */
export interface Refund extends RefundListItem {
  brand_id: string
  customer: ReturnType<typeof customerDetails>
  metadata: Metadata
}

/** What of a refund belongs to one line item. */
export interface RefundedItem {
  items_id: string
  amount: number
  tax: number
}

/** How a refund under way goes on. */
export type RefundOutcome = Exclude<RefundListItem['status'], 'pending'>

const amount = z.number().int().max(2_147_483_647)

export const createRefundSchema = z.object({
  payment_id: z.string().min(1),
  items: z
    .array(
      z.object({
        item_id: z.string().min(1),
        amount: amount.nullish(),
        tax_inclusive: z.boolean().default(true),
      }),
    )
    .max(100)
    .nullish(),
  metadata: metadataSchema.default({}),
  reason: z.string().max(3000).nullish(),
})

export function refundListItem(refund: Refund): RefundListItem {
  const { brand_id: _brand, customer: _customer, metadata: _metadata, ...item } = refund
  return item
}
