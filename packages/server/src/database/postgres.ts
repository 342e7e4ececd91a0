import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { Clock, Database, LaneConnection, Request, Session } from './database.ts'
import { decoders } from './decode.ts'
import { asDatabaseFault, closedFault } from './faults.ts'
import { transactionsOver } from './kysely-transactions.ts'
import { Pipeline } from './pipeline.ts'
import type { Tables } from './tables.ts'

export interface PostgresOptions {
  readonly url: string
  readonly clock?: Clock | undefined
  /** Connections for everything but the lanes, which have their own. */
  readonly poolSizeMax?: number | undefined
  /** Called when an idle connection breaks; the pool opens another. */
  readonly onConnectionError: (error: Error) => void
}

const types = new pg.TypeOverrides()
for (const [oid, decode] of Object.entries(decoders)) types.setTypeParser(Number(oid), decode)

export function openPostgres(options: PostgresOptions): Database & {
  /** For migrations: it is patient. */
  readonly kysely: Kysely<Tables>
} {
  const quickKysely = kyselyOver(options, { ...patience, max: options.poolSizeMax ?? 10 })
  // It connects when it is first used, and leaves after ten seconds without use.
  const slowKysely = kyselyOver(options, { ...patience, query_timeout: slowTimeoutMs, max: 1 })
  const { clock } = options
  return {
    driver: 'postgres',
    clock,
    kysely: slowKysely,
    jobs: { connectionString: options.url },
    ...transactionsOver(quickKysely, clock),
    slowSnapshot: transactionsOver(slowKysely, clock).snapshot,
    openLane: () => Promise.resolve(postgresLane(options)),
    close: async () => {
      await Promise.all([quickKysely.destroy(), slowKysely.destroy()])
    },
  }
}

function kyselyOver(options: PostgresOptions, settings: pg.PoolConfig): Kysely<Tables> {
  const pool = new pg.Pool({ connectionString: options.url, options: inUtc, types, ...settings })
  pool.on('error', options.onConnectionError)
  // The pool listens to idle connections only: one that breaks while it is in use would end the process.
  pool.on('connect', (client) => client.on('error', options.onConnectionError))
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
}

// Instants are decoded as they are written in UTC.
const inUtc = '-c TimeZone=UTC'

// A network that swallows packets says nothing for a quarter of an hour. What takes longer than this is given up, and repeated under its keys.
const patience = { connectionTimeoutMillis: 5_000, query_timeout: 15_000, keepAlive: true }

// A migration rewrites a large ledger in minutes, and a second starter waits for the first one's as long.
const slowTimeoutMs = 3_600_000

/**
 * Plans are kept, and made by what was counted when a table was still empty or every wallet had one entry: so the settings, and the way in which the
 * statements are written, leave the planner no other plan than to reach each row by its key.
 */
export const laneSettings = `${inUtc} -c jit=off -c enable_seqscan=off -c enable_bitmapscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c plan_cache_mode=force_generic_plan`

/** A connection of its own, opened at need and again after it broke. */
function postgresLane(options: PostgresOptions): LaneConnection {
  let current: { readonly client: pg.Client; readonly pipeline: Pipeline } | undefined
  let isClosed = false

  async function connected(): Promise<Pipeline> {
    if (isClosed) throw closedFault()
    if (current !== undefined) return current.pipeline
    const client = new pg.Client({
      connectionString: options.url,
      ...patience,
      types,
      options: laneSettings,
    })
    client.on('error', (error) => {
      forget(client)
      options.onConnectionError(error)
    })
    client.on('end', () => forget(client))
    await client.connect()
    const pipeline = new Pipeline(client, types)
    current = { client, pipeline }
    return pipeline
  }

  function forget(client: pg.Client): void {
    if (current?.client === client) current = undefined
  }

  return {
    transaction: async (work) => {
      let client: pg.Client | undefined
      try {
        const pipeline = await connected()
        client = current?.client
        const transaction = transactionOn(pipeline)
        const { writes, answer } = await work(transaction.session)
        await transaction.commit(writes)
        return answer
      } catch (error) {
        if (client !== undefined && !(await rolledBack(client))) {
          // Not to be waited for: a network that swallowed the query swallows the good-bye too.
          forget(client)
          void client.end().catch(() => {})
        }
        throw asDatabaseFault(error)
      }
    },
    close: async () => {
      isClosed = true
      await current?.client.end()
    },
  }
}

const begin: Request = { statement: { name: 'begin', text: 'begin' }, values: [] }
const commit: Request = { statement: { name: 'commit', text: 'commit' }, values: [] }

/** A transaction whose `begin` travels with its first requests, and whose `commit` with its last. */
function transactionOn(pipeline: Pipeline): {
  session: Session
  commit(writes: readonly Request[]): Promise<void>
} {
  let isBegun = false
  const runAll: Session['runAll'] = async (requests) => {
    if (isBegun) return pipeline.run(requests)
    isBegun = true
    const [, ...answers] = await pipeline.run([begin, ...requests])
    return answers
  }
  return {
    session: {
      runAll,
      run: async <Row>(statement: Request['statement'], values: readonly unknown[]) => {
        const [rows] = await runAll([{ statement, values }])
        return rows as Row[]
      },
    },
    commit: async (writes) => {
      await runAll([...writes, commit])
    },
  }
}

/** Whether the connection is fit for another transaction. */
async function rolledBack(client: pg.Client): Promise<boolean> {
  try {
    await client.query('rollback')
    return true
  } catch {
    return false
  }
}
