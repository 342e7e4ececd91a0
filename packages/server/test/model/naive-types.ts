/** What can be asked of the naive ledger and what it answers. Credits are counts of millionths. */

export type Action = string

interface Asked {
  readonly wallet: string
  readonly key: string
  /** What the key is bound to: the same key with another body is refused. */
  readonly body: string
}

export type Expiry = { readonly at: Date } | { readonly afterDays: number } | { readonly afterMonths: number }
export type Source = 'purchase' | 'plan' | 'promotion' | 'gift' | 'referral' | 'adjustment'
export type Category = 'paid' | 'promotional'

export interface Grant extends Asked {
  readonly kind: 'grant'
  readonly credits: bigint
  readonly source: Source
  readonly category?: Category | undefined
  readonly priority: number
  readonly effectiveAt?: Date | undefined
  readonly expiry?: Expiry | undefined
  readonly scope?: readonly Action[] | undefined
  readonly repaysDebt?: boolean | undefined
  readonly lateReturnDays?: number | undefined
}

export interface Adjust extends Asked {
  readonly kind: 'adjust'
  readonly credits: bigint
}

export type Window =
  | 'day'
  | 'week'
  | 'month'
  | 'lifetime'
  | 'rolling_hour'
  | 'rolling_day'
  | 'rolling_week'
  | 'rolling_month'

export interface Limit {
  readonly name: string
  readonly window: Window
  readonly max: bigint
}

interface Spending extends Asked {
  readonly credits: bigint
  readonly action?: Action | undefined
  readonly limits?: readonly Limit[] | undefined
  readonly isObserved?: boolean | undefined
}

export interface Charge extends Spending {
  readonly kind: 'charge'
}

export type LapsePolicy = 'release' | 'charge_checkpoint' | 'charge_all'

export interface PlaceHold extends Spending {
  readonly kind: 'hold'
  readonly timeToLiveMs: number
  readonly onLapse?: LapsePolicy | undefined
}

export type AbovePolicy = 'refuse' | 'up_to_spendable' | 'owe'

export interface Capture extends Asked {
  readonly kind: 'capture'
  readonly hold: string
  readonly credits?: bigint | undefined
  readonly isFinal?: boolean | undefined
  readonly above?: AbovePolicy | undefined
  readonly isObserved?: boolean | undefined
}

export interface Release extends Asked {
  readonly kind: 'release'
  readonly hold: string
}

export interface Checkpoint extends Asked {
  readonly kind: 'checkpoint'
  readonly hold: string
  readonly credits: bigint
}

export interface Extend extends Asked {
  readonly kind: 'extend'
  readonly hold: string
  readonly timeToLiveMs: number
}

export interface Refund extends Asked {
  readonly kind: 'refund'
  readonly transaction: string
  readonly credits?: bigint | undefined
}

export type SpentPolicy = 'owe' | 'forgive'

export interface Revoke extends Asked {
  readonly kind: 'revoke'
  readonly lot: string
  readonly credits?: bigint | undefined
  readonly spent?: SpentPolicy | undefined
}

export interface LotOperation extends Asked {
  readonly kind: 'freeze' | 'unfreeze' | 'expire'
  readonly lot: string
}

export type Operation =
  | Grant
  | Adjust
  | Charge
  | PlaceHold
  | Capture
  | Release
  | Checkpoint
  | Extend
  | Refund
  | Revoke
  | LotOperation

export type Kind = Operation['kind']

export type RefusalCode =
  | 'insufficient_credits'
  | 'limit_exceeded'
  | 'hold_not_found'
  | 'hold_already_ended'
  | 'capture_exceeds_hold'
  | 'charge_not_found'
  | 'refund_exceeds_charge'
  | 'lot_not_found'
  | 'lot_out_of_time'
  | 'revoke_exceeds_lot'
  | 'wallet_full'
  | 'idempotency_key_reused'

/** Of `insufficient_credits`. */
export interface Shortage {
  readonly required: bigint
  readonly spendable: bigint
  /** What would have to come: an owing wallet repays first. */
  readonly missing: bigint
}

/** Of `limit_exceeded`: the first limit that was, and what was counted in it. */
export interface Exceeded extends Limit {
  readonly used: bigint
}

export interface Refused {
  readonly ok: false
  readonly code: RefusalCode
  readonly facts?: Shortage | Exceeded | undefined
}

export interface Share {
  readonly lot: string
  readonly credits: bigint
}

export type HoldState = 'placed' | 'captured' | 'released' | 'lapsed'

/** A hold as an answer shows it. */
export interface HoldView {
  readonly id: string
  readonly state: HoldState
  readonly amount: bigint
  readonly captured: bigint
  readonly uncollected: bigint
  readonly remaining: bigint
  readonly expiresAt: Date
}

export interface Balance {
  readonly available: bigint
  readonly held: bigint
  readonly debt: bigint
  readonly spendable: bigint
  readonly scoped: bigint
  readonly upcoming: bigint
  readonly frozen: bigint
}

export interface Receipt {
  readonly transaction: string
  readonly kind: Kind
  readonly at: Date
  readonly credits: bigint
  readonly shares: readonly Share[]
  readonly hold?: HoldView | undefined
  readonly owed: bigint
  readonly wouldRefuse?: RefusalCode | undefined
  readonly balance: Balance
}

export interface Done {
  readonly ok: true
  readonly receipt: Receipt
}

export type Outcome = Done | Refused
