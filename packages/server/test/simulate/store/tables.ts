import { databaseError } from './errors.ts'

export type TableName =
  | 'wallets'
  | 'entries'
  | 'entry_keys'
  | 'lots'
  | 'waiting_lots'
  | 'holds'
  | 'debts'
  | 'charge_refunds'
  | 'limit_counts'
  | 'orders'

/** Never changed: an update puts another in its place. */
export type Row = Readonly<Record<string, unknown>>

/** Rows by their wallet, and in it by the rest of their key. */
type Rows = Map<string, Map<string, Row>>

/** What is committed. */
export class Tables {
  readonly #rows = new Map<TableName, Rows>()

  rowsIn(table: TableName, wallet: string): ReadonlyMap<string, Row> | undefined {
    return this.#rows.get(table)?.get(wallet)
  }

  all(table: TableName): Row[] {
    return [...(this.#rows.get(table)?.values() ?? [])].flatMap((rows) => [...rows.values()])
  }

  set(table: TableName, wallet: string, key: string, row: Row | undefined): void {
    const rows: Rows = this.#rows.get(table) ?? new Map()
    this.#rows.set(table, rows)
    const inWallet = rows.get(wallet) ?? new Map<string, Row>()
    rows.set(wallet, inWallet)
    if (row === undefined) inWallet.delete(key)
    else inWallet.set(key, row)
  }

  /** As it is now, whatever is committed later. */
  snapshot(): Tables {
    const copy = new Tables()
    for (const [table, rows] of this.#rows)
      copy.#rows.set(table, new Map([...rows].map(([wallet, inWallet]) => [wallet, new Map(inWallet)])))
    return copy
  }
}

type Check = readonly [promise: string, holds: (row: Row) => boolean]

const notNegative = (column: string): Check => [
  `${column} >= 0`,
  (row) => (row[column] as bigint | number) >= 0,
]

/** What the real tables check, as far as a fault of ours could break it. */
const checks: Readonly<Record<TableName, readonly Check[]>> = {
  wallets: [
    ...['entry_count', 'available_micros', 'held_micros', 'debt_micros'].map(notNegative),
    [
      '0 <= all (lot_available_micros)',
      (row) => (row['lot_available_micros'] as bigint[]).every((one) => one >= 0n),
    ],
    ['0 <= all (lot_held_micros)', (row) => (row['lot_held_micros'] as bigint[]).every((one) => one >= 0n)],
    [
      'the lists of lots are of one length',
      (row) =>
        new Set(
          [
            'lot_ids',
            'lot_available_micros',
            'lot_held_micros',
            'lot_priorities',
            'lot_flags',
            'lot_effective_ms',
            'lot_expires_ms',
          ].map((column) => (row[column] as unknown[]).length),
        ).size === 1,
    ],
  ],
  entries: [
    ['number > 0', (row) => (row['number'] as bigint) > 0n],
    notNegative('position'),
    [
      '(fingerprint is null) = (key is null)',
      (row) => (row['fingerprint'] === null) === (row['key'] === null),
    ],
    [
      '(available_after_micros is null) = (key is null)',
      (row) => (row['available_after_micros'] === null) === (row['key'] === null),
    ],
    [
      'a note moves nothing, all else something',
      (row) =>
        row['from_account'] === null
          ? row['to_account'] === null && row['amount_micros'] === 0n
          : row['to_account'] !== row['from_account'] && (row['amount_micros'] as bigint) > 0n,
    ],
    [
      'credits are of a lot, but for debt',
      (row) =>
        row['lot_id'] !== null ||
        row['from_account'] === null ||
        row['from_account'] === 'debt' ||
        row['to_account'] === 'debt',
    ],
  ],
  entry_keys: [],
  lots: [
    ['granted_micros > 0', (row) => (row['granted_micros'] as bigint) > 0n],
    notNegative('expired_micros'),
    notNegative('revoked_micros'),
    [
      'expired_micros + revoked_micros <= granted_micros',
      (row) =>
        (row['expired_micros'] as bigint) + (row['revoked_micros'] as bigint) <=
        (row['granted_micros'] as bigint),
    ],
  ],
  waiting_lots: [notNegative('available_micros'), notNegative('held_micros')],
  holds: [
    notNegative('amount_micros'),
    ['short_micros > 0', (row) => row['short_micros'] === null || (row['short_micros'] as bigint) > 0n],
    notNegative('refused_micros'),
    notNegative('checkpoint_micros'),
    [
      'from_shares_micros between 0 and amount_micros',
      (row) =>
        (row['from_shares_micros'] as bigint) >= 0n &&
        (row['from_shares_micros'] as bigint) <= (row['amount_micros'] as bigint),
    ],
    [
      'captured_micros >= from_shares_micros',
      (row) => (row['captured_micros'] as bigint) >= (row['from_shares_micros'] as bigint),
    ],
    [
      "(ended_at is null) = (state = 'placed')",
      (row) => (row['ended_at'] === null) === (row['state'] === 'placed'),
    ],
  ],
  debts: [
    ['amount_micros > 0', (row) => (row['amount_micros'] as bigint) > 0n],
    [
      'open_micros between 0 and amount_micros',
      (row) =>
        (row['open_micros'] as bigint) >= 0n &&
        (row['open_micros'] as bigint) <= (row['amount_micros'] as bigint),
    ],
  ],
  charge_refunds: [['refunded_micros > 0', (row) => (row['refunded_micros'] as bigint) > 0n]],
  limit_counts: [notNegative('used_micros')],
  orders: [],
}

export function checkRow(table: TableName, row: Row): void {
  for (const [promise, holds] of checks[table])
    if (!holds(row))
      throw databaseError('23514', `new row for relation "${table}" violates check "${promise}"`)
}
