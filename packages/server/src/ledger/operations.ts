import type { Credits } from '../kernel/credits.ts'
import type { Uuid, WalletOwner } from '../kernel/ids.ts'
import type { Money } from '../kernel/money.ts'
import type { Refusal } from '../kernel/refusal.ts'
import type { Balance, Hold, LapsePolicy, LotShare } from './wallet.ts'

/** Under which an operation happens once. Its scope is the wallet. */
export interface Key {
  readonly id: Uuid
  /** Of the canonical operation: the same key with another is refused. */
  readonly fingerprint: bigint
}

interface Common {
  readonly walletId: Uuid
  readonly key: Key
}

export type LotSource = 'purchase' | 'plan' | 'promotion' | 'gift' | 'referral' | 'adjustment'
export type LotCategory = 'paid' | 'promotional'

/** When a lot expires: never (undefined), at an instant, or so long after its start. */
export type LotExpiry =
  | { readonly at: Date }
  | { readonly afterDays: number }
  | { readonly afterMonths: number }
  | undefined

/** Brings a lot into a wallet, which is made when it is the first. */
export interface GrantOperation extends Common {
  readonly kind: 'grant'
  readonly owner: WalletOwner
  readonly credits: Credits
  readonly source: LotSource
  /** Undefined: paid for a purchase and a plan, promotional for the rest. */
  readonly category?: LotCategory | undefined
  readonly name: string
  readonly priority: number
  /** Undefined for now. */
  readonly effectiveAt: Date | undefined
  readonly expiry: LotExpiry
  /** The actions that it may pay for; undefined for all. */
  readonly scope?: readonly string[] | undefined
  /** Undefined: paid lots do. */
  readonly repaysDebt?: boolean | undefined
  readonly lateReturnDays?: number | undefined
  readonly metadata?: Readonly<Record<string, string>> | undefined
  readonly paid: Money | undefined
  readonly orderId: Uuid | undefined
}

/** Corrects a balance by hand: adds a lot, or takes from what is there. */
export interface AdjustOperation extends Common {
  readonly kind: 'adjust'
  readonly owner: WalletOwner
  /** Signed, not zero. */
  readonly credits: Credits
  readonly reason: string
  readonly actor: string
}

interface Spending extends Common {
  readonly owner: WalletOwner
  readonly credits: Credits
  readonly action: string | undefined
  readonly description: string | undefined
  readonly catalogId: number | undefined
  readonly limits?: readonly Limit[] | undefined
  /** Never refuse: take what is there, and say what would have been refused. */
  readonly isObserved?: boolean | undefined
}

export type LimitWindow =
  | 'day'
  | 'week'
  | 'month'
  | 'lifetime'
  | 'rolling_hour'
  | 'rolling_day'
  | 'rolling_week'
  | 'rolling_month'

/** A counter of the wallet that the operation must not bring above its maximum. */
export interface Limit {
  /** Such as `member:alice:day`: says what is counted, and in which window. */
  readonly name: string
  readonly window: LimitWindow
  readonly max: Credits
}

export interface ChargeOperation extends Spending {
  readonly kind: 'charge'
}

export interface HoldOperation extends Spending {
  readonly kind: 'hold'
  readonly timeToLiveMs: number
  /** `release` unless given. */
  readonly onLapse?: LapsePolicy | undefined
}

/** What happens to use above what a hold has. */
export type AbovePolicy = 'refuse' | 'up_to_spendable' | 'owe'

/** Spends what a hold set aside, up to `credits` (all it has when undefined). A final one gives back the rest and ends the hold. */
export interface CaptureOperation extends Common {
  readonly kind: 'capture'
  readonly holdId: Uuid
  readonly credits: Credits | undefined
  /** True unless given. */
  readonly isFinal?: boolean | undefined
  /** `refuse` unless given. */
  readonly above?: AbovePolicy | undefined
  /** Where that would be refused: charge as far as credits go, and say what would have been refused. */
  readonly isObserved?: boolean | undefined
}

/** Gives back all that a hold still has. Ends the hold. */
export interface ReleaseOperation extends Common {
  readonly kind: 'release'
  readonly holdId: Uuid
}

/** Notes what a running call has used so far, for the case that it is never heard of again. */
export interface CheckpointOperation extends Common {
  readonly kind: 'checkpoint'
  readonly holdId: Uuid
  readonly credits: Credits
}

/** Gives a hold so much time from now. */
export interface ExtendOperation extends Common {
  readonly kind: 'extend'
  readonly holdId: Uuid
  readonly timeToLiveMs: number
}

/** Gives back what a transaction spent. */
export interface RefundOperation extends Common {
  readonly kind: 'refund'
  /** The number of the transaction's first entry. */
  readonly transaction: bigint
  /** Undefined for all that is left of it. */
  readonly credits: Credits | undefined
  readonly reason: string | undefined
}

/** Takes back credits of a lot: its purchase was refunded, a dispute was lost. */
export interface RevokeOperation extends Common {
  readonly kind: 'revoke'
  readonly lotId: Uuid
  /** Undefined for all that can be. */
  readonly credits: Credits | undefined
  /** What happens for credits that are spent already: `owe` unless given. */
  readonly spent?: 'owe' | 'forgive' | undefined
  readonly reason: string | undefined
}

export interface LotOperation extends Common {
  readonly kind: 'freeze' | 'unfreeze' | 'expire'
  readonly lotId: Uuid
  readonly reason: string | undefined
}

export type Operation =
  | GrantOperation
  | AdjustOperation
  | ChargeOperation
  | HoldOperation
  | CaptureOperation
  | ReleaseOperation
  | CheckpointOperation
  | ExtendOperation
  | RefundOperation
  | RevokeOperation
  | LotOperation

/** What a committed operation did, the same for the first answer and for every replay of its key. */
export interface Receipt {
  /** The number of its first entry in the wallet's journal: the transaction's id within the wallet. */
  readonly transaction: bigint
  readonly kind: Operation['kind']
  /** When it happened, by the ledger's clock. */
  readonly at: Date
  /** Granted, charged, held, captured, released, refunded or revoked, in all: the debt made or repaid by it included. */
  readonly credits: Credits
  /** What of it came from or went to which lot. */
  readonly shares: readonly LotShare[]
  readonly action: string | undefined
  /** As the operation left it, of operations on holds. */
  readonly hold: Hold | undefined
  /** Debt that it made (above zero), or that a refund repaid (below zero). */
  readonly owed: Credits
  /** Of an observed operation: the refusal that would have been given. */
  readonly wouldRefuse: WouldRefuse | undefined
  /** Right after the operation. */
  readonly balance: Balance
}

export interface WouldRefuse {
  readonly code: string
  readonly detail: string
}

/** A refusal is an answer of its own, and leaves its neighbours in the batch alone. */
export type Outcome =
  | { readonly ok: true; readonly receipt: Receipt }
  | { readonly ok: false; readonly refusal: Refusal }
