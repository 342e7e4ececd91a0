import type { ScheduledWork } from '../clock/scheduler.ts'
import { notFound, Refusal } from '../kernel/refusal.ts'
import type { Transaction } from '../store/store.ts'
import { type DisputeDecision, type DisputeDetails, decisions, decisionsFor } from './dispute.ts'
import { tell } from './open-dispute.ts'
import * as queries from './queries.ts'

// Dodo's documented time to answer a dispute.
const answerWindowMs = 10 * 86_400_000

function cannotFollow(dispute: DisputeDetails, decision: string): Refusal {
  const { dispute_id, dispute_status, dispute_stage } = dispute
  const following = decisionsFor(dispute)
  return new Refusal(
    409,
    'DISPUTE_CANNOT_CHANGE',
    `Dispute ${dispute_id} is ${dispute_status.replace('dispute_', '')}, in the stage ${dispute_stage}; ${decision} does not follow from that. ${following.length === 0 ? 'Nothing does.' : `What does: ${following.join(', ')}.`}`,
  )
}

export interface DecideDispute {
  disputeId: string
  decision: DisputeDecision
  remarks?: string | undefined
}

/**
 * Takes a dispute on.
 *
 * @throws notFound
 * @throws cannotFollow when the dispute is past what the decision is about
 */
export function decideDispute(
  tx: Transaction,
  { disputeId, decision, remarks }: DecideDispute,
): DisputeDetails {
  const before = queries.findDispute(tx, disputeId)
  if (!before) throw notFound('dispute', disputeId)
  if (!decisionsFor(before).includes(decision)) throw cannotFollow(before, decision)
  const isRdr = decision === 'resolve_by_rdr'
  const { to } = decisions[isRdr ? 'accept' : decision]
  const dispute: DisputeDetails = {
    ...before,
    dispute_status: to,
    is_resolved_by_rdr: before.is_resolved_by_rdr || isRdr,
    remarks: remarks ?? before.remarks,
  }
  queries.updateDisputeDocument(tx, dispute)
  tell(tx, dispute)
  return dispute
}

/** A dispute that nobody answered expires. */
export const disputeExpiry: ScheduledWork = {
  nextDueAt(tx) {
    const oldest = queries.findOldestOpen(tx)
    return oldest && new Date(new Date(oldest.created_at).getTime() + answerWindowMs).toISOString()
  },
  runDue(tx) {
    const oldest = queries.findOldestOpen(tx)
    if (oldest) decideDispute(tx, { disputeId: oldest.dispute_id, decision: 'expire' })
  },
}
