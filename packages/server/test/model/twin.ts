import type { LedgerUnderTest } from './ledger-under-test.ts'
import { NaiveLedger } from './naive-ledger.ts'

/** The naive ledger held against itself: what is left is what the histories look like. */
export function naiveTwin(): LedgerUnderTest {
  const ledger = new NaiveLedger()
  return {
    apply: async (operations, clock) => ledger.apply(operations, clock),
    balance: async (wallet, clock) => ledger.balance(wallet, clock),
    hold: async (wallet, id, clock) => ledger.holds(wallet, clock).find((hold) => hold.id === id),
    entries: async (wallet) => ledger.entries(wallet),
  }
}
