import type { Spending } from '../catalog/price-spending.ts'
import type { Credits } from '../kernel/credits.ts'
import type { IdInWallet, Uuid, WalletOwner } from '../kernel/ids.ts'
import type { EntriesCursor, PageOfEntries } from './list-entries.ts'
import type { LotSource, Receipt } from './operations.ts'
import type { BalanceView, HoldView, LotView } from './read-wallet.ts'
import type { Verification } from './verify.ts'

/** Under which a write happens once, however often it is asked for. */
interface Keyed {
  /** 1 to 255 characters, best a UUID. */
  readonly idempotencyKey: string
}

export type SpendRequest<Action extends string = string, Unit extends string = string> = Keyed &
  Spending<Action, Unit> & {
    readonly customer: string
    readonly description?: string | undefined
  }

export type HoldRequest<Action extends string = string, Unit extends string = string> = SpendRequest<
  Action,
  Unit
> & {
  /** 300 unless given. */
  readonly expiresInSeconds?: number | undefined
}

export interface CaptureRequest extends Keyed {
  readonly hold: IdInWallet
  /** All that was held unless given. */
  readonly credits?: Credits | undefined
}

export interface ReleaseRequest extends Keyed {
  readonly hold: IdInWallet
}

export interface GrantRequest<Unit extends string = string> extends Keyed {
  readonly customer: string
  readonly credits: Credits
  readonly unit?: Unit | undefined
  readonly source: LotSource
  readonly name: string
  readonly effectiveAt?: Date | undefined
  readonly expiresAt?: Date | undefined
  /** Lower burns first; 0 unless given. */
  readonly priority?: number | undefined
}

export interface BalanceRequest<Unit extends string = string> {
  readonly customer: string
  readonly unit?: Unit | undefined
}

export interface EntriesRequest<Unit extends string = string> extends BalanceRequest<Unit> {
  readonly limit: number
  readonly before?: EntriesCursor | undefined
}

/** A write that is committed, and whose wallet it was. */
export interface Done {
  readonly walletId: Uuid
  readonly owner: WalletOwner
  readonly receipt: Receipt
}

export interface Granted extends Done {
  readonly lot: LotView
}

/** What the routes ask of the engine. Refusals are those of the ledger, of the catalog, and nobody else's. */
export interface LedgerRequests {
  charge(request: SpendRequest): Promise<Done>
  hold(request: HoldRequest): Promise<Done>
  capture(request: CaptureRequest): Promise<Done>
  release(request: ReleaseRequest): Promise<Done>
  getHold(hold: IdInWallet): Promise<HoldView>
  grant(request: GrantRequest): Promise<Granted>
  balance(
    request: BalanceRequest,
  ): Promise<BalanceView & { readonly owner: WalletOwner; readonly walletId: Uuid }>
  entries(request: EntriesRequest): Promise<PageOfEntries & { readonly walletId: Uuid }>
  verify(): Promise<Verification>
}
