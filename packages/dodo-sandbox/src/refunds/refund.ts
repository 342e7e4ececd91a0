/** A refund as lists and payments carry it. */
export interface RefundListItem {
  refund_id: string
  business_id: string
  payment_id: string
  status: 'succeeded' | 'failed' | 'pending' | 'review'
  /** In the currency's smallest unit, tax included. */
  amount: number
  currency: string
  is_partial: boolean
  reason: string | null
  created_at: string
}
