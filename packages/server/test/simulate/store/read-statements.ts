import { unnest } from './columns.ts'
import { byKey, ifThere, reading, type Statements, texts } from './statement-kinds.ts'
import type { Row } from './tables.ts'
import type { Execution, StoreTransaction } from './transaction.ts'

const walletsById = reading((transaction, [ids]) =>
  texts(ids).flatMap((id) => ifThere(transaction.row('wallets', id, id))),
)

/** Of the ledger: what locks and reads. */
export const readStatements: Statements = {
  ledger_lock_wallets: lockWallets,
  ledger_read_owners: walletsById,
  ledger_read_wallets: walletsById,
  ledger_read_clock: reading((transaction) => [{ now: transaction.clock() }]),
  ledger_read_bound_keys: reading(readBoundKeys),
  ledger_read_transactions: reading(readTransactions),
  ledger_read_holds: byKey('holds', 'uuid'),
  ledger_read_live_holds: reading((transaction, [ids]) =>
    texts(ids)
      .toSorted()
      .flatMap((id) =>
        transaction
          .rowsIn('holds', id)
          .filter((hold) => hold['state'] === 'placed')
          .toSorted((a, b) => Number(a['expires_at']) - Number(b['expires_at'])),
      ),
  ),
  ledger_read_lots: byKey('lots', 'uuid'),
  ledger_read_waiting_lots: reading((transaction, [ids]) =>
    texts(ids).flatMap((id) => transaction.rowsIn('waiting_lots', id)),
  ),
  ledger_read_open_debts: reading((transaction, [ids]) =>
    texts(ids).flatMap((id) =>
      transaction.rowsIn('debts', id).filter((debt) => (debt['open_micros'] as bigint) > 0n),
    ),
  ),
  ledger_read_debts: byKey('debts', 'bigint'),
  ledger_read_refunds: byKey('charge_refunds', 'bigint'),
  ledger_read_counts: reading(readCounts),
}

function* lockWallets(transaction: StoreTransaction, [ids]: readonly unknown[]): Execution {
  // Which rows there are is decided when the statement begins; each is read once it is locked.
  const seen = texts(ids)
    .toSorted()
    .filter((id) => transaction.row('wallets', id, id) !== undefined)
  const rows: Row[] = []
  for (const id of seen) {
    const row = yield* transaction.lock('wallets', id, id)
    if (row !== undefined) rows.push(row)
  }
  return rows
}

function readBoundKeys(transaction: StoreTransaction, values: readonly unknown[]): Row[] {
  return unnest({ wallet_id: 'uuid', key: 'uuid' }, values).flatMap(({ wallet_id: wallet, key }) => {
    const bound = transaction.row('entry_keys', String(wallet), String(key))
    if (bound === undefined) return []
    const last = bound['number'] as bigint
    const rows: Row[] = []
    for (let number = last - BigInt(bound['position'] as number); number <= last; number += 1n) {
      const entry = transaction.row('entries', String(wallet), String(number))
      if (entry !== undefined) rows.push(entry)
    }
    return rows
  })
}

function readTransactions(transaction: StoreTransaction, values: readonly unknown[]): Row[] {
  return unnest({ wallet_id: 'uuid', number: 'bigint' }, values).flatMap(
    ({ wallet_id: wallet, number: first }) => {
      const rows: Row[] = []
      for (let number = first as bigint; ; number += 1n) {
        const entry = transaction.row('entries', String(wallet), String(number))
        if (entry === undefined || entry['position'] !== rows.length) return rows
        rows.push(entry)
      }
    },
  )
}

function readCounts(transaction: StoreTransaction, values: readonly unknown[]): Row[] {
  return unnest({ wallet_id: 'uuid', name: 'text', newest: 'int' }, values).flatMap((asked) =>
    transaction
      .rowsIn('limit_counts', String(asked['wallet_id']))
      .filter((count) => count['name'] === asked['name'])
      .toSorted((a, b) => Number(b['starts_at']) - Number(a['starts_at']))
      .slice(0, asked['newest'] as number),
  )
}
