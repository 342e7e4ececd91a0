import type { Clock } from '../database/database.ts'
import type { NewId } from '../kernel/ids.ts'

/** What the ledger takes from outside. */
export interface LedgerContext {
  readonly newId: NewId
  /** A test's clock, in place of the database's. */
  readonly clock: Clock | undefined
}
