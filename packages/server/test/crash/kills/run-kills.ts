import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { type RunningPostgres, startPostgres } from '../../../../../tools/postgres/start-postgres.ts'
import { auditEntries } from '../../audit/audit-entries.ts'
import { apiKey, type Serving, serve } from '../../support/serving.ts'
import { type Acknowledged, type Asked, type Books, checkBooks } from '../check-books.ts'
import { type Random, randomFrom } from '../random.ts'
import type { Tells, Told, Where } from './client.ts'
import { readJournal } from './journal.ts'
import type { Intent } from './load.ts'

export interface KillsOptions {
  readonly kills: number
  readonly seed: number
  /** Acknowledgements between two kills, on the average. */
  readonly acknowledgementsPerKill: number
  /** What the server runs in, beyond what it is given here. */
  readonly environment?: Readonly<Record<string, string>>
  /** Stop at the first thing that is wrong. */
  readonly untilWrong?: boolean
  readonly say: (line: string) => void
}

export interface KillsReport {
  readonly kills: number
  readonly acknowledged: number
  readonly lost: number
  readonly doubled: number
  /** Everything that is not as it should be, the lost and the doubled too. In words. */
  readonly wrong: readonly string[]
  readonly moments: Moments
}

/** Where the kills came: by what the database has of the operations that were on their way. */
export interface Moments {
  /** Operations of which there is nothing: killed before they began, or before their commit. */
  before: number
  /** Transactions that had begun to write and were cut off. */
  during: number
  /** Operations that were committed, and whose answer was lost. */
  after: number
}

const victims = ['server', 'postgres', 'both'] as const
type Victim = (typeof victims)[number]

/** A little after an acknowledgement, so that kills come at any point between two commits. */
const momentMaxMs = 60

/** A commit takes 25 ms, as on a busy disk in a cloud: so kills come into the middle of one. */
const slowDisk = { commit_delay: '25000', commit_siblings: '0' }

/** Nothing that is well takes as long. */
const patienceMs = 60_000

