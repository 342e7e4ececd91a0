import { statfsSync } from 'node:fs'
import { totalmem } from 'node:os'
import pg from 'pg'
import { startPostgres } from '../tools/postgres/start-postgres.ts'
import { parentOf } from './cpu.ts'

/** The one server on which every way is measured, each in a database of its own. */
export interface BenchPostgres {
  /** Its first process; undefined where the system does not tell. */
  readonly postmaster: number | undefined
  /** As the server itself says them. */
  readonly settings: Readonly<Record<string, string>>
  /** Whether its folder is in memory, where syncing to disk costs nothing and proves nothing. */
  readonly isInMemory: boolean
  createDatabase(name: string): Promise<string>
  /** Writes out what is in memory, so that no checkpoint falls into what follows. */
  checkpoint(): Promise<void>
  /** Bytes of write-ahead log since the server was made. */
  walBytes(): Promise<number>
  stop(): Promise<void>
}

const mib = 1024 ** 2

/** The same for every way. */
function settings(): Record<string, string> {
  const quarter = Math.floor(totalmem() / 4 / mib)
  return {
    shared_buffers: `${Math.min(quarter, 2048)}MB`,
    // No checkpoint but the ones that are asked for between measurements; old log files are used again, as they are on a server that has run for long.
    checkpoint_timeout: '1d',
    max_wal_size: '32GB',
    min_wal_size: '2GB',
    jit: 'off',
  }
}

const shown = [
  'server_version',
  'fsync',
  'synchronous_commit',
  'wal_sync_method',
  'full_page_writes',
  'wal_compression',
  'shared_buffers',
  'max_wal_size',
  'checkpoint_timeout',
  'autovacuum',
  'jit',
]

export async function startBenchPostgres(): Promise<BenchPostgres> {
  const server = await startPostgres({ settings: settings() })
  const admin = new pg.Client({ connectionString: server.url })
  await admin.connect()

  async function ask<Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> {
    const { rows } = await admin.query<Row>(sql, values)
    return rows
  }

  const compressions = await ask(
    `select from pg_settings where name = 'wal_compression' and 'lz4' = any (enumvals)`,
  )
  if (compressions.length > 0) {
    await ask('alter system set wal_compression = lz4')
    await ask('select pg_reload_conf()')
  }
  const [own] = await ask<{ pid: number; folder: string }>(
    `select pg_backend_pid() as pid, current_setting('data_directory') as folder`,
  )
  if (own === undefined) throw new Error('Postgres did not say where it is.')
  const settled = await ask<{ name: string; value: string }>(
    'select name, current_setting(name) as value from unnest($1::text[]) as asked (name)',
    [shown],
  )
  return {
    postmaster: parentOf(own.pid),
    settings: Object.fromEntries(settled.map(({ name, value }) => [name, value])),
    isInMemory: isInMemory(own.folder),
    createDatabase: async (name) => {
      await ask(`create database ${pg.escapeIdentifier(name)}`)
      const database = new URL(server.url)
      database.pathname = `/${name}`
      return database.href
    },
    checkpoint: async () => {
      await ask('checkpoint')
    },
    walBytes: async () => {
      const [row] = await ask<{ bytes: string }>(`select pg_current_wal_insert_lsn() - '0/0' as bytes`)
      return Number(row?.bytes)
    },
    stop: async () => {
      await admin.end()
      await server.stop()
    },
  }
}

/** Bytes of a database's own tables, with their indexes. Other schemas (those of the job queue) are not counted. */
export async function tableBytes(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ bytes: string }>(
      `select sum(pg_total_relation_size(oid)) as bytes from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
    )
    return Number(rows[0]?.bytes)
  } finally {
    await client.end()
  }
}

/** Linux's mark of tmpfs. */
const tmpfs = 0x01021994

function isInMemory(folder: string): boolean {
  return process.platform === 'linux' && statfsSync(folder).type === tmpfs
}
