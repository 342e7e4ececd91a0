import { type Kysely, sql } from 'kysely'
import { Fault } from '../kernel/refusal.ts'
import type { Database } from './database.ts'
import { asDatabaseFault } from './faults.ts'
import { isDatabaseMade } from './folder-in-making.ts'
import { migrationNames } from './migrations/index.ts'
import { type DatabaseOptions, databaseNewer, openAsItIs } from './open-database.ts'
import type { Tables } from './tables.ts'

/**
 * Opens a database for whoever wants what is in it: makes none, and leaves its tables as they are.
 *
 * @throws directoryInUse when another process has the folder open
 * @throws Fault database_missing, database_older, database_newer
 */
export async function openExistingDatabase(options: DatabaseOptions): Promise<Database> {
  if ('dataDir' in options && options.dataDir !== undefined && !isDatabaseMade(options.dataDir))
    throw databaseMissing(`There is no database in ${options.dataDir}. Is TALLYSTICK_DATA (--data) right?`)
  const database = await openAsItIs(options)
  try {
    await expectUpToDate(database.kysely)
  } catch (error) {
    await database.close()
    throw error
  }
  return database
}

async function expectUpToDate(kysely: Kysely<Tables>): Promise<void> {
  const applied = await appliedMigrations(kysely)
  const lacking = migrationNames.filter((name) => !applied.includes(name))
  if (lacking.length === migrationNames.length)
    throw databaseMissing(
      'The database has no tables of Tallystick. Is DATABASE_URL, or TALLYSTICK_DATA (--data), right?',
    )
  if (applied.some((name) => !migrationNames.includes(name))) throw databaseNewer()
  if (lacking.length > 0)
    throw new Fault(
      'database_older',
      `The database is older than this Tallystick: it lacks ${lacking.join(', ')}. Nothing was changed. Start the server of this version, which brings it up to date, or use the version that runs on it.`,
      { retryable: false },
    )
}

/** @throws Fault database_missing, database_unavailable */
async function appliedMigrations(kysely: Kysely<Tables>): Promise<readonly string[]> {
  try {
    const { rows } = await sql<{ has_any: boolean }>`
      select to_regclass('kysely_migration') is not null as has_any`.execute(kysely)
    if (rows[0]?.has_any !== true) return []
    const applied = await sql<{ name: string }>`select name from kysely_migration`.execute(kysely)
    return applied.rows.map(({ name }) => name)
  } catch (error) {
    // SQLSTATE invalid_catalog_name
    if (error instanceof Error && 'code' in error && error.code === '3D000')
      throw databaseMissing(`There is no such database: ${error.message}. Is DATABASE_URL right?`, error)
    throw asDatabaseFault(error)
  }
}

function databaseMissing(what: string, cause?: unknown): Fault {
  return new Fault('database_missing', `${what} Nothing was made: \`tallystick serve\` makes a new one.`, {
    retryable: false,
    cause,
  })
}
