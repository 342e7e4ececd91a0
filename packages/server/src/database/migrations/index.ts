import type { Migration, MigrationProvider } from 'kysely/migration'
import * as initial from './0001-initial.ts'
import * as ledgerDepth from './0002-ledger-depth.ts'
import * as audit from './0003-audit.ts'
import * as merges from './0004-merges.ts'
import * as payments from './0005-payments.ts'
import * as checkouts from './0007-checkouts.ts'
import * as creditGrants from './0008-credit-grants.ts'
import * as reconciliations from './0009-reconciliations.ts'
import * as replay from './0010-replay.ts'
import * as refundRequests from './0011-refund-requests.ts'
import * as watermarks from './0012-watermarks.ts'
import * as blocks from './0013-blocks.ts'
import * as notesOfLots from './0014-notes-of-lots.ts'
import * as erasedReasons from './0015-erased-reasons.ts'
import * as shortHolds from './0016-short-holds.ts'

/** In the order in which they apply. Forward only: a mistake is mended by a further migration. */
const migrations: Record<string, Migration> = {
  '0001-initial': initial,
  '0002-ledger-depth': ledgerDepth,
  '0003-audit': audit,
  '0004-merges': merges,
  '0005-payments': payments,
  '0007-checkouts': checkouts,
  '0008-credit-grants': creditGrants,
  '0009-reconciliations': reconciliations,
  '0010-replay': replay,
  '0011-refund-requests': refundRequests,
  '0012-watermarks': watermarks,
  '0013-blocks': blocks,
  '0014-notes-of-lots': notesOfLots,
  '0015-erased-reasons': erasedReasons,
  '0016-short-holds': shortHolds,
}

export const migrationProvider: MigrationProvider = { getMigrations: () => Promise.resolve(migrations) }

export const migrationNames: readonly string[] = Object.keys(migrations)

export const newestMigration = migrationNames.at(-1)
