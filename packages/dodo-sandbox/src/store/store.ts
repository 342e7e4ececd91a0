import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite'
import { type Behaviour, defaultBehaviour } from '../kernel/behaviour.ts'
import { newId, type RandomBytes } from '../kernel/ids.ts'
import { migrations } from './schema.ts'

export type Row = Record<string, SQLOutputValue>

/** One unit of work. All that an operation writes through it is on disk together, or not at all. */
export interface Transaction {
  /** Read once, when the transaction began. */
  readonly now: Date
  newId(prefix: string): string
  random: RandomBytes
  /** What was chosen where Dodo documents nothing. */
  readonly behaviour: Behaviour
  /** What an event leads to, done in the transaction that made it happen. */
  follow(event: { type: string; resourceId: string }): void
  all(sql: string, ...values: SQLInputValue[]): Row[]
  get(sql: string, ...values: SQLInputValue[]): Row | undefined
  /** The number of rows that changed. */
  run(sql: string, ...values: SQLInputValue[]): number
}

/** The state: SQLite in one file, or in memory. */
export interface Store {
  /** Runs `work` and commits. Synchronous on purpose: nothing can come between what it reads and what it writes. */
  transaction<Result>(work: (tx: Transaction) => Result): Result
  close(): void
}

export interface OpenStore {
  stateFile: string | undefined
  now: () => Date
  random: RandomBytes
  behaviour?: Partial<Behaviour> | undefined
  follow?: (tx: Transaction, event: { type: string; resourceId: string }) => void
}

/**
 * Opens the state and brings its tables up to date.
 *
 * @throws when another process has the file open, or when a newer version of this program wrote it
 */
export function openStore(input: OpenStore): Store {
  if (input.stateFile !== undefined) makePrivate(input.stateFile)
  const database = new DatabaseSync(input.stateFile ?? ':memory:')
  try {
    prepareDatabase(database, input.stateFile)
  } catch (error) {
    database.close()
    if (error instanceof Error && error.message.includes('database is locked'))
      throw new Error(
        `Another process has ${input.stateFile} open. Stop it, or give this one a state file of its own.`,
        {
          cause: error,
        },
      )
    throw error
  }
  const behaviour = { ...defaultBehaviour, ...input.behaviour }
  const statements = new Map<string, StatementSync>()
  const prepare = (sql: string) => {
    const known = statements.get(sql)
    if (known) return known
    const statement = database.prepare(sql)
    statements.set(sql, statement)
    return statement
  }

  return {
    transaction(work) {
      database.exec('begin immediate')
      try {
        const tx: Transaction = {
          now: input.now(),
          newId: (prefix) => newId(prefix, input.random),
          random: input.random,
          behaviour,
          all: (sql, ...values) => prepare(sql).all(...values),
          get: (sql, ...values) => prepare(sql).get(...values),
          run: (sql, ...values) => Number(prepare(sql).run(...values).changes),
          follow: (event) => input.follow?.(tx, event),
        }
        const result = work(tx)
        database.exec('commit')
        return result
      } catch (error) {
        if (database.isTransaction) database.exec('rollback')
        throw error
      }
    },
    close() {
      statements.clear()
      database.close()
    },
  }
}

/** The file holds the API key and the webhook secrets. SQLite gives the files that it puts beside it the same mode. */
function makePrivate(stateFile: string): void {
  mkdirSync(dirname(stateFile), { recursive: true, mode: 0o700 })
  closeSync(openSync(stateFile, 'a', 0o600))
  // What an earlier version made was open to all.
  for (const file of [stateFile, `${stateFile}-wal`, `${stateFile}-shm`, `${stateFile}-journal`])
    if (existsSync(file)) chmodSync(file, 0o600)
}

function prepareDatabase(database: DatabaseSync, stateFile: string | undefined): void {
  // A stopping process may still hold the file for a moment when its successor starts.
  database.exec('pragma busy_timeout = 2000')
  if (stateFile !== undefined) {
    // Exclusive, so that two processes never deliver from one file; the system frees the lock when a process dies.
    database.exec('pragma locking_mode = exclusive')
    database.exec('pragma journal_mode = wal')
    // Full, so that what was committed survives the machine losing power, not only the process being killed.
    database.exec('pragma synchronous = full')
  }
  // Off while tables are rebuilt, as SQLite asks: dropping the old one would count as deleting what others refer to.
  database.exec('pragma foreign_keys = off')
  database.exec('begin exclusive')
  const version = Number(database.prepare('pragma user_version').get()?.['user_version'])
  if (version > migrations.length)
    throw new Error(
      `${stateFile} was written by a newer version of this program. Update it, or use another file.`,
    )
  for (const migration of migrations.slice(version)) database.exec(migration)
  database.exec(`pragma user_version = ${migrations.length}`)
  database.exec('commit')
  database.exec('pragma foreign_keys = on')
}

/** The resource kept in a row's `document`, or in another JSON column. Only this program writes it, so a cast suffices. */
export function parseDocument(row: Row, column = 'document'): unknown {
  return JSON.parse(String(row[column]))
}
