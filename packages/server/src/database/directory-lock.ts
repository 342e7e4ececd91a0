import { createHash } from 'node:crypto'
import { mkdir, realpath, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { refusal } from '../kernel/refusal.ts'

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

/** Unix sockets' paths end at 107 bytes on Linux and at 103 on a Mac. */
const socketPathBytesMax = 100

/**
 * Holds a folder for this process, by listening on a Unix socket in it: the kernel ends that with the process, however it
 * dies, where a file with a process id lies after a SIGKILL.
 *
 * @throws directoryInUse when a living process holds it
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  await mkdir(directory, { recursive: true })
  const socketPath = await socketPathFor(directory)
  // The second try is for the socket file that a killed process left; the third for a race of two starters over it.
  for (let tries = 0; tries < 3; tries += 1) {
    const server = await listen(socketPath)
    if (server !== undefined)
      return { release: () => new Promise((resolve) => void server.close(() => resolve())) }
    if (await answers(socketPath)) break
    await rm(socketPath, { force: true })
  }
  throw directoryInUse({ directory })
}

async function socketPathFor(directory: string): Promise<string> {
  const inside = join(await realpath(directory), 'lock.sock')
  if (Buffer.byteLength(inside) <= socketPathBytesMax) return inside
  return join(tmpdir(), `tallystick-${createHash('sha256').update(inside).digest('hex').slice(0, 24)}.sock`)
}

function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    )
    server.listen(path, () => resolve(server))
    server.unref()
  })
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
