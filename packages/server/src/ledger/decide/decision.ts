import { type Credits, total, zeroCredits } from '../../kernel/credits.ts'
import type { NewId, Uuid } from '../../kernel/ids.ts'
import type { Refusal } from '../../kernel/refusal.ts'
import type { BoundFacts, Entry } from '../entry.ts'
import type { LimitChange, LimitCount } from '../limits.ts'
import type { Lot, LotUpdate } from '../lot.ts'
import type { GrantOperation, Operation, Receipt, WouldRefuse } from '../operations.ts'
import type { Posting } from '../posting.ts'
import {
  balanceOf,
  type Debt,
  type Hold,
  type LotShare,
  mergeShares,
  type OpenLot,
  type Wallet,
} from '../wallet.ts'

/** A settled wallet and what is known beside it of the things that an operation names. */
export interface State {
  readonly wallet: Wallet
  /** The open ones of an owing wallet, and the one of a transaction that is to be refunded; oldest first. */
  readonly debts: readonly Debt[]
  hold(id: Uuid): Hold | undefined
  lot(id: Uuid): Lot | undefined
  /** What a transaction spent. */
  spending(transaction: bigint): Spending | undefined
  /** The newest counts of the limits that the batch names. */
  counts(): readonly LimitCount[]
}

/** A transaction that spent, as far as refunds go. */
export interface Spending {
  readonly transaction: bigint
  readonly action: string | undefined
  /** What each lot paid, in order. */
  readonly paid: readonly LotShare[]
  /** What no lot paid. */
  readonly owed: Credits
  readonly refunded: Credits
  /** What each lot got back. */
  readonly returned: readonly LotShare[]
}

/** What the ledger takes from outside for one decision. */
export interface Moment {
  readonly now: Date
  readonly newId: NewId
}

/** What an operation leaves behind. */
export interface Changes {
  readonly wallet: Wallet
  readonly debts: readonly Debt[]
  readonly entries: readonly Entry[]
  /** The lot that a grant brought, open unless all of it repaid debt. */
  readonly newLot?: NewLot | undefined
  readonly hold?: Hold | undefined
  readonly lotUpdates: readonly LotUpdate[]
  readonly spending?: Spending | undefined
  readonly limitChanges: readonly LimitChange[]
}

export interface NewLot {
  readonly lot: Lot
  readonly open: OpenLot
  readonly facts: Pick<GrantOperation, 'source' | 'name' | 'paid' | 'orderId' | 'metadata'> & {
    readonly category: 'paid' | 'promotional'
  }
}

export type Decision =
  | { readonly ok: true; readonly changes: Changes; readonly receipt: Receipt }
  | {
      readonly ok: false
      readonly refusal: Refusal
      /** A hold that remembers what was reported of it, though nothing moved. */
      readonly hold?: Hold | undefined
    }

export function refused(
  refusal: Refusal,
  hold?: Hold,
): { ok: false; refusal: Refusal; hold?: Hold | undefined } {
  return { ok: false, refusal, hold }
}

/** What the receipt of an observed operation says in place of a refusal. */
export function asObserved(refusal: Refusal): WouldRefuse {
  return { code: refusal.code, detail: refusal.message }
}

interface Done {
  readonly transaction: bigint
  readonly credits?: Credits
  readonly shares?: readonly LotShare[]
  readonly action?: string | undefined
  readonly hold?: Hold
  readonly owed?: Credits
  readonly wouldRefuse?: WouldRefuse | undefined
  readonly facts?: BoundFacts | undefined
  readonly newLot?: NewLot
  readonly spending?: Spending
  readonly limitChanges?: readonly LimitChange[]
}

/** Lets what the operation brought about take its course, binds the key, and writes the receipt. */
export function decided(operation: Operation, posting: Posting, now: Date, done: Done): Decision {
  const last = posting.entries.length - 1
  posting.collectPending(now)
  posting.repay(now)
  const balance = balanceOf(posting.wallet, now)
  const shares = mergeShares(done.shares ?? [])
  posting.bind(last, { key: operation.key, balance, facts: done.facts })
  const receipt: Receipt = {
    transaction: done.transaction,
    kind: operation.kind,
    at: now,
    credits: done.credits ?? total(shares.map((share) => share.amount)),
    shares,
    action: done.action,
    hold: done.hold,
    owed: done.owed ?? zeroCredits,
    wouldRefuse: done.wouldRefuse,
    balance,
  }
  const changes: Changes = {
    wallet: posting.wallet,
    debts: posting.debts,
    entries: posting.entries,
    newLot: done.newLot,
    hold: done.hold,
    lotUpdates: posting.lotUpdates,
    spending: done.spending,
    limitChanges: done.limitChanges ?? [],
  }
  return { ok: true, changes, receipt }
}
