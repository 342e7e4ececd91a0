import type { Operation, Outcome } from './operations.ts'

/** Is told what the ledger did, once a batch: for metrics. It must be quick, and must not throw. */
export interface LedgerObserver {
  /** After the commit. An outcome for each operation. */
  committed(operations: readonly Operation[], outcomes: readonly Outcome[], ms: number): void
  /** An operation found the queue full. */
  overloaded(): void
  /** A slice of the ledger was recomputed. */
  verified(slice: { readonly wallets: bigint; readonly differences: readonly unknown[] }): void
  /** When the last recomputation of the whole ledger ended, by whichever process. */
  verifiedWhole(at: Date): void
}
