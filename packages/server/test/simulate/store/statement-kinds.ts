import { type ColumnType, listOf, unnest, type Values } from './columns.ts'
import type { Row, TableName } from './tables.ts'
import type { Execution, StoreTransaction } from './transaction.ts'

/** @param text its SQL, which says in which order columns come */
export type Statement = (transaction: StoreTransaction, values: readonly unknown[], text: string) => Execution

export type Statements = Readonly<Record<string, Statement>>

/** Ids, each once. */
export function texts(value: unknown): string[] {
  return [...new Set(listOf(value).map(String))]
}

export function ifThere(row: Row | undefined): Row[] {
  return row === undefined ? [] : [row]
}

export function plus(a: unknown, b: unknown): bigint {
  return ((a as bigint | null) ?? 0n) + ((b as bigint | null) ?? 0n)
}

/** By its wallet, and what in it names the row. */
function keyOf(table: TableName, row: Values): string {
  if (table === 'debts' || table === 'charge_refunds') return String(row['transaction'])
  if (table === 'limit_counts') return `${String(row['name'])} ${(row['starts_at'] as Date).toISOString()}`
  return String(row['id'])
}

export function reading(
  read: (transaction: StoreTransaction, values: readonly unknown[]) => Row[],
): Statement {
  // It waits for nobody.
  // oxlint-disable-next-line require-yield
  return function* readRows(transaction, values) {
    return read(transaction, values)
  }
}

/** Those that were asked for, each as often as it was: a join. */
export function byKey(table: TableName, type: ColumnType): Statement {
  return reading((transaction, values) =>
    unnest({ wallet_id: 'uuid', key: type }, values).flatMap(({ wallet_id: wallet, key }) =>
      ifThere(transaction.row(table, String(wallet), String(key))),
    ),
  )
}

export function inserting(
  table: TableName,
  columns: Readonly<Record<string, ColumnType>>,
  defaults: Row = {},
): Statement {
  return function* insertRows(transaction, values) {
    for (const row of unnest(columns, values))
      yield* transaction.insert(table, String(row['wallet_id']), keyOf(table, row), { ...defaults, ...row })
    return []
  }
}

export function updating(
  table: TableName,
  columns: Readonly<Record<string, ColumnType>>,
  change: (row: Row, next: Values) => Row,
): Statement {
  return function* updateRows(transaction, values) {
    for (const next of unnest(columns, values))
      yield* transaction.update(table, String(next['wallet_id']), keyOf(table, next), (row) =>
        change(row, next),
      )
    return []
  }
}

/** Inserts, or on conflict changes what is there. */
export function putting(
  table: TableName,
  columns: Readonly<Record<string, ColumnType>>,
  change: (row: Row, excluded: Values) => Row,
): Statement {
  return function* putRows(transaction, values) {
    for (const row of unnest(columns, values)) {
      const wallet = String(row['wallet_id'])
      const key = keyOf(table, row)
      const before = yield* transaction.lock(table, wallet, key)
      transaction.put(table, wallet, key, before === undefined ? row : change(before, row))
    }
    return []
  }
}
