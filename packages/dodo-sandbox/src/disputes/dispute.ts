import type { customerDetails } from '../customers/customer.ts'

export const disputeStages = ['pre_dispute', 'dispute', 'pre_arbitration'] as const

export const disputeStatuses = [
  'dispute_opened',
  'dispute_expired',
  'dispute_accepted',
  'dispute_cancelled',
  'dispute_challenged',
  'dispute_won',
  'dispute_lost',
] as const

export type DisputeStatus = (typeof disputeStatuses)[number]

/** A dispute as payments carry it. */
export interface Dispute {
  dispute_id: string
  business_id: string
  payment_id: string
  /** A string, unlike every other amount: the currency's smallest unit. */
  amount: string
  currency: string
  dispute_stage: (typeof disputeStages)[number]
  dispute_status: DisputeStatus
  is_resolved_by_rdr: boolean
  remarks: string | null
  created_at: string
}

/** A dispute as the API answers with it and as webhooks carry it. */
export interface DisputeDetails extends Dispute {
  brand_id: string
  customer: ReturnType<typeof customerDetails>
  payment_provider: 'dodo'
  reason: string | null
}

/** What each decision leads to, and from where it can be taken. */
export const decisions = {
  challenge: { to: 'dispute_challenged', from: ['dispute_opened'] },
  accept: { to: 'dispute_accepted', from: ['dispute_opened', 'dispute_challenged'] },
  expire: { to: 'dispute_expired', from: ['dispute_opened'] },
  cancel: { to: 'dispute_cancelled', from: ['dispute_opened', 'dispute_challenged'] },
  win: { to: 'dispute_won', from: ['dispute_challenged'] },
  lose: { to: 'dispute_lost', from: ['dispute_challenged'] },
} as const satisfies Record<string, { to: DisputeStatus; from: readonly DisputeStatus[] }>

const rapidResolution = 'resolve_by_rdr'

export const disputeDecisions = [
  ...(Object.keys(decisions) as (keyof typeof decisions)[]),
  rapidResolution,
] as const

export type DisputeDecision = (typeof disputeDecisions)[number]

/** What can be decided of the dispute now. Rapid Dispute Resolution accepts it at once, and only before it is a dispute proper. */
export function decisionsFor({
  dispute_status: status,
  dispute_stage,
}: Pick<Dispute, 'dispute_status' | 'dispute_stage'>): DisputeDecision[] {
  const isRapid = status === 'dispute_opened' && dispute_stage === 'pre_dispute'
  return disputeDecisions.filter((decision) =>
    decision === rapidResolution ? isRapid : decisions[decision].from.some((from) => from === status),
  )
}

/** The dispute as a payment shows it. */
export function disputeOfPayment(details: DisputeDetails): Dispute {
  const {
    brand_id: _brand,
    customer: _customer,
    payment_provider: _provider,
    reason: _reason,
    ...dispute
  } = details
  return dispute
}

/** A list's row. */
export function disputeListRow({
  brand_id: _b,
  customer: _c,
  reason: _r,
  remarks: _m,
  ...row
}: DisputeDetails) {
  return row
}
