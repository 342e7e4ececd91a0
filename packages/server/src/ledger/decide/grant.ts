import { add, type Credits, micros, zeroCredits } from '../../kernel/credits.ts'
import { addMonths, addMs, dayMs } from '../../kernel/time.ts'
import { lotOutOfTime, walletFull } from '../errors.ts'
import { emptyOpenLot, type Lot, traitsOf } from '../lot.ts'
import type { AdjustOperation, GrantOperation, LotCategory, LotExpiry, LotSource } from '../operations.ts'
import { Posting } from '../posting.ts'
import { type Decision, decided, type Moment, type NewLot, refused, type State } from './decision.ts'
import { takeSpendable } from './spend.ts'

/** Less than half of what a bigint column can hold, so that no sum on the way overflows. */
const walletMax = micros(4_000_000_000_000n * 1_000_000n)

export function grant(state: State, operation: GrantOperation, moment: Moment): Decision {
  const { now } = moment
  const { category, repaysDebt, effectiveAt, expiresAt } = grantTerms(operation, now)
  if (expiresAt !== undefined && (expiresAt <= effectiveAt || expiresAt <= now))
    return refused(lotOutOfTime({ effectiveAt, expiresAt }))
  const lot: Lot = {
    id: moment.newId(),
    granted: operation.credits,
    expired: zeroCredits,
    revoked: zeroCredits,
    priority: operation.priority,
    effectiveAt,
    expiresAt,
    traits: traitsOf({
      scope: operation.scope,
      keepsOutOfDebt: !repaysDebt,
      lateReturnDays: operation.lateReturnDays,
    }),
  }
  const { source, name, paid, orderId, metadata } = operation
  const facts = { source, category, name, paid, orderId, metadata }
  return bring(state, operation, moment, { lot, facts, credits: operation.credits })
}

export type TermsOfGrant = Pick<GrantOperation, 'source' | 'category' | 'repaysDebt'> &
  Partial<Pick<GrantOperation, 'effectiveAt' | 'expiry'>>

/** What a grant says of its lot, and what follows from it where it says nothing. */
export function grantTerms(
  { source, category = categoryOf(source), repaysDebt, effectiveAt, expiry }: TermsOfGrant,
  now: Date,
) {
  const startsAt = effectiveAt ?? now
  return {
    category,
    repaysDebt: repaysDebt ?? category === 'paid',
    effectiveAt: startsAt,
    expiresAt: expiryOf(expiry, startsAt),
  }
}

export function adjust(state: State, operation: AdjustOperation, moment: Moment): Decision {
  if (operation.credits > 0n) {
    const lot: Lot = {
      id: moment.newId(),
      granted: operation.credits,
      expired: zeroCredits,
      revoked: zeroCredits,
      priority: 0,
      effectiveAt: moment.now,
      expiresAt: undefined,
      traits: { keepsOutOfDebt: true },
    }
    const facts: NewLot['facts'] = {
      source: 'adjustment',
      category: 'promotional',
      name: operation.reason,
      paid: undefined,
      orderId: undefined,
      metadata: undefined,
    }
    return bring(state, operation, moment, { lot, facts, credits: operation.credits })
  }
  const credits = micros(0n - operation.credits)
  const { taken, refusal } = takeSpendable(
    state.wallet,
    { credits, owner: operation.owner, action: undefined },
    moment.now,
  )
  if (refusal !== undefined) return refused(refusal)
  const posting = new Posting(state.wallet, state.debts)
  const transaction = posting.begin(aboutAdjusting(operation, moment.now))
  for (const share of taken) posting.move({ ...share, from: 'available', to: 'revoked' })
  return decided(operation, posting, moment.now, { transaction, shares: taken })
}

interface Brought extends Pick<NewLot, 'lot' | 'facts'> {
  readonly credits: Credits
}

function bring(
  state: State,
  operation: GrantOperation | AdjustOperation,
  { now }: Moment,
  { lot, facts, credits }: Brought,
): Decision {
  const inWallet = add(state.wallet.available, state.wallet.held)
  if (inWallet + credits > walletMax) return refused(walletFull({ credits, inWallet, atMost: walletMax }))
  const posting = new Posting(state.wallet, state.debts)
  const transaction = posting.begin(
    operation.kind === 'adjust' ? aboutAdjusting(operation, now) : { operation: 'grant', at: now },
  )
  const open = emptyOpenLot(lot)
  posting.open(open)
  posting.move({ lotId: lot.id, from: 'issued', to: 'available', amount: credits })
  return decided(operation, posting, now, {
    transaction,
    shares: [{ lotId: lot.id, amount: credits }],
    newLot: { lot, open, facts },
  })
}

function aboutAdjusting({ reason, actor }: AdjustOperation, at: Date) {
  return { operation: 'adjust', at, description: reason, actor } as const
}

function categoryOf(source: LotSource): LotCategory {
  return source === 'purchase' || source === 'plan' ? 'paid' : 'promotional'
}

function expiryOf(expiry: LotExpiry, effectiveAt: Date): Date | undefined {
  if (expiry === undefined) return undefined
  if ('at' in expiry) return expiry.at
  return 'afterDays' in expiry
    ? addMs(effectiveAt, expiry.afterDays * dayMs)
    : addMonths(effectiveAt, expiry.afterMonths)
}
