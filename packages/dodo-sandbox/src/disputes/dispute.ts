/** A dispute as payments carry it. */
export interface Dispute {
  dispute_id: string
  business_id: string
  payment_id: string
  /** A string, unlike every other amount: the currency's smallest unit. */
  amount: string
  currency: string
  dispute_stage: 'pre_dispute' | 'dispute' | 'pre_arbitration'
  dispute_status:
    | 'dispute_opened'
    | 'dispute_expired'
    | 'dispute_accepted'
    | 'dispute_cancelled'
    | 'dispute_challenged'
    | 'dispute_won'
    | 'dispute_lost'
  is_resolved_by_rdr: boolean
  remarks: string | null
  created_at: string
}
