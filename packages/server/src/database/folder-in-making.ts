import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { syncFolder, syncNames } from './sync-folder.ts'

/** As long as this file lies beside a database, nothing in it was ever acknowledged. */
export const makingMark = 'database-being-made'

export interface FolderInMaking {
  /** The database is there: brings all of it to disk, and takes the mark away. */
  finish(): void
}

/** Whether a folder has a database that was once made whole. */
export function isDatabaseMade(dataDir: string): boolean {
  return existsSync(join(databaseIn(dataDir), 'PG_VERSION')) && !existsSync(join(dataDir, makingMark))
}

/** Where in a data folder PGlite keeps its files. */
export function databaseIn(dataDir: string): string {
  return join(dataDir, 'postgres')
}

/**
 * A new database is a thousand files, which PGlite writes without ever syncing them: a process that was killed meanwhile, or power that
 * failed soon after, would leave a part of them, which starts never again. So a mark on disk stands before the first and goes after the last;
 * what is found with a mark is thrown away, and made anew.
 *
 * @returns undefined for a database that was made before
 */
export function beginFolder(dataDir: string, database: string): FolderInMaking | undefined {
  const mark = join(dataDir, makingMark)
  if (existsSync(mark)) rmSync(database, { recursive: true, force: true })
  if (existsSync(join(database, 'PG_VERSION'))) return undefined
  writeFileSync(mark, '', { flush: true })
  syncNames(dataDir)
  return {
    finish: () => {
      syncFolder(database)
      rmSync(mark)
      syncNames(dataDir)
    },
  }
}
