import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { Clock, Database, LaneConnection, Session } from './database.ts'
import { decoders } from './decode.ts'
import { asDatabaseFault } from './faults.ts'
import { transactionsOver } from './kysely-transactions.ts'
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

export function openPostgres(options: PostgresOptions): Database & { readonly kysely: Kysely<Tables> } {
  const pool = new pg.Pool({ connectionString: options.url, max: options.poolSizeMax ?? 10, types })
  pool.on('error', options.onConnectionError)
  // The pool listens to idle connections only: one that breaks while it is in use would end the process.
  pool.on('connect', (client) => client.on('error', options.onConnectionError))
  const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  const { clock } = options
  return {
    driver: 'postgres',
    clock,
    kysely,
    jobs: { connectionString: options.url },
    transaction: transactionsOver(kysely, clock),
    openLane: () => Promise.resolve(postgresLane(options)),
    close: () => kysely.destroy(),
  }
}

// Plans made while a table was still empty run two to four times slower for minutes; on a lane's statements, which touch rows by
// their keys only, these settings leave the planner no other plan than the index.
const laneSettings = '-c jit=off -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off'

/** A connection of its own, opened at need and again after it broke. */
function postgresLane(options: PostgresOptions): LaneConnection {
  let connecting: Promise<pg.Client> | undefined

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: options.url, types, options: laneSettings })
    client.on('error', (error) => {
      connecting = undefined
      options.onConnectionError(error)
    })
    client.on('end', () => {
      connecting = undefined
    })
    await client.connect()
    return client
  }

  async function connected(): Promise<pg.Client> {
    connecting ??= connect()
    try {
      return await connecting
    } catch (error) {
      connecting = undefined
      throw asDatabaseFault(error)
    }
  }

  return {
    transaction: async (work) => {
      const client = await connected()
      const session: Session = {
        run: async <Row>(statement: { name: string; text: string }, values: readonly unknown[]) => {
          const result = await client.query<Row & pg.QueryResultRow>({
            name: statement.name,
            text: statement.text,
            values: [...values],
          })
          return result.rows
        },
      }
      try {
        await client.query('begin')
        const answer = await work(session)
        await client.query('commit')
        return answer
      } catch (error) {
        // A connection that cannot even roll back is thrown away; the next transaction opens another.
        await client.query('rollback').catch(async () => {
          connecting = undefined
          await client.end().catch(() => {})
        })
        throw asDatabaseFault(error)
      }
    },
    close: async () => {
      const client = await connecting?.catch(() => undefined)
      connecting = undefined
      await client?.end()
    },
  }
}
