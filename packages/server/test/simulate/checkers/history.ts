/** What a simulation leaves behind, in plain values: what was asked, what was answered, and the rows. The checkers know nothing else. */

export type Account = 'issued' | 'available' | 'held' | 'spent' | 'expired' | 'revoked' | 'debt'

export interface AskedLimit {
  readonly name: string
  readonly window: string
  readonly max: bigint
}

/** An operation as a client asked for it. */
export interface AskedOperation {
  readonly kind: string
  readonly walletId: string
  readonly key: { readonly id: string; readonly fingerprint: bigint }
  readonly credits?: bigint | undefined
  readonly source?: string | undefined
  readonly category?: string | undefined
  readonly priority?: number | undefined
  readonly effectiveAt?: Date | undefined
  readonly expiry?:
    | { readonly at: Date }
    | { readonly afterDays: number }
    | { readonly afterMonths: number }
    | undefined
  readonly scope?: readonly string[] | undefined
  readonly repaysDebt?: boolean | undefined
  readonly lateReturnDays?: number | undefined
  readonly orderId?: string | undefined
  readonly action?: string | undefined
  readonly limits?: readonly AskedLimit[] | undefined
  readonly isObserved?: boolean | undefined
  readonly timeToLiveMs?: number | undefined
  readonly onLapse?: string | undefined
  readonly holdId?: string | undefined
  readonly isFinal?: boolean | undefined
  readonly above?: string | undefined
  readonly lotId?: string | undefined
  readonly transaction?: bigint | undefined
  readonly spent?: string | undefined
}

export interface Asked {
  readonly id: number
  readonly operation: AskedOperation
  /** Whether the database refuses it by itself. */
  readonly isPoison: boolean
  /** Whether a client waited for its answer to the end. */
  readonly isPursued: boolean
}

export interface AnsweredShare {
  readonly lotId: string
  readonly amount: bigint
}

export interface AnsweredBalance {
  readonly available: bigint
  readonly held: bigint
  readonly debt: bigint
  readonly spendable: bigint
  readonly scoped: bigint
  readonly upcoming: bigint
  readonly frozen: bigint
}

export interface AnsweredReceipt {
  readonly transaction: bigint
  readonly kind: string
  readonly at: Date
  readonly credits: bigint
  readonly shares: readonly AnsweredShare[]
  readonly owed: bigint
  readonly hold?: { readonly id: string; readonly state: string; readonly expiresAt: Date } | undefined
  readonly balance: AnsweredBalance
}

export type AnswerResult =
  | { readonly kind: 'receipt'; readonly receipt: AnsweredReceipt }
  | { readonly kind: 'refusal'; readonly code: string }
  /** The world failed: nobody knows whether it happened. */
  | { readonly kind: 'fault'; readonly code: string }
  /** A broken promise of ours, or the database's own refusal. */
  | { readonly kind: 'bug'; readonly message: string }

/** One run of an operation on a node, and what the node answered, whether or not that arrived. */
export interface Run {
  readonly asked: number
  readonly node: string
  readonly commitsAtStart: number
  readonly databaseTimeAtStart: Date
  readonly failoversAtStart: number
  /** Undefined when the node died before. */
  result?: AnswerResult | undefined
  /** How many commits there were at the instant of the answer. */
  commitsThen?: number | undefined
  databaseTimeAtEnd?: Date | undefined
  /** Whether the database's clock took no step in between. */
  wasClockSteady?: boolean | undefined
}

/** A balance that a reader was shown. */
export interface Shown {
  readonly walletId: string
  readonly now: Date
  /** How many commits the reader's snapshot has. */
  readonly commitsThen: number
  readonly balance: AnsweredBalance
}

export interface OrderRow {
  readonly id: string
  readonly wallet_id: string
  readonly key: string
  readonly credits_micros: bigint
  /** Under which the order's bonus is granted, if it brings one. */
  readonly bonus_key: string | null
  readonly state: 'paid' | 'credited' | 'refunded'
  readonly lot_id: string | null
}

export interface EntryRow {
  readonly wallet_id: string
  readonly number: bigint
  readonly position: number
  readonly operation: string
  readonly lot_id: string | null
  readonly from_account: Account | null
  readonly to_account: Account | null
  readonly amount_micros: bigint
  readonly hold_id: string | null
  readonly about_transaction: bigint | null
  readonly action: string | null
  readonly key: string | null
  readonly fingerprint: bigint | null
  readonly available_after_micros: bigint | null
  readonly held_after_micros: bigint | null
  readonly debt_after_micros: bigint | null
  readonly scoped_after_micros: bigint | null
  readonly upcoming_after_micros: bigint | null
  readonly frozen_after_micros: bigint | null
  readonly effective_at: Date | null
  readonly recorded_at: Date
  readonly facts: { readonly pending?: string; readonly would_refuse?: unknown } | null
}

