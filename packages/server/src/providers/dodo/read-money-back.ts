import { z } from 'zod'
import { parseId } from '../../kernel/ids.ts'
import type { DisputeState, ProviderDispute, ProviderRefund, RefundState } from '../told.ts'
import { moneyFrom, optionalInstant, optionalText, text } from './schemas.ts'

/** A refund that was asked for here carries its request's id under this name. */
export const refundMetadataKey = 'tallystick_refund'

const refundSchema = z.looseObject({
  refund_id: text,
  payment_id: text,
  status: optionalText,
  is_partial: z.boolean().nullish().catch(null),
  amount: z.unknown().optional(),
  currency: z.unknown().optional(),
  reason: optionalText,
  metadata: z.record(z.string(), z.unknown()).nullish().catch(null),
  created_at: optionalInstant,
})

const refundStates = new Map<string | undefined, RefundState>(
  (['succeeded', 'failed', 'review', 'pending'] as const).map((state) => [state, state]),
)

/** A refund as the API, webhooks and payments tell it; undefined when it is not one. */
export function refundFrom(data: unknown): ProviderRefund | undefined {
  const said = refundSchema.safeParse(data).data
  if (said === undefined) return undefined
  const request = said.metadata?.[refundMetadataKey]
  const amount = moneyFrom(said.amount, said.currency)
  // A part, and not told how much: it has not come to its end before that is told, so that whoever asks for what is under way asks for it.
  const isUntold = said.is_partial === true && amount === undefined
  const state = refundStates.get(said.status) ?? 'pending'
  return {
    refundId: said.refund_id,
    paymentId: said.payment_id,
    state: state === 'succeeded' && isUntold ? 'pending' : state,
    amount,
    reason: said.reason,
    refundRequestId: typeof request === 'string' ? parseId('refund', request) : undefined,
    createdAt: said.created_at,
  }
}

const disputeSchema = z.looseObject({
  dispute_id: text,
  payment_id: text,
  dispute_status: optionalText,
  dispute_stage: optionalText,
  is_resolved_by_rdr: z.boolean().nullish().catch(null),
  amount: z.unknown().optional(),
  currency: z.unknown().optional(),
  reason: optionalText,
  created_at: optionalInstant,
})

const disputeStates = new Map<string | undefined, DisputeState>([
  ['dispute_won', 'won'],
  // Withdrawn by the customer or their bank.
  ['dispute_cancelled', 'won'],
  ['dispute_lost', 'lost'],
  ['dispute_accepted', 'lost'],
  ['dispute_expired', 'expired'],
])

const stages = new Map<string | undefined, ProviderDispute['stage']>(
  (['pre_dispute', 'dispute', 'pre_arbitration'] as const).map((stage) => [stage, stage]),
)

/** A dispute as the API, webhooks and payments tell it; undefined when it is not one. */
export function disputeFrom(data: unknown): ProviderDispute | undefined {
  const said = disputeSchema.safeParse(data).data
  if (said === undefined) return undefined
  const isRapidlyResolved = said.is_resolved_by_rdr === true
  return {
    disputeId: said.dispute_id,
    paymentId: said.payment_id,
    // A rapid resolution has given the money back, whatever the status says.
    state: isRapidlyResolved ? 'lost' : (disputeStates.get(said.dispute_status) ?? 'open'),
    stage: stages.get(said.dispute_stage) ?? 'dispute',
    isRapidlyResolved,
    amount: moneyFrom(said.amount, said.currency),
    reason: said.reason,
    createdAt: said.created_at,
  }
}
