import { PGlite } from '@electric-sql/pglite'
import { Kysely, PGliteDialect } from 'kysely'
import { fromPglite } from 'pg-boss'
import type { Clock, Database, LaneConnection } from './database.ts'
import { decoders } from './decode.ts'
import { lockDirectory } from './directory-lock.ts'
import { beginFolder, databaseIn } from './folder-in-making.ts'
import { inTurn, transactionsOver } from './kysely-transactions.ts'
import { SyncedFileSystem } from './synced-file-system.ts'
import type { Tables } from './tables.ts'

export interface PgliteOptions {
  /** The folder, made when missing; undefined for a database in memory, which no crash survives: for tests. */
  readonly dataDir: string | undefined
  readonly clock?: Clock | undefined
  /** Called for each sync of a file to disk. */
  readonly onSync?: (() => void) | undefined
  /** For a database in memory: what it starts from, `migratedSnapshot()`. */
  readonly snapshot?: Blob | undefined
}

// As shipped PGlite starts Postgres with -F (no fsync). `fsync` is the one sync method that reaches the file system's callback.
const durableStartParams = [
  ...PGlite.defaultStartParams.filter((parameter) => parameter !== '-F'),
  '-c',
  'wal_sync_method=fsync',
]

// Its files are in memory already: the usual 128 MB of buffers would only be cleared at each start, for 0.1 s.
const memoryStartParams = [...PGlite.defaultStartParams, '-c', 'shared_buffers=4MB']

/**
 * PGlite as a `Database`.
 *
 * @throws directoryInUse when another process has the folder open
 */
export async function openPglite(
  options: PgliteOptions,
): Promise<Database & { readonly pglite: PGlite; readonly kysely: Kysely<Tables> }> {
  const { dataDir, snapshot, clock } = options
  if (dataDir === undefined) {
    const storage = snapshot === undefined ? {} : { loadDataDir: snapshot }
    const pglite = await PGlite.create({ startParams: memoryStartParams, ...storage, parsers: decoders })
    return pgliteDatabase(pglite, clock, () => Promise.resolve())
  }
  const lock = await lockDirectory(dataDir)
  try {
    return pgliteDatabase(await openFolder(dataDir, options), clock, () => lock.release())
  } catch (error) {
    await lock.release()
    throw error
  }
}

async function openFolder(dataDir: string, { onSync }: PgliteOptions): Promise<PGlite> {
  const directory = databaseIn(dataDir)
  const making = beginFolder(dataDir, directory)
  const pglite = await PGlite.create({
    fs: new SyncedFileSystem(directory, onSync),
    startParams: durableStartParams,
    parsers: decoders,
  })
  making?.finish()
  return pglite
}

function pgliteDatabase(
  pglite: PGlite,
  clock: Clock | undefined,
  onClosed: () => Promise<void>,
): Database & { pglite: PGlite; kysely: Kysely<Tables> } {
  const kysely = new Kysely<Tables>({ dialect: new PGliteDialect({ pglite }) })
  const transactions = transactionsOver(kysely, clock)
  return {
    driver: 'pglite',
    clock,
    jobs: { db: fromPglite(withNumbers(pglite)), backend: 'pglite' },
    pglite,
    kysely,
    ...transactions,
    slowSnapshot: transactions.snapshot,
    openLane: () => Promise.resolve(pgliteLane(pglite)),
    close: async () => {
      await kysely.destroy()
      await onClosed()
    },
  }
}

/** pg-boss reads its counts as numbers. */
function withNumbers(pglite: PGlite): Parameters<typeof fromPglite>[0] {
  const options = { parsers: { 20: Number } }
  return {
    query: (text, values) => pglite.query(text, values, options),
    exec: (text) => pglite.exec(text, options),
  }
}

/** A lane shares PGlite's one connection; its transactions take turns with everybody's. */
function pgliteLane(pglite: PGlite): LaneConnection {
  return {
    transaction: (work) =>
      pglite.transaction(async (tx) => {
        const session = inTurn(async <Row>(statement: { text: string }, values: readonly unknown[]) => {
          const result = await tx.query<Row>(statement.text, [...values])
          return result.rows
        })
        const { writes, answer } = await work(session)
        await session.runAll(writes)
        return answer
      }),
    close: () => Promise.resolve(),
  }
}
