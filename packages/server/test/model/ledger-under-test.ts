import type { Balance, HoldView, Operation, Outcome } from './naive-types.ts'
import type { Entry } from './naive-wallet.ts'

/** A ledger that is held against the naive one. It answers in the naive one's words: its ids, its codes. */
export interface LedgerUnderTest {
  /** All in one transaction, at this time of the database's clock. */
  apply(operations: readonly Operation[], clock: Date): Promise<readonly Outcome[]>
  /** As a reader sees it: settled, and nothing written. */
  balance(wallet: string, clock: Date): Promise<Balance>
  hold(wallet: string, hold: string, clock: Date): Promise<HoldView | undefined>
  /** A wallet's journal, whose numbers have no gap. */
  entries(wallet: string): Promise<readonly Entry[]>
}
