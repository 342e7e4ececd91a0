import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Fault, refusal } from '../kernel/refusal.ts'

export const directoryInUse = refusal({
  code: 'data_directory_in_use',
  status: 503,
  title: 'The data folder is in use',
  detail: (facts: { directory: string }) =>
    `Another process has ${facts.directory} open. Stop it, or give this one a folder of its own with --data DIR, or use Postgres (DATABASE_URL) where several processes share one ledger.`,
  help: 'The embedded database belongs to one process at a time: two would corrupt it. Look for another `tallystick dev` or `npm start`.',
})

export interface DirectoryLock {
  release(): Promise<void>
}

/** What nobody refers to is collected, and closed: a lock must not be lost because its holder was forgotten. */
const heldFiles = new Set<DatabaseSync>()

/** SQLite's result code for a file that somebody else has locked. */
const sqliteBusy = 5

/**
 * Holds a folder for this process, by SQLite's exclusive lock on a file in it: the kernel ends that with the process, however it
 * dies, and gives it to one at a time. A file with a process id lies after a SIGKILL; a socket has to be removed before it can be
 * had again, and of several starters each would remove the other's.
 *
 * @throws directoryInUse when a living process holds it
 * @throws Fault data_directory_wrong when there can be no such folder, or it may not be written
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  await makeFolder(directory)
  const file = new DatabaseSync(join(directory, 'lock.sqlite'))
  try {
    // In this mode a lock that was had once is kept until the file is closed.
    file.exec('pragma locking_mode = exclusive; begin exclusive; commit')
  } catch (error) {
    file.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy)
      throw directoryInUse({ directory })
    throw error
  }
  heldFiles.add(file)
  return {
    release: () => {
      heldFiles.delete(file)
      file.close()
      return Promise.resolve()
    },
  }
}

async function makeFolder(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true })
  } catch (error) {
    throw asFolderFault(directory, error)
  }
}

function asFolderFault(directory: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const reason = typeof code === 'string' ? reasons[code] : undefined
  if (reason === undefined) return error
  const message = `The data folder ${directory} cannot be made: ${reason} Give another folder with --data DIR (TALLYSTICK_DATA).`
  return new Fault('data_directory_wrong', message, { retryable: false, cause: error })
}

const reasons: Readonly<Record<string, string>> = {
  ENOTDIR: 'a file is where a folder would have to be.',
  EEXIST: 'a file is where a folder would have to be.',
  EACCES: 'this user may not write there.',
  EPERM: 'this user may not write there.',
  EROFS: 'the disk can only be read.',
  ENOSPC: 'the disk is full.',
}
