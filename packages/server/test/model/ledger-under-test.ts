import type { Balance, HoldView, Operation, Outcome } from './naive-types.ts'
import type { Entry } from './naive-wallet.ts'

/** What was answered: in the naive ledger's words (its ids, its codes), and whole, for it is answered again when its key is. */
export interface Answer {
  readonly outcome: Outcome
  readonly whole: unknown
}

/** A ledger that is held against the naive one. */
export interface LedgerUnderTest {
  /** All in one transaction, at this time of the database's clock. */
  apply(operations: readonly Operation[], clock: Date): Promise<readonly Answer[]>
  /** As a reader sees it: settled, and nothing written. */
  balance(wallet: string, clock: Date): Promise<Balance>
  hold(wallet: string, hold: string, clock: Date): Promise<HoldView | undefined>
  /** A wallet's journal as written. Of a note there is a number and no entry. */
  journal(
    wallet: string,
  ): Promise<{ readonly numbers: readonly bigint[]; readonly entries: readonly Entry[] }>
  /** How many of a wallet's lots are kept outside of its row. */
  waitingLots(wallet: string): Promise<number>
  /** By its own account: sums that it stores and that its entries do not add up to. */
  differences(): Promise<readonly { readonly wallet: string; readonly what: string }[]>
}
