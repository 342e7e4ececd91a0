import { type Credits, micros, smaller, zeroCredits } from '../../kernel/credits.ts'
import { lotNotFound, revokeExceedsLot } from '../errors.ts'
import { openLotOf, spentOf } from '../lot.ts'
import type { LotOperation, RevokeOperation } from '../operations.ts'
import { Posting } from '../posting.ts'
import { type Decision, decided, type Moment, refused, type State } from './decision.ts'

/** Takes what is there, then what has expired, then what is held once it is given back, then what is spent. */
export function revoke(state: State, operation: RevokeOperation, { now }: Moment): Decision {
  const lot = state.lot(operation.lotId)
  if (lot === undefined) return refused(lotNotFound({}))
  const open = openLotOf(state.wallet, lot.id)
  const pendingBefore = open?.traits?.pending ?? zeroCredits
  const revocable = micros(lot.granted - lot.revoked - pendingBefore)
  const credits = operation.credits ?? revocable
  if (credits === 0n || credits > revocable)
    return refused(revokeExceedsLot({ requested: credits, granted: lot.granted, revocable }))

  const parts = split(credits, [
    open?.available ?? zeroCredits,
    lot.expired,
    micros((open?.held ?? 0n) - pendingBefore),
    spentOf(lot, open),
  ])
  const [available = zeroCredits, expired = zeroCredits, pending = zeroCredits, spent = zeroCredits] = parts
  const isForgiven = operation.spent === 'forgive'
  const posting = new Posting(state.wallet, state.debts)
  const transaction = posting.begin({ operation: 'revoke', at: now, description: operation.reason })
  if (open !== undefined && pending > 0n)
    posting.setPending(open, micros(pendingBefore + pending), isForgiven)
  posting.move({ lotId: lot.id, from: 'available', to: 'revoked', amount: available })
  posting.move({ lotId: lot.id, from: 'expired', to: 'revoked', amount: expired })
  posting.move({ lotId: lot.id, from: 'spent', to: 'revoked', amount: spent })
  if (!isForgiven) posting.owe(spent)
  posting.note(lot.id)
  return decided(operation, posting, now, {
    transaction,
    credits,
    shares: [{ lotId: lot.id, amount: credits }],
    owed: isForgiven ? zeroCredits : spent,
    facts: pending > 0n ? { pending } : undefined,
  })
}

/** How much of the amount falls to each of the parts, in their order. */
function split(amount: Credits, parts: readonly Credits[]): Credits[] {
  let rest: Credits = amount
  return parts.map((part) => {
    const share = smaller(part, rest)
    rest = micros(rest - share)
    return share
  })
}

export function changeLot(state: State, operation: LotOperation, { now }: Moment): Decision {
  const lot = state.lot(operation.lotId)
  if (lot === undefined) return refused(lotNotFound({}))
  const posting = new Posting(state.wallet, state.debts)
  const transaction = posting.begin({ operation: operation.kind, at: now, description: operation.reason })
  if (operation.kind !== 'expire') {
    posting.update({ lotId: lot.id, isFrozen: operation.kind === 'freeze' })
    posting.note(lot.id)
    return decided(operation, posting, now, { transaction })
  }
  const amount = openLotOf(state.wallet, lot.id)?.available ?? zeroCredits
  if (lot.expiresAt === undefined || lot.expiresAt > now) posting.update({ lotId: lot.id, expiresAt: now })
  posting.move({ lotId: lot.id, from: 'available', to: 'expired', amount })
  posting.note(lot.id)
  return decided(operation, posting, now, {
    transaction,
    shares: amount > 0n ? [{ lotId: lot.id, amount }] : [],
  })
}
