import type { Transaction as KyselyTransaction } from 'kysely'
import type { ConstructorOptions } from 'pg-boss'
import type { Tables } from './tables.ts'

/** A hot statement: plain SQL with a name, under which a Postgres connection keeps its plan. */
export interface Statement {
  readonly name: string
  readonly text: string
}

/** A statement with its values. */
export interface Request {
  readonly statement: Statement
  readonly values: readonly unknown[]
}

/** A connection with a transaction open on it, as the ledger's hot statements see it. */
export interface Session {
  run<Row>(statement: Statement, values: readonly unknown[]): Promise<Row[]>
  /** One after the other, each seeing what the ones before it did and waited for; in one round trip where the driver can. */
  runAll(requests: readonly Request[]): Promise<readonly (readonly unknown[])[]>
}

/** A transaction of a domain operation: everyday statements by `db`, the ledger's by `run`. */
export interface Transaction extends Session {
  readonly db: KyselyTransaction<Tables>
  /** Read once, when the transaction began. */
  readonly now: Date
}

/** A connection of a lane's own, for one transaction after another. */
export interface LaneConnection {
  /** Begins with the first that `work` reads, and commits with the writes that it answers: a round trip each. */
  transaction<T>(work: (session: Session) => Promise<LaneWork<T>>): Promise<T>
  close(): Promise<void>
}

export interface LaneWork<T> {
  readonly writes: readonly Request[]
  /** True once the writes are committed. */
  readonly answer: T
}

/** Where time comes from when not from the database's clock: tests set it. */
export type Clock = () => Date

export interface Database {
  readonly driver: 'postgres' | 'pglite'
  /** A test's clock, or undefined where the database's own is meant. */
  readonly clock: Clock | undefined
  /**
   * One transaction: commits when `work` returns, rolls back when it throws. Nothing but `tx` may be used inside it. One that lost against others
   * is run again, so `work` does nothing that a rollback does not undo.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /** For reading only: all statements see the same moment. */
  snapshot<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /** The same for a statement that may take minutes: one at a time, beside everybody else's. */
  slowSnapshot<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  openLane(): Promise<LaneConnection>
  /** Where pg-boss runs its statements. */
  readonly jobs: Pick<ConstructorOptions, 'connectionString' | 'db' | 'backend'>
  close(): Promise<void>
}