export interface WalletRow {
  readonly id: string
  readonly lot_ids: readonly string[]
  readonly lot_priorities: readonly number[]
  readonly lot_flags: readonly number[]
  readonly lot_effective_ms: readonly bigint[]
  readonly lot_expires_ms: readonly (bigint | null)[]
  readonly lot_traits: Readonly<Record<string, LotTraits>> | null
  readonly waiting: {
    readonly count: number
    readonly spendable: string
    readonly scoped: string
    readonly upcoming: string
    readonly frozen: string
    readonly due_ms: number | null
  } | null
  readonly next_lapse_at: Date | null
  readonly updated_at: Date
  readonly entry_count: bigint
  readonly available_micros: bigint
  readonly held_micros: bigint
  readonly debt_micros: bigint
  readonly lot_available_micros: readonly bigint[]
  readonly lot_held_micros: readonly bigint[]
}

export interface LotTraits {
  readonly scope?: readonly string[]
  readonly late_return_days?: number
  readonly pending?: string
  readonly pending_is_forgiven?: boolean
}

export interface WaitingLotRow {
  readonly wallet_id: string
  readonly id: string
  readonly available_micros: bigint
  readonly held_micros: bigint
  readonly priority: number
  readonly flags: number
  readonly effective_ms: bigint
  readonly expires_ms: bigint | null
  readonly traits: LotTraits | null
}

export interface LotRow {
  readonly wallet_id: string
  readonly id: string
  readonly granted_micros: bigint
  readonly expired_micros: bigint
  readonly revoked_micros: bigint
  readonly priority: number
  readonly effective_at: Date
  readonly expires_at: Date | null
  readonly scope: readonly string[] | null
  readonly repays_debt: boolean
  readonly late_return_days: number
  readonly is_frozen: boolean
  readonly order_id: string | null
}

export interface HoldRow {
  readonly wallet_id: string
  readonly id: string
  readonly state: 'placed' | 'captured' | 'released' | 'lapsed'
  readonly amount_micros: bigint
  readonly short_micros: bigint | null
  readonly captured_micros: bigint
  readonly from_shares_micros: bigint
  readonly asked_micros: bigint
  readonly refused_micros: bigint
  readonly checkpoint_micros: bigint
  readonly on_lapse: string
  readonly lot_ids: readonly string[]
  readonly lot_amounts_micros: readonly bigint[]
  readonly limit_names: readonly string[] | null
  readonly limit_starts: readonly Date[] | null
  readonly placed_at: Date
  readonly expires_at: Date
  readonly ended_at: Date | null
}

export interface DebtRow {
  readonly wallet_id: string
  readonly transaction: bigint
  readonly amount_micros: bigint
  readonly open_micros: bigint
  readonly repaid_lot_ids: readonly string[]
  readonly repaid_micros: readonly bigint[]
}

export interface RefundRow {
  readonly wallet_id: string
  readonly transaction: bigint
  readonly refunded_micros: bigint
  readonly returned_lot_ids: readonly string[]
  readonly returned_micros: readonly bigint[]
}

export interface CountRow {
  readonly wallet_id: string
  readonly name: string
  readonly starts_at: Date
  readonly used_micros: bigint
}

export interface Rows {
  readonly wallets: readonly WalletRow[]
  readonly entries: readonly EntryRow[]
  readonly lots: readonly LotRow[]
  readonly waitingLots: readonly WaitingLotRow[]
  readonly holds: readonly HoldRow[]
  readonly debts: readonly DebtRow[]
  readonly refunds: readonly RefundRow[]
  readonly counts: readonly CountRow[]
  readonly orders: readonly OrderRow[]
}

export interface History {
  readonly asked: readonly Asked[]
  readonly runs: readonly Run[]
  readonly shown: readonly Shown[]
  /** Balances that could not be shown: no trouble of the world is a reason. */
  readonly notShown: readonly { readonly walletId: string; readonly reason: string }[]
  readonly rows: Rows
  /** Of each entry, by wallet and number (`entryName`), which commit it was in: 1, 2, 3 … */
  readonly commitOf: ReadonlyMap<string, number>
  /** What is not as it should be at the end, when everything is healed and everybody had time. */
  readonly leftOver: readonly string[]
}

export function entryName(wallet: string, number: bigint): string {
  return `${wallet} ${number}`
}
