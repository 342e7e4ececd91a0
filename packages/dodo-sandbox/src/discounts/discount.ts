import type { Metadata } from '../http/parse.ts'

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
