import type { Spending } from '../catalog/price-spending.ts'
import type { Credits } from '../kernel/credits.ts'
import type { IdInWallet, TransactionId, Uuid, WalletOwner } from '../kernel/ids.ts'
import type { Money } from '../kernel/money.ts'
import type { Refusal } from '../kernel/refusal.ts'
import type { PastBalance } from './balance-at.ts'
import type { EntriesFilter, PageOfEntries } from './list-entries.ts'
import type { LotsPage, PageOfLots } from './list-lots.ts'
import type { LotView } from './lot-view.ts'
import type {
  AbovePolicy,
  GrantOperation,
  LimitWindow,
  LotCategory,
  LotExpiry,
  LotSource,
  Receipt,
  RevokeOperation,
} from './operations.ts'
import type { Quote } from './quote.ts'
import type { BalanceView, HoldView, OwnedLotView } from './read-wallet.ts'
import type { Verification } from './verify.ts'
import type { LapsePolicy } from './wallet.ts'

/** Under which a write happens once, however often it is asked for. */
interface Keyed {
  /** 1 to 255 characters, best a UUID. */
  readonly idempotencyKey: string
}

/** A counter that a request must not bring above its maximum: of the customer's wallet, by what `by` says. */
export interface LimitRequest {
  readonly by: 'customer' | 'member' | 'api_key' | 'action' | 'run'
  /** Whose: which member, which key, which run. The request's own action when by action; none for the customer. */
  readonly id?: string | undefined
  readonly window: LimitWindow
  readonly max: Credits
}

export type SpendRequest<Action extends string = string, Unit extends string = string> = Keyed &
  Spending<Action, Unit> & {
    readonly customer: string
    readonly description?: string | undefined
    /** 10 at most. */
    readonly limits?: readonly LimitRequest[] | undefined
    /** Never refuse for want of credits or for a limit: take what is there, and say in the receipt what would have been refused. */
    readonly observe?: boolean | undefined
  }

export type HoldRequest<Action extends string = string, Unit extends string = string> = SpendRequest<
  Action,
  Unit
> & {
  /** 300 unless given. */
  readonly expiresInSeconds?: number | undefined
  /** What happens when it lapses: everything goes back unless given. */
  readonly onLapse?: LapsePolicy | undefined
}

export interface CaptureRequest extends Keyed {
  readonly hold: IdInWallet
  /** All that it still holds unless given. */
  readonly credits?: Credits | undefined
  /** False leaves the hold placed, for further captures. */
  readonly final?: boolean | undefined
  /** What happens to use above what is held: refused unless given. */
  readonly above?: AbovePolicy | undefined
  /** Never refuse use above what is held, or of a hold that lapsed: charge it as far as credits go, and say in the receipt what would have been refused. */
  readonly observe?: boolean | undefined
}

export interface ReleaseRequest extends Keyed {
  readonly hold: IdInWallet
}

export interface CheckpointRequest extends Keyed {
  readonly hold: IdInWallet
  /** Used so far, in all. */
  readonly credits: Credits
}

export interface ExtendRequest extends Keyed {
  readonly hold: IdInWallet
  /** From now. */
  readonly expiresInSeconds: number
}

export interface RefundRequest extends Keyed {
  readonly charge: TransactionId
  /** All that is left of it unless given. */
  readonly credits?: Credits | undefined
  readonly reason?: string | undefined
}

export interface GrantRequest<Unit extends string = string> extends Keyed {
  readonly customer: string
  readonly credits: Credits
  readonly unit?: Unit | undefined
  readonly source: LotSource
  readonly category?: LotCategory | undefined
  readonly name: string
  readonly effectiveAt?: Date | undefined
  readonly expiry?: LotExpiry
  /** Lower burns first; 0 unless given. */
  readonly priority?: number | undefined
  /** The actions that it may pay for; all unless given. */
  readonly scope?: readonly string[] | undefined
  readonly repaysDebt?: boolean | undefined
  readonly lateReturnDays?: number | undefined
  readonly paid?: Money | undefined
  readonly metadata?: GrantOperation['metadata']
}

