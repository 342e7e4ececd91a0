import { type Credits, zeroCredits } from '../kernel/credits.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Money } from '../kernel/money.ts'
import { grantTerms, type TermsOfGrant } from './decide/grant.ts'
import { type Lot, spentOf } from './lot.ts'
import type { GrantOperation, LotCategory, LotSource, Receipt } from './operations.ts'
import type { OpenLot } from './wallet.ts'

/** A lot with what its holder wants to know. What was granted is available, held, spent, expired or revoked. */
export interface LotView {
  readonly id: Uuid
  readonly source: LotSource
  readonly category: LotCategory
  readonly name: string
  readonly granted: Credits
  readonly available: Credits
  readonly held: Credits
  readonly spent: Credits
  readonly expired: Credits
  readonly revoked: Credits
  /** Of what is held: what will be revoked when it comes back. */
  readonly pending: Credits
  readonly priority: number
  readonly effectiveAt: Date
  readonly expiresAt: Date | undefined
  readonly grantedAt: Date
  readonly scope: readonly string[] | undefined
  readonly repaysDebt: boolean
  readonly lateReturnDays: number
  readonly isFrozen: boolean
  readonly paid: Money | undefined
  readonly metadata: Readonly<Record<string, string>>
  readonly orderId: Uuid | undefined
}

/** What was written down of a lot when it was granted, and never changes. */
export type LotFacts = Pick<
  LotView,
  'source' | 'category' | 'name' | 'grantedAt' | 'paid' | 'metadata' | 'orderId'
>

/** A lot as it is: `open` is what the wallet has of it, nothing when it is used up. */
export function viewOfLot(lot: Lot, open: OpenLot | undefined, facts: LotFacts): LotView {
  const { id, granted, expired, revoked, priority, effectiveAt, traits } = lot
  return {
    ...facts,
    id,
    granted,
    available: open?.available ?? zeroCredits,
    held: open?.held ?? zeroCredits,
    spent: spentOf(lot, open),
    expired,
    revoked,
    pending: open?.traits?.pending ?? zeroCredits,
    priority,
    effectiveAt,
    expiresAt: (open ?? lot).expiresAt,
    scope: traits?.scope,
    repaysDebt: traits?.keepsOutOfDebt !== true,
    lateReturnDays: traits?.lateReturnDays ?? 0,
    isFrozen: (open ?? lot).traits?.isFrozen === true,
  }
}

export type AskedGrant = TermsOfGrant &
  Pick<GrantOperation, 'credits' | 'name' | 'scope' | 'lateReturnDays' | 'metadata'> &
  Partial<Pick<GrantOperation, 'paid' | 'orderId'>> & { readonly priority?: number | undefined }

/** The lot as the grant brought it, whatever became of it since: a replay of the grant answers the same. */
export function lotAsGranted(asked: AskedGrant, { at, shares }: Receipt): LotView {
  const { category, repaysDebt, effectiveAt, expiresAt } = grantTerms(asked, at)
  const { credits, source, name, priority = 0, scope, lateReturnDays = 0, paid, metadata, orderId } = asked
  return {
    id: shares[0]?.lotId ?? '',
    source,
    category,
    name,
    granted: credits,
    available: credits,
    held: zeroCredits,
    spent: zeroCredits,
    expired: zeroCredits,
    revoked: zeroCredits,
    pending: zeroCredits,
    priority,
    effectiveAt,
    expiresAt,
    grantedAt: at,
    scope,
    repaysDebt,
    lateReturnDays,
    isFrozen: false,
    paid,
    metadata: metadata ?? {},
    orderId,
  }
}
