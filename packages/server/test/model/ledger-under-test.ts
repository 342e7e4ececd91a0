import type { Balance, HoldView, Operation, Outcome } from './naive-types.ts'
import type { Entry } from './naive-wallet.ts'

/** What was answered: in the naive ledger's words (its ids, its codes), and whole, for it is answered again when its key is. */
export interface Answer {
  readonly outcome: Outcome
  readonly whole: unknown
}

/** A wallet without what time did since it last changed. */
export interface Stored {
  /** Of all its entries. A note has a number and moves nothing. */
  readonly numbers: readonly bigint[]
  readonly entries: readonly Entry[]
  readonly holds: readonly HoldView[]
  /** How many of its lots are kept outside of its row. */
  readonly waitingLots: number
}

/** A ledger that is held against the naive one. */
export interface LedgerUnderTest {
  /** All in one transaction, at this time of the database's clock. */
  apply(operations: readonly Operation[], clock: Date): Promise<readonly Answer[]>
  /** As a reader sees it: settled, and nothing written. */
  balance(wallet: string, clock: Date): Promise<Balance>
  hold(wallet: string, hold: string, clock: Date): Promise<HoldView | undefined>
  /** What is stored of each of the wallets. */
  stored(wallets: readonly string[]): Promise<ReadonlyMap<string, Stored>>
  /** By its own account: sums that it stores and that its entries do not add up to. */
  differences(): Promise<readonly { readonly wallet: string; readonly what: string }[]>
}

/** A database on which ledgers are opened, each with customers of its own. */
export interface Stand {
  openLedger(): LedgerUnderTest
  close(): Promise<void>
}