export interface AdjustRequest<Unit extends string = string> extends Keyed {
  readonly customer: string
  readonly unit?: Unit | undefined
  /** Signed, in millionths, not zero. */
  readonly credits: Credits
  readonly reason: string
  /** Who did it. */
  readonly actor: string
}

export interface RevokeRequest extends Keyed {
  readonly lot: IdInWallet
  /** All that can be unless given. */
  readonly credits?: Credits | undefined
  readonly spent?: RevokeOperation['spent']
  readonly reason?: string | undefined
}

export interface LotRequest extends Keyed {
  readonly lot: IdInWallet
  readonly reason?: string | undefined
}

export interface BalanceRequest<Unit extends string = string> {
  readonly customer: string
  readonly unit?: Unit | undefined
}

export interface EntriesRequest<Unit extends string = string> extends BalanceRequest<Unit>, EntriesFilter {
  readonly limit: number
  /** The page starts after the entry of this number. */
  readonly before?: bigint | undefined
}

export interface LotsRequest<Unit extends string = string> extends BalanceRequest<Unit>, LotsPage {}

export type QuoteRequest<Action extends string = string, Unit extends string = string> = Spending<
  Action,
  Unit
> & { readonly customer: string }

/** A write that is committed, and whose wallet it was. */
export interface Done {
  readonly walletId: Uuid
  readonly owner: WalletOwner
  readonly receipt: Receipt
}

export interface Granted extends Done {
  /** As it was granted. */
  readonly lot: LotView
}

/** The wallet that was looked at. */
export interface InWallet {
  readonly walletId: Uuid
  readonly owner: WalletOwner
}

/** One of a batch. Each succeeds or is refused by itself. */
export type BatchRequest =
  | ({ readonly op: 'charge' } & SpendRequest)
  | ({ readonly op: 'hold' } & HoldRequest)
  | ({ readonly op: 'capture' } & CaptureRequest)
  | ({ readonly op: 'release' } & ReleaseRequest)
  | ({ readonly op: 'checkpoint' } & CheckpointRequest)
  | ({ readonly op: 'extend' } & ExtendRequest)
  | ({ readonly op: 'refund' } & RefundRequest)
  | ({ readonly op: 'grant' } & GrantRequest)
  | ({ readonly op: 'adjust' } & AdjustRequest)

export type BatchOutcome =
  | { readonly ok: true; readonly done: Done | Granted }
  | { readonly ok: false; readonly error: unknown }

/** What the routes ask of the engine. Refusals are those of the ledger, of the catalog, and nobody else's. */
export interface LedgerRequests {
  charge(request: SpendRequest): Promise<Done>
  hold(request: HoldRequest): Promise<Done>
  capture(request: CaptureRequest): Promise<Done>
  release(request: ReleaseRequest): Promise<Done>
  checkpoint(request: CheckpointRequest): Promise<Done>
  extend(request: ExtendRequest): Promise<Done>
  getHold(hold: IdInWallet): Promise<HoldView>
  getLot(lot: IdInWallet): Promise<OwnedLotView>
  refund(request: RefundRequest): Promise<Done>
  grant(request: GrantRequest): Promise<Granted>
  adjust(request: AdjustRequest): Promise<Done>
  revoke(request: RevokeRequest): Promise<Done>
  freeze(request: LotRequest): Promise<Done>
  unfreeze(request: LotRequest): Promise<Done>
  expire(request: LotRequest): Promise<Done>
  /**
   * Many at once, answered in their order: each as if it had been sent alone, and most in one commit. On one wallet they happen in their order.
   */
  batch(requests: readonly BatchRequest[]): Promise<BatchOutcome[]>
  balance(request: BalanceRequest): Promise<BalanceView & InWallet>
  balanceAt(request: BalanceRequest & { readonly at: Date }): Promise<PastBalance & InWallet>
  quote(request: QuoteRequest): Promise<
    Quote &
      InWallet & {
        readonly action: string | undefined
        /** With the pack that helps. */
        readonly refusal: Refusal | undefined
      }
  >
  lots(request: LotsRequest): Promise<PageOfLots & InWallet>
  entries(request: EntriesRequest): Promise<PageOfEntries & InWallet>
  verify(): Promise<Verification>
}
