import { type Credits, micros, smaller, total, zeroCredits } from '../../kernel/credits.ts'
import { invariant } from '../../kernel/refusal.ts'
import { addMs, later } from '../../kernel/time.ts'
import type { HoldAsAnswered } from '../entry.ts'
import { captureExceedsHold, holdAlreadyEnded, holdNotFound } from '../errors.ts'
import { countChange } from '../limits.ts'
import type {
  CaptureOperation,
  CheckpointOperation,
  ExtendOperation,
  ReleaseOperation,
  WouldRefuse,
} from '../operations.ts'
import { type About, Posting, takeInOrder } from '../posting.ts'
import { type Hold, type LotShare, remainingShares } from '../wallet.ts'
import { asObserved, type Decision, decided, type Moment, refused, type State } from './decision.ts'
import { takePayable } from './spend.ts'

export function capture(state: State, operation: CaptureOperation, moment: Moment): Decision {
  const hold = state.hold(operation.holdId)
  if (hold === undefined) return refused(holdNotFound({}))
  if (hold.state === 'lapsed') return captureLate(state, operation, hold, moment)
  if (hold.state !== 'placed') return refused(alreadyEnded(hold))

  const remaining = remainingShares(hold)
  const inHold = total(remaining.map((share) => share.amount))
  const asked = operation.credits ?? inHold
  const excess = micros(asked > inHold ? asked - inHold : 0n)
  const isRefused = excess > 0n && refusesAbove(operation)
  if (isRefused && operation.isObserved !== true)
    return refused(captureExceedsHold({ requested: asked, held: inHold }), reported(hold, asked))

  const { now } = moment
  const { taken, sum } = takeInOrder(remaining, smaller(asked, inHold))
  const posting = new Posting(state.wallet, state.debts)
  const transaction = posting.begin(about('capture', hold, now))
  for (const share of taken) posting.move({ ...share, from: 'held', to: 'spent' })
  const above = chargeAbove(state, posting, operation, { hold, excess, now })
  const isFinal = operation.isFinal ?? true
  const captured: Hold = {
    ...hold,
    fromShares: micros(hold.fromShares + sum),
    captured: micros(hold.captured + sum + above.sum + above.owed),
    asked: micros(hold.asked + asked),
    ...(isFinal ? { state: 'captured', endedAt: now } : {}),
  }
  if (isFinal)
    for (const share of remainingShares(captured)) posting.giveBack(share.lotId, 'held', share.amount)
  posting.note()
  const wouldRefuse = isRefused ? observedExcess(hold, asked) : undefined
  return decided(operation, posting, now, {
    transaction,
    credits: micros(sum + above.sum + above.owed),
    shares: [...taken, ...above.taken],
    action: hold.action,
    hold: captured,
    owed: above.owed,
    wouldRefuse,
    facts: isFinal ? wouldRefuse && { wouldRefuse } : { wouldRefuse, hold: asAnswered(captured) },
    limitChanges: countChange(hold, captured),
  })
}

function refusesAbove({ above }: CaptureOperation): boolean {
  return above === undefined || above === 'refuse'
}

/** Held against what the hold was to set aside: what it was short of then was said when it was placed. */
function observedExcess({ amount, short, asked: before }: Hold, asked: Credits): WouldRefuse | undefined {
  const left = amount + short - before
  const held = micros(left > 0n ? left : 0n)
  return asked > held ? asObserved(captureExceedsHold({ requested: asked, held })) : undefined
}

/** Of a hold that lapsed: what the lapse charged counts towards it. */
function captureLate(state: State, operation: CaptureOperation, hold: Hold, { now }: Moment): Decision {
  const asked = operation.credits ?? micros(hold.amount > hold.asked ? hold.amount - hold.asked : 0n)
  const refusal = refusesAbove(operation) ? alreadyEnded(hold) : undefined
  if (refusal !== undefined && operation.isObserved !== true) return refused(refusal, reported(hold, asked))
  const due = hold.asked + asked - hold.captured
  const posting = new Posting(state.wallet, state.debts)
  const transaction = posting.begin(about('capture', hold, now))
  const charged = chargeAbove(state, posting, operation, { hold, excess: micros(due > 0n ? due : 0n), now })
  const captured: Hold = {
    ...hold,
    captured: micros(hold.captured + charged.sum + charged.owed),
    asked: micros(hold.asked + asked),
  }
  posting.note()
  const wouldRefuse = refusal && asObserved(refusal)
  return decided(operation, posting, now, {
    transaction,
    credits: micros(charged.sum + charged.owed),
    shares: charged.taken,
    action: hold.action,
    hold: captured,
    owed: charged.owed,
    wouldRefuse,
    facts: { wouldRefuse, hold: asAnswered(captured) },
  })
}

