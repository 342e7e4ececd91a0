import type { Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import { Fault } from '../kernel/refusal.ts'
import type { Clock, Database } from './database.ts'
import { asDatabaseFault } from './faults.ts'
import { migrationProvider, newestMigration } from './migrations/index.ts'
import { openPglite } from './pglite.ts'
import { openPostgres } from './postgres.ts'
import type { Tables } from './tables.ts'

export type DatabaseOptions = (
  | { readonly url: string }
  | { readonly dataDir: string | undefined; readonly snapshot?: Blob | undefined }
) & {
  readonly clock?: Clock | undefined
  readonly onConnectionError?: (error: Error) => void
}

/**
 * Opens Postgres (`url`) or an embedded PGlite (`dataDir`) and brings its tables up to date. Several starters may do so at once.
 *
 * @throws directoryInUse when another process has the folder open
 * @throws Fault database_newer when the database was migrated by a newer Tallystick
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const database = await openAsItIs(options)
  try {
    if (!isMigrated(options)) await migrate(database.kysely)
  } catch (error) {
    await database.close()
    throw error
  }
  return database
}

/** @throws directoryInUse when another process has the folder open */
export async function openAsItIs(
  options: DatabaseOptions,
): Promise<Database & { readonly kysely: Kysely<Tables> }> {
  const { clock, onConnectionError = () => {} } = options
  return 'url' in options
    ? openPostgres({ url: options.url, clock, onConnectionError })
    : openPglite({ dataDir: options.dataDir, snapshot: options.snapshot, clock })
}

/** Looking costs a fresh process 0.25 s, half as much again as opening the snapshot. */
function isMigrated(options: DatabaseOptions): boolean {
  return 'dataDir' in options && options.dataDir === undefined && options.snapshot !== undefined
}

/**
 * Brings the tables up to date.
 *
 * @throws Fault database_newer, migration_failed
 */
export async function migrate(kysely: Kysely<Tables>): Promise<void> {
  const migrator = new Migrator({ db: kysely, provider: migrationProvider })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw migrationFault(error)
}

function migrationFault(cause: unknown): unknown {
  const fault = asDatabaseFault(cause)
  if (fault instanceof Fault) return fault
  const message = cause instanceof Error ? cause.message : String(cause)
  if (message.includes('corrupted migrations')) return databaseNewer(cause)
  return new Fault('migration_failed', `The database could not be brought up to date: ${message}`, {
    retryable: false,
    cause,
  })
}

export function databaseNewer(cause?: unknown): Fault {
  return new Fault(
    'database_newer',
    `The database is newer than this Tallystick, which knows migrations up to ${newestMigration}. Install the newer version.`,
    { retryable: false, cause },
  )
}
