import { type Credits, micros, zeroCredits } from '../../kernel/credits.ts'
import type { Refusal } from '../../kernel/refusal.ts'
import { addMs, earlier } from '../../kernel/time.ts'
import { insufficientCredits, limitExceeded } from '../errors.ts'
import { bucketOf, type LimitChange, resetsAt, usedIn } from '../limits.ts'
import type { ChargeOperation, HoldOperation, WouldRefuse } from '../operations.ts'
import { Posting, takeInOrder } from '../posting.ts'
import { canPay, type Hold, type LotShare, spendableOn, type Wallet } from '../wallet.ts'
import { asObserved, type Decision, decided, type Moment, refused, type State } from './decision.ts'

export function charge(state: State, operation: ChargeOperation, moment: Moment): Decision {
  const { now } = moment
  const spending = decideSpending(state, operation, now)
  if (!spending.ok) return refused(spending.refusal)
  const { taken, sum, wouldRefuse } = spending
  const posting = new Posting(state.wallet, state.debts)
  const { action, description, catalogId } = operation
  const transaction = posting.begin({ operation: 'charge', at: now, action, description, catalogId })
  for (const share of taken) posting.move({ ...share, from: 'available', to: 'spent' })
  posting.note()
  return decided(operation, posting, now, {
    transaction,
    credits: sum,
    shares: taken,
    action,
    wouldRefuse,
    facts: wouldRefuse && { wouldRefuse },
    limitChanges: countIn(operation, sum, now),
  })
}

export function placeHold(state: State, operation: HoldOperation, moment: Moment): Decision {
  const { now } = moment
  const spending = decideSpending(state, operation, now)
  if (!spending.ok) return refused(spending.refusal)
  const { taken, sum, wouldRefuse } = spending
  const { action, description, catalogId } = operation
  const limitChanges = countIn(operation, sum, now)
  const hold: Hold = {
    id: moment.newId(),
    state: 'placed',
    amount: sum,
    short: micros(operation.credits - sum),
    shares: taken,
    fromShares: zeroCredits,
    captured: zeroCredits,
    asked: zeroCredits,
    refused: zeroCredits,
    checkpoint: zeroCredits,
    onLapse: operation.onLapse ?? 'release',
    limits: (operation.limits ?? []).map((limit) => bucketOf(limit, now)),
    action,
    description,
    catalogId,
    placedAt: now,
    timeToLiveMs: operation.timeToLiveMs,
    expiresAt: addMs(now, operation.timeToLiveMs),
    endedAt: undefined,
  }
  const posting = new Posting(state.wallet, state.debts)
  const about = { operation: 'hold', at: now, holdId: hold.id, action, description, catalogId } as const
  const transaction = posting.begin(about)
  for (const share of taken) posting.move({ ...share, from: 'available', to: 'held' })
  posting.note()
  posting.wallet = { ...posting.wallet, nextLapseAt: earlier(posting.wallet.nextLapseAt, hold.expiresAt) }
  return decided(operation, posting, now, {
    transaction,
    credits: sum,
    shares: taken,
    action,
    hold,
    wouldRefuse,
    facts: wouldRefuse && { wouldRefuse },
    limitChanges,
  })
}

type SpendingDecision =
  | {
      readonly ok: true
      readonly taken: readonly LotShare[]
      readonly sum: Credits
      readonly wouldRefuse: WouldRefuse | undefined
    }
  | { readonly ok: false; readonly refusal: Refusal }

/** What is taken from which lots. Limits are looked at first, in their order, for a top-up would not lift them; an observed operation takes what is there. */
function decideSpending(
  state: State,
  operation: ChargeOperation | HoldOperation,
  now: Date,
): SpendingDecision {
  const { taken, sum, refusal: shortage } = takeSpendable(state.wallet, operation, now)
  const refusal = exceededLimit(state, operation, now) ?? shortage
  if (refusal === undefined) return { ok: true, taken, sum, wouldRefuse: undefined }
  if (operation.isObserved !== true) return { ok: false, refusal }
  return { ok: true, taken, sum, wouldRefuse: asObserved(refusal) }
}

type Asked = Pick<ChargeOperation, 'credits' | 'owner' | 'action'>

interface Taken {
  /** What there is, also when it does not cover what is asked for. */
  readonly taken: readonly LotShare[]
  readonly sum: Credits
}

/** What an action takes from the lots that can pay for it, in burn order. An owing wallet gives nothing. */
export function takePayable(
  wallet: Wallet,
  { credits, action }: Pick<Asked, 'credits' | 'action'>,
  now: Date,
): Taken & { readonly missing: Credits } {
  return takeInOrder(payable(wallet, action, now), credits)
}

function* payable(wallet: Wallet, action: string | undefined, now: Date): Generator<LotShare> {
  if (wallet.debt > 0n) return
  for (const lot of wallet.lots) if (canPay(lot, action, now)) yield { lotId: lot.id, amount: lot.available }
}

/** The same, and the refusal when it does not cover what is asked for. */
export function takeSpendable(
  wallet: Wallet,
  asked: Asked,
  now: Date,
): Taken & { readonly refusal: Refusal | undefined } {
  const { taken, missing, sum } = takePayable(wallet, asked, now)
  if (missing === 0n && wallet.debt === 0n) return { taken, sum, refusal: undefined }
  const facts = {
    required: asked.credits,
    spendable: spendableOn(wallet, asked.action, now),
    held: wallet.held,
    debt: wallet.debt,
    missing: micros(missing + wallet.debt),
    unit: asked.owner.unit,
  }
  return { taken, sum, refusal: insufficientCredits(facts) }
}

function exceededLimit(
  state: State,
  { limits, credits }: ChargeOperation | HoldOperation,
  now: Date,
): Refusal | undefined {
  for (const limit of limits ?? []) {
    const counts = state.counts()
    const used = usedIn(limit, counts, now)
    if (used + credits <= limit.max) continue
    const { name, window, max } = limit
    return limitExceeded({
      limit: name,
      window,
      max,
      used,
      requested: credits,
      resetsAt: resetsAt(limit, counts, now),
    })
  }
  return undefined
}

function countIn(
  { limits = [] }: ChargeOperation | HoldOperation,
  credits: Credits,
  now: Date,
): LimitChange[] {
  if (credits === 0n) return []
  return limits.map((limit) => ({ ...bucketOf(limit, now), by: credits }))
}
