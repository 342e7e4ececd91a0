import { databaseError } from './errors.ts'
import { checkRow, type Row, type TableName, type Tables } from './tables.ts'

/** A statement under way: it asks for one row's lock after the other, and goes on when it has it. */
export type Execution = Generator<string, readonly Row[], void>

/** One transaction, read committed: it sees what is committed at each look, and what it wrote itself. */
export class StoreTransaction {
  readonly #committed: Tables
  readonly #written = new Map<TableName, Map<string, Map<string, Row | undefined>>>()
  readonly locks = new Set<string>()
  readonly clock: () => Date
  /** How many commits there were when it began. */
  readonly commitsBefore: number

  constructor(committed: Tables, clock: () => Date, commitsBefore: number) {
    this.#committed = committed
    this.clock = clock
    this.commitsBefore = commitsBefore
  }

  row(table: TableName, wallet: string, key: string): Row | undefined {
    const written = this.#written.get(table)?.get(wallet)
    if (written?.has(key) === true) return written.get(key)
    return this.#committed.rowsIn(table, wallet)?.get(key)
  }

  rowsIn(table: TableName, wallet: string): Row[] {
    const committed = this.#committed.rowsIn(table, wallet)
    const written = this.#written.get(table)?.get(wallet)
    if (written === undefined) return [...(committed?.values() ?? [])]
    const rows = new Map<string, Row | undefined>(committed)
    for (const [key, row] of written) rows.set(key, row)
    return [...rows.values()].filter((row) => row !== undefined)
  }

  /** Waits for the row, and reads it as it is then. */
  *lock(table: TableName, wallet: string, key: string): Generator<string, Row | undefined, void> {
    yield `${table} ${wallet} ${key}`
    return this.row(table, wallet, key)
  }

  *insert(table: TableName, wallet: string, key: string, row: Row): Generator<string, void, void> {
    const before = yield* this.lock(table, wallet, key)
    if (before !== undefined)
      throw databaseError(
        '23505',
        `duplicate key value violates unique constraint of "${table}": ${wallet} ${key}`,
      )
    this.put(table, wallet, key, row)
  }

  /** Changes a row that is there when the statement begins, as it is once nobody else writes it. */
  *update(
    table: TableName,
    wallet: string,
    key: string,
    change: (row: Row) => Row,
  ): Generator<string, void, void> {
    if (this.row(table, wallet, key) === undefined) return
    const row = yield* this.lock(table, wallet, key)
    if (row !== undefined) this.put(table, wallet, key, change(row))
  }

  put(table: TableName, wallet: string, key: string, row: Row | undefined): void {
    if (row !== undefined) checkRow(table, row)
    const inTable = this.#written.get(table) ?? new Map<string, Map<string, Row | undefined>>()
    this.#written.set(table, inTable)
    const inWallet = inTable.get(wallet) ?? new Map<string, Row | undefined>()
    inTable.set(wallet, inWallet)
    inWallet.set(key, row)
  }

  /** What is written, all at once. */
  *changes(): Generator<{ table: TableName; wallet: string; key: string; row: Row | undefined }> {
    for (const [table, inTable] of this.#written)
      for (const [wallet, inWallet] of inTable)
        for (const [key, row] of inWallet) yield { table, wallet, key, row }
  }
}
