import type { Random } from '../world/random.ts'
import { Locks } from './locks.ts'
import { type Row, type TableName, Tables } from './tables.ts'
import { StoreTransaction } from './transaction.ts'

export interface Committed {
  readonly table: TableName
  readonly wallet: string
  readonly key: string
  readonly row: Row | undefined
}

/** The database: what is committed, who holds which row, and its clock. */
export class Store {
  readonly tables = new Tables()
  readonly locks: Locks
  readonly #clock: () => Date
  readonly #onCommit: (changes: readonly Committed[]) => void
  commitCount = 0

  constructor(random: Random, clock: () => Date, onCommit: (changes: readonly Committed[]) => void) {
    this.locks = new Locks(random)
    this.#clock = clock
    this.#onCommit = onCommit
  }

  begin(): StoreTransaction {
    return new StoreTransaction(this.tables, this.#clock, this.commitCount)
  }

  /** For reading: sees for good what is committed now. */
  snapshot(): StoreTransaction {
    return new StoreTransaction(this.tables.snapshot(), this.#clock, this.commitCount)
  }

  commit(transaction: StoreTransaction): void {
    const changes = [...transaction.changes()]
    this.commitCount += 1
    for (const { table, wallet, key, row } of changes) this.tables.set(table, wallet, key, row)
    this.#onCommit(changes)
    this.locks.releaseAll(transaction)
  }

  rollback(transaction: StoreTransaction): void {
    this.locks.releaseAll(transaction)
  }
}