/** Kills the server, Postgres, or both, at random moments under load, and holds what is left against what was acknowledged. */
export async function runKills(options: KillsOptions): Promise<KillsReport> {
  const folder = mkdtempSync(join(tmpdir(), 'tallystick-kills-'))
  const postgres = await startPostgres({ settings: slowDisk })
  const run = new Run(options, folder, postgres)
  // Who ends this early ends what it started.
  const close = () => run.close()
  process.once('exit', close)
  try {
    return await run.toTheEnd()
  } finally {
    process.off('exit', close)
    run.close()
    await postgres.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

class Run {
  readonly #options: KillsOptions
  readonly #random: Random
  readonly #folder: string
  readonly #postgres: RunningPostgres
  readonly #client: ClientProcess
  readonly #moments: Moments = { before: 0, during: 0, after: 0 }
  readonly #wrong: string[] = []
  #books: Books = { lost: [], doubled: [], differences: [] }
  #server: Serving | undefined
  #nextTransaction = 0n

  constructor(options: KillsOptions, folder: string, postgres: RunningPostgres) {
    this.#options = options
    this.#folder = folder
    this.#postgres = postgres
    this.#random = randomFrom(options.seed)
    this.#client = new ClientProcess(folder, options.seed)
  }

  async toTheEnd(): Promise<KillsReport> {
    const { kills, say, untilWrong = false } = this.#options
    await this.#startServer()
    this.#nextTransaction = await this.#withDatabase(nextTransaction)
    let done = 0
    while (done < kills) {
      if (untilWrong && this.#wrong.length > 0) break
      const victim = this.#random.oneOf(victims)
      await this.#round(victim)
      done += 1
      const { before, during, after } = this.#moments
      say(
        `${done}/${kills} killed ${victim.padEnd(8)} acknowledged ${this.#client.acknowledged}, ` +
          `on their way: ${after} committed, ${before} not; ${during} transactions cut off${this.#wrong.length > 0 ? `; ${this.#wrong.length} WRONG` : ''}`,
      )
    }
    await this.#settle()
    const { lost, doubled } = this.#books
    return {
      kills: done,
      acknowledged: this.#client.acknowledged,
      lost: lost.length,
      doubled: doubled.length,
      wrong: this.#wrong,
      moments: this.#moments,
    }
  }

  close(): void {
    this.#client.close()
    void this.#server?.kill('SIGKILL')
  }

  async #round(victim: Victim): Promise<void> {
    const enough =
      this.#client.acknowledged + 1 + this.#random.below(2 * this.#options.acknowledgementsPerKill)
    const moment = this.#random.below(momentMaxMs)
    this.#client.tell({ type: 'go', ...this.#where() })
    await this.#client.hasAcknowledged(enough)
    const watcher = await connected(this.#postgres.url)
    await delay(moment)
    const { rows: open } = await watcher.query(
      'select backend_xid::text as id from pg_stat_activity where backend_xid is not null',
    )
    await this.#kill(victim)
    await watcher.end().catch(() => {})
    const unanswered = await this.#client.pause()
    if (victim !== 'server') await this.#postgres.start()
    await this.#withDatabase(async (client) => {
      await this.#lookAtMoments(
        client,
        unanswered,
        open.map(({ id }) => BigInt(id)),
      )
      await this.#check(client, false)
    })
    await Promise.all([this.#verify(), this.#restartServer(victim)])
  }

  async #kill(victim: Victim): Promise<void> {
    if (victim === 'server') await this.#server?.kill('SIGKILL')
    else if (victim === 'postgres') await this.#postgres.halt('kill')
    else await Promise.all([this.#server?.kill('SIGKILL'), this.#postgres.halt('kill')])
  }

  /** A server whose Postgres was killed must find it again by itself. */
  async #restartServer(victim: Victim): Promise<void> {
    if (victim === 'postgres' && this.#server?.isRunning() === false)
      this.#wrong.push('the server ended when its Postgres was killed')
    if (victim !== 'postgres' || this.#server?.isRunning() === false) await this.#startServer()
  }

  async #startServer(): Promise<void> {
    this.#server = await serve({
      DATABASE_URL: this.#postgres.url,
      TALLYSTICK_CONFIG: join(import.meta.dirname, 'catalog.ts'),
      ...this.#options.environment,
    })
  }

  async #settle(): Promise<void> {
    const unanswered = await this.#client.settle(this.#where())
    for (const key of unanswered) this.#wrong.push(`never answered: ${key}`)
    await this.#withDatabase((client) => this.#check(client, unanswered.length === 0))
    await this.#verify()
  }

  /** @param open the transactions that were seen at work right before the kill */
  async #lookAtMoments(
    client: Client,
    unanswered: readonly string[],
    open: readonly bigint[],
  ): Promise<void> {
    const next = await nextTransaction(client)
    const { rows } = await client.query(
      `select count(*) from generate_series($1::bigint, $2::bigint - 1) as id where pg_xact_status(id::text::xid8) = 'aborted'`,
      [this.#nextTransaction, next],
    )
    this.#nextTransaction = next
    // Of one that was cut off together with Postgres there may be nothing at all: its number is given again.
    this.#moments.during += Number(rows[0].count) + open.filter((id) => id >= next).length
    const found = await client.query('select from entries where key = any ($1)', [unanswered])
    this.#moments.after += found.rows.length
    this.#moments.before += unanswered.length - found.rows.length
  }

  async #check(client: Client, isSettled: boolean): Promise<void> {
    const query = async (sql: string) => (await client.query(sql)).rows
    this.#books = await checkBooks(query, this.#asked(isSettled))
    const { differences } = await auditEntries(query)
    this.#note(this.#books.lost.map((one) => `lost: ${one}`))
    this.#note(this.#books.doubled.map((one) => `doubled: ${one}`))
    this.#note([...this.#books.differences, ...differences])
    const wrong = readJournal<Intent & { text: string }>(join(this.#folder, 'wrong'))
    this.#note(wrong.map((one) => `answered wrongly: ${JSON.stringify(one)}`))
  }

  /** What is wrong after one kill is wrong after the next, too. */
  #note(wrong: readonly string[]): void {
    this.#wrong.push(...wrong.filter((one) => !this.#wrong.includes(one)))
  }

  #asked(isSettled: boolean): Asked {
    const read = <Entry>(name: string) => readJournal<Entry>(join(this.#folder, name))
    return {
      acknowledged: read<Acknowledged>('acknowledged'),
      keys: new Set(read<Intent>('intents').map(({ key }) => key)),
      refused: new Set(read<{ key: string }>('refused').map(({ key }) => key)),
      isSettled,
    }
  }

  /** As an operator does, from the command line. */
  async #verify(): Promise<void> {
    const main = join(import.meta.dirname, '../../../src/cli/main.ts')
    const child = spawn(process.execPath, ['--conditions=source', main, 'verify'], {
      env: { PATH: process.env['PATH'], DATABASE_URL: this.#postgres.url },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const said: string[] = []
    child.stdout.setEncoding('utf8').on('data', (text: string) => said.push(text))
    const [code] = await once(child, 'close')
    if (code !== 0) this.#note([`tallystick verify: ${said.join('')}`])
  }

  #where(): Where {
    return { url: this.#server?.url ?? '', apiKey }
  }

  /** Once nobody else is at work: a session whose client was killed first finishes what it was sent. */
  async #withDatabase<T>(use: (client: Client) => Promise<T>): Promise<T> {
    const client = await connected(this.#postgres.url)
    try {
      const busy = `select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
        and state <> 'idle'`
      while ((await client.query(busy)).rows.length > 0) await delay(2)
      return await use(client)
    } finally {
      await client.end()
    }
  }
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  return client
}

async function nextTransaction(client: Client): Promise<bigint> {
  const { rows } = await client.query('select pg_snapshot_xmax(pg_current_snapshot())::text as next')
  return BigInt(rows[0].next)
}

class ClientProcess {
  acknowledged = 0
  readonly #child: ChildProcess
  #changed = Promise.withResolvers<void>()
  #paused = Promise.withResolvers<readonly string[]>()

  constructor(folder: string, seed: number) {
    this.#child = fork(join(import.meta.dirname, 'client.ts'), [folder, String(seed)], {
      execArgv: ['--conditions=source'],
    })
    this.#child.on('message', (tells: Tells) => {
      if (tells.type === 'paused') this.#paused.resolve(tells.unanswered)
      else this.acknowledged = tells.count
      this.#changed.resolve()
      this.#changed = Promise.withResolvers()
    })
  }

  tell(told: Told): void {
    this.#child.send(told)
  }

  async hasAcknowledged(count: number): Promise<void> {
    const deadline = AbortSignal.timeout(patienceMs)
    const late = once(deadline, 'abort').then(() => {
      throw new Error(`The server answered nothing for ${patienceMs / 1000} s.`)
    })
    while (this.acknowledged < count) await Promise.race([this.#changed.promise, late])
    late.catch(() => {})
  }

  /** The keys of what was sent and not answered, once nothing is on its way any more. */
  async pause(): Promise<readonly string[]> {
    this.#paused = Promise.withResolvers()
    this.tell({ type: 'pause' })
    return this.#paused.promise
  }

  async settle(where: Where): Promise<readonly string[]> {
    this.#paused = Promise.withResolvers()
    this.tell({ type: 'settle', ...where })
    return this.#paused.promise
  }

  close(): void {
    this.#child.kill()
  }
}
