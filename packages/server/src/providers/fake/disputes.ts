import { formatMoney, type Money } from '../../kernel/money.ts'
import type { DisputeState, ProviderDispute } from '../told.ts'
import { barePayment } from './payment.ts'
import type { FakeDispute, World } from './world.ts'

export interface OpenedDispute {
  /** All of the payment unless given. */
  readonly amount?: Money | undefined
  /** `dispute` unless given. */
  readonly stage?: ProviderDispute['stage'] | undefined
  readonly reason?: string | undefined
  /** Lost at once: the card network gives the money back. */
  readonly isRapidlyResolved?: boolean | undefined
}

/** The customer asks their bank for the money. A payment has one dispute at a time. */
export function openDispute(world: World, paymentId: string, opened: OpenedDispute): FakeDispute {
  const { amount, stage = 'dispute', reason, isRapidlyResolved = false } = opened
  const payment = barePayment(world, paymentId)
  if (payment.state !== 'succeeded')
    throw new Error(`The payment ${paymentId} is ${payment.state}: only one that succeeded is disputed.`)
  const { total } = payment.charged
  const disputed = amount ?? total
  const isOfIt = disputed.currency === total.currency && disputed.amountMinor <= total.amountMinor
  if (!isOfIt || disputed.amountMinor <= 0n)
    throw new Error(
      `Of the payment ${paymentId} up to ${formatMoney(total)} can be disputed, not ${formatMoney(disputed)}.`,
    )
  if (undecidedDispute(world, paymentId) !== undefined)
    throw new Error(`A dispute of the payment ${paymentId} is not decided yet.`)
  return keep(world, {
    disputeId: world.nextId('dp'),
    paymentId,
    state: isRapidlyResolved ? 'lost' : 'open',
    stage,
    isRapidlyResolved,
    amount: disputed,
    reason,
    createdAt: world.now(),
  })
}

export interface DecidedDispute {
  readonly state: DisputeState
  /** The one it is at unless given. */
  readonly stage?: ProviderDispute['stage'] | undefined
}

/** One that was decided may be opened, and decided, again at a later stage only. */
export function decideDispute(world: World, disputeId: string, decided: DecidedDispute): FakeDispute {
  const dispute = world.disputesById.get(disputeId)
  if (dispute === undefined) throw new Error(`The fake provider has no dispute ${disputeId}.`)
  const { state, stage = dispute.stage } = decided
  const stagesOn = stages.indexOf(stage) - stages.indexOf(dispute.stage)
  const isDecided = dispute.state === 'won' || dispute.state === 'lost'
  if (dispute.isRapidlyResolved || stagesOn < 0 || (isDecided && stagesOn === 0))
    throw new Error(`The dispute ${disputeId} is ${dispute.state} at the stage ${dispute.stage}.`)
  return keep(world, { ...dispute, state, stage })
}

const stages: readonly ProviderDispute['stage'][] = ['pre_dispute', 'dispute', 'pre_arbitration']

/** Of which a payment has one at most. */
export function undecidedDispute(world: World, paymentId: string): FakeDispute | undefined {
  return [...world.disputesById.values()].find(
    (dispute) => dispute.paymentId === paymentId && (dispute.state === 'open' || dispute.state === 'expired'),
  )
}

function keep(world: World, dispute: FakeDispute): FakeDispute {
  world.disputesById.set(dispute.disputeId, dispute)
  return dispute
}
