import type { Fault } from '../../../../tools/sabotage.ts'

const lanes = 'packages/server/src/ledger/lanes.ts'
const draft = 'packages/server/src/ledger/draft.ts'
const write = 'packages/server/src/ledger/write.ts'
const ledger = 'packages/server/src/ledger/ledger.ts'
const postgres = 'packages/server/src/database/postgres.ts'
const pglite = 'packages/server/src/database/pglite.ts'
const synced = 'packages/server/src/database/synced-file-system.ts'
const making = 'packages/server/src/database/folder-in-making.ts'
const firstTables = 'packages/server/src/database/migrations/0002-ledger-depth.ts'

/** What kills must find. */
export const faultsForKills: readonly Fault[] = [
  {
    name: 'a batch is answered before it is written',
    edits: [
      {
        file: lanes,
        find: 'async function commit(connection: LaneConnection, operations: readonly Operation[]): Promise<Outcome[]> {',
        replace:
          'async function commit(connection: LaneConnection, operations: readonly Operation[], answer: (outcomes: Outcome[]) => void): Promise<Outcome[]> {',
      },
      {
        file: lanes,
        find: 'return { answer: outcomes, writes }',
        replace: 'answer(outcomes); return { answer: outcomes, writes }',
      },
      {
        file: lanes,
        find: 'outcomes = await commit(connection, operations)',
        replace: `outcomes = await commit(connection, operations,
          (decided) => decided.forEach((outcome, index) => { if (outcome.ok) batch[index]?.resolve(outcome.receipt) }))`,
      },
    ],
  },
  {
    name: 'the commit is not waited for',
    edits: [
      {
        file: postgres,
        find: 'await transaction.commit(writes)',
        replace: 'void transaction.commit(writes).catch(() => {})',
      },
    ],
  },
  {
    name: 'a batch whose commit failed is answered all the same',
    edits: [
      {
        file: postgres,
        find: 'await transaction.commit(writes)',
        replace: 'await transaction.commit(writes).catch(() => {})',
      },
    ],
  },
  {
    name: 'a lane commits without waiting for the disk (synchronous_commit = off)',
    edits: [{ file: postgres, find: '-c jit=off', replace: '-c jit=off -c synchronous_commit=off' }],
  },
  {
    name: 'what a batch writes last is committed by itself, a little later',
    edits: [
      {
        file: postgres,
        find: 'await runAll([...writes, commit])',
        replace: `await runAll([...writes.slice(0, -1), commit])
      await new Promise((resolve) => setTimeout(resolve, 5))
      await runAll([begin, ...writes.slice(-1), commit])`,
      },
    ],
  },
  {
    name: 'nobody looks whether a key is bound',
    edits: [
      {
        file: draft,
        find: 'if (before !== undefined) return replay(operation.key, before)',
        replace: '',
      },
    ],
  },
  {
    name: 'a key is not written down with what it did',
    edits: [
      { file: write, find: 'uuids(rows, ({ row }) => row.bound?.key.id),', replace: "'{}'," },
      { file: write, find: 'bigints(rows, ({ row }) => row.bound?.key.fingerprint),', replace: "'{}'," },
      { file: write, find: 'bigints(rows, (row) => after(row)?.available),', replace: "'{}'," },
    ],
  },
  {
    name: 'the server asks again by itself, under a new key',
    edits: [
      {
        file: ledger,
        find: 'return lanes.submit(operation)',
        replace: `const again = async (): Promise<Receipt> => {
          await new Promise((resolve) => setTimeout(resolve, 50))
          return lanes.submit({ ...operation, key: { ...operation.key, id: crypto.randomUUID() } }).catch(again)
        }
        return lanes.submit(operation).catch((error) => { if (error?.retryable) return again(); throw error })`,
      },
    ],
  },
  {
    name: 'the journal is an unlogged table',
    edits: [
      { file: firstTables, find: 'create table entries (', replace: 'create unlogged table entries (' },
    ],
  },
]

/** What power cuts must find. */
export const faultsForPowerCuts: readonly Fault[] = [
  {
    name: 'a sync of Postgres reaches no file (PGlite as shipped)',
    edits: [{ file: synced, find: 'nodeStreams(module).fsync = syncStream', replace: '' }],
  },
  {
    name: 'PGlite is started with -F',
    edits: [{ file: pglite, find: "parameter !== '-F'", replace: 'parameter !== undefined' }],
  },
  {
    name: 'a sync method that PGlite does not pass on',
    edits: [{ file: pglite, find: "'wal_sync_method=fsync'", replace: "'wal_sync_method=open_datasync'" }],
  },
  {
    name: 'PGlite commits without waiting for the disk (synchronous_commit = off)',
    edits: [{ file: pglite, find: "'wal_sync_method=fsync'", replace: "'synchronous_commit=off'" }],
  },
  {
    name: 'pages are not logged whole (full_page_writes = off)',
    edits: [
      {
        file: pglite,
        find: "'wal_sync_method=fsync'",
        replace: "'wal_sync_method=fsync', '-c', 'full_page_writes=off'",
      },
    ],
  },
  {
    name: 'only every other sync is made',
    edits: [
      {
        file: synced,
        find: 'else fdatasyncSync(nfd)',
        replace: 'else if ((globalThis.skipped = !globalThis.skipped)) fdatasyncSync(nfd)',
      },
    ],
  },
  {
    name: 'the files of a new database are not synced',
    edits: [{ file: making, find: 'syncFolder(database)', replace: '' }],
  },
  {
    name: 'a database whose making was cut off is opened as if it were whole',
    edits: [
      { file: making, find: 'if (existsSync(mark)) rmSync(', replace: 'if (!existsSync(dataDir)) rmSync(' },
    ],
  },
]
