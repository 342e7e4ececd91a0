import type { Credits } from '../kernel/credits.ts'
import type { Uuid, WalletOwner } from '../kernel/ids.ts'
import type { Money } from '../kernel/money.ts'
import type { Refusal } from '../kernel/refusal.ts'
import type { Balance, Hold, LotShare } from './wallet.ts'

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

/** Brings a lot into a wallet, which is made when it is the first. */
export interface GrantOperation extends Common {
  readonly kind: 'grant'
  readonly owner: WalletOwner
  readonly credits: Credits
  readonly source: LotSource
  readonly name: string
  readonly priority: number
  /** Undefined for now. */
  readonly effectiveAt: Date | undefined
  readonly expiresAt: Date | undefined
  readonly paid: Money | undefined
  readonly orderId: Uuid | undefined
}

interface Spending extends Common {
  readonly credits: Credits
  readonly unit: string
  readonly action: string | undefined
  readonly description: string | undefined
  readonly catalogId: number | undefined
}

export interface ChargeOperation extends Spending {
  readonly kind: 'charge'
}

export interface HoldOperation extends Spending {
  readonly kind: 'hold'
  readonly timeToLiveMs: number
}

/** Spends what a hold set aside, up to `credits` (all of it when undefined), and gives back the rest. Ends the hold. */
export interface CaptureOperation extends Common {
  readonly kind: 'capture'
  readonly holdId: Uuid
  readonly credits: Credits | undefined
}

/** Gives back all that a hold set aside. Ends the hold. */
export interface ReleaseOperation extends Common {
  readonly kind: 'release'
  readonly holdId: Uuid
}

export type Operation = GrantOperation | ChargeOperation | HoldOperation | CaptureOperation | ReleaseOperation

/** What a committed operation did, the same for the first answer and for every replay of its key. */
export interface Receipt {
  readonly transactionId: Uuid
  readonly kind: Operation['kind']
  /** When it happened, by the ledger's clock. */
  readonly at: Date
  /** Granted, charged, held, captured or released, in all. */
  readonly credits: Credits
  /** The same, lot by lot. */
  readonly shares: readonly LotShare[]
  readonly action: string | undefined
  /** As the operation left it: a placed one for `hold`, an ended one for `capture` and `release`. */
  readonly hold: Hold | undefined
  /** Right after the operation. */
  readonly balance: Balance
}

/** A refusal is an answer of its own, and leaves its neighbours in the batch alone. */
export type Outcome =
  | { readonly ok: true; readonly receipt: Receipt }
  | { readonly ok: false; readonly refusal: Refusal }