interface Above {
  readonly taken: readonly LotShare[]
  readonly sum: Credits
  readonly owed: Credits
}

/** Charges what a hold does not cover as far as the policy goes. */
function chargeAbove(
  state: State,
  posting: Posting,
  { above }: CaptureOperation,
  { hold, excess, now }: { hold: Hold; excess: Credits; now: Date },
): Above {
  if (excess === 0n) return { taken: [], sum: zeroCredits, owed: zeroCredits }
  const { taken, sum } = takePayable(state.wallet, { credits: excess, action: hold.action }, now)
  for (const share of taken) posting.move({ ...share, from: 'available', to: 'spent' })
  const owed = above === 'owe' ? micros(excess - sum) : zeroCredits
  posting.owe(owed)
  return { taken, sum, owed }
}

export function release(state: State, operation: ReleaseOperation, { now }: Moment): Decision {
  const hold = state.hold(operation.holdId)
  if (hold === undefined) return refused(holdNotFound({}))
  if (hold.state !== 'placed') return refused(alreadyEnded(hold))
  const posting = new Posting(state.wallet, state.debts)
  const transaction = posting.begin(about('release', hold, now))
  const shares = remainingShares(hold)
  for (const share of shares) posting.giveBack(share.lotId, 'held', share.amount)
  posting.note()
  const released: Hold = { ...hold, state: 'released', endedAt: now }
  return decided(operation, posting, now, {
    transaction,
    shares,
    action: hold.action,
    hold: released,
    limitChanges: countChange(hold, released),
  })
}

export function checkpoint(state: State, operation: CheckpointOperation, moment: Moment): Decision {
  return noteOnHold(state, operation, moment, (hold) => ({
    ...hold,
    checkpoint: operation.credits > hold.checkpoint ? operation.credits : hold.checkpoint,
  }))
}

export function extend(state: State, operation: ExtendOperation, moment: Moment): Decision {
  return noteOnHold(state, operation, moment, (hold) => ({
    ...hold,
    expiresAt: later(hold.expiresAt, addMs(moment.now, operation.timeToLiveMs)),
  }))
}

function noteOnHold(
  state: State,
  operation: CheckpointOperation | ExtendOperation,
  { now }: Moment,
  change: (hold: Hold) => Hold,
): Decision {
  const hold = state.hold(operation.holdId)
  if (hold === undefined) return refused(holdNotFound({}))
  if (hold.state !== 'placed') return refused(alreadyEnded(hold))
  const changed = change(hold)
  const posting = new Posting(state.wallet, state.debts)
  const transaction = posting.begin(about(operation.kind, hold, now))
  posting.note()
  return decided(operation, posting, now, {
    transaction,
    action: hold.action,
    hold: changed,
    facts: { hold: asAnswered(changed) },
  })
}

function about(operation: About['operation'], hold: Hold, at: Date): About {
  const { action, description, catalogId } = hold
  return { operation, at, holdId: hold.id, action, description, catalogId }
}

function alreadyEnded({ state, endedAt }: Hold) {
  invariant(endedAt, 'a hold that has ended says when')
  return holdAlreadyEnded({ state, endedAt })
}

/** The hold, remembering use that nobody is charged for. */
function reported(hold: Hold, asked: Credits): Hold {
  const use = micros(hold.asked + asked)
  return use > hold.refused ? { ...hold, refused: use } : hold
}

function asAnswered(hold: Hold): HoldAsAnswered {
  const {
    state,
    fromShares,
    captured,
    asked,
    refused: reportedUse,
    checkpoint: noted,
    expiresAt,
    endedAt,
  } = hold
  return { state, fromShares, captured, asked, refused: reportedUse, checkpoint: noted, expiresAt, endedAt }
}
