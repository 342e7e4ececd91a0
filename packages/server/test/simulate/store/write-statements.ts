import { type ColumnType, unnest } from './columns.ts'
import { inserting, plus, putting, type Statement, type Statements, updating } from './statement-kinds.ts'
import type { Execution, StoreTransaction } from './transaction.ts'

/** Of the ledger: what writes. */
export const writeStatements: Statements = {
  ledger_insert_wallets: insertWallets,
  ledger_insert_lots: inserting(
    'lots',
    {
      wallet_id: 'uuid',
      id: 'uuid',
      source: 'text',
      category: 'text',
      name: 'text',
      granted_micros: 'bigint',
      paid_amount_minor: 'bigint',
      paid_currency: 'text',
      priority: 'int',
      effective_at: 'instant',
      expires_at: 'instant',
      scope: 'texts',
      repays_debt: 'boolean',
      late_return_days: 'int',
      metadata: 'json',
      order_id: 'uuid',
      granted_at: 'instant',
    },
    { expired_micros: 0n, revoked_micros: 0n, is_frozen: false },
  ),
  ledger_update_lots: updating(
    'lots',
    {
      wallet_id: 'uuid',
      id: 'uuid',
      expired: 'bigint',
      revoked: 'bigint',
      expires_at: 'instant',
      is_frozen: 'boolean',
    },
    (lot, more) => ({
      ...lot,
      expired_micros: plus(lot['expired_micros'], more['expired']),
      revoked_micros: plus(lot['revoked_micros'], more['revoked']),
      expires_at: more['expires_at'] ?? lot['expires_at'],
      is_frozen: more['is_frozen'] ?? lot['is_frozen'],
    }),
  ),
  ledger_insert_entries: insertEntries,
  ledger_insert_holds: inserting('holds', {
    wallet_id: 'uuid',
    id: 'uuid',
    state: 'text',
    amount_micros: 'bigint',
    short_micros: 'bigint',
    captured_micros: 'bigint',
    from_shares_micros: 'bigint',
    asked_micros: 'bigint',
    refused_micros: 'bigint',
    checkpoint_micros: 'bigint',
    on_lapse: 'text',
    lot_ids: 'texts',
    lot_amounts_micros: 'bigints',
    limit_names: 'texts',
    limit_starts: 'instants',
    action: 'text',
    description: 'text',
    catalog_id: 'int',
    placed_at: 'instant',
    expires_at: 'instant',
    time_to_live_ms: 'bigint',
    ended_at: 'instant',
  }),
  ledger_update_holds: updating(
    'holds',
    {
      wallet_id: 'uuid',
      id: 'uuid',
      state: 'text',
      captured_micros: 'bigint',
      from_shares_micros: 'bigint',
      asked_micros: 'bigint',
      refused_micros: 'bigint',
      checkpoint_micros: 'bigint',
      expires_at: 'instant',
      ended_at: 'instant',
    },
    (hold, next) => ({ ...hold, ...next }),
  ),
  ledger_update_wallet_sums: updateWallets(sumColumns()),
  ledger_update_wallets: updateWallets({
    ...sumColumns(),
    lot_ids: 'texts',
    lot_priorities: 'ints',
    lot_flags: 'ints',
    lot_effective_ms: 'bigints',
    lot_expires_ms: 'bigints',
    lot_traits: 'json',
    waiting: 'json',
  }),
  ledger_put_waiting_lots: putting(
    'waiting_lots',
    {
      wallet_id: 'uuid',
      id: 'uuid',
      available_micros: 'bigint',
      held_micros: 'bigint',
      priority: 'int',
      flags: 'int',
      effective_ms: 'bigint',
      expires_ms: 'bigint',
      traits: 'json',
    },
    (lot, excluded) => ({
      ...lot,
      ...excluded,
      priority: lot['priority'],
      effective_ms: lot['effective_ms'],
    }),
  ),
  ledger_delete_waiting_lots: deleteWaitingLots,
  ledger_put_debts: putting(
    'debts',
    {
      wallet_id: 'uuid',
      transaction: 'bigint',
      amount_micros: 'bigint',
      open_micros: 'bigint',
      repaid_lot_ids: 'texts',
      repaid_micros: 'bigints',
    },
    (debt, excluded) => ({ ...debt, ...excluded, amount_micros: debt['amount_micros'] }),
  ),
  ledger_put_refunds: putting(
    'charge_refunds',
    {
      wallet_id: 'uuid',
      transaction: 'bigint',
      refunded_micros: 'bigint',
      returned_lot_ids: 'texts',
      returned_micros: 'bigints',
    },
    (refund, excluded) => ({ ...refund, ...excluded }),
  ),
  ledger_add_to_counts: putting('limit_counts', countColumns(), (count, excluded) => ({
    ...count,
    used_micros: plus(count['used_micros'], excluded['used_micros']),
  })),
  ledger_take_from_counts: updating('limit_counts', countColumns(), (count, less) => ({
    ...count,
    used_micros: plus(count['used_micros'], less['used_micros']),
  })),
}

function* insertWallets(transaction: StoreTransaction, values: readonly unknown[]): Execution {
  const columns = { id: 'uuid', mode: 'text', customer_id: 'text', unit: 'text' } as const
  const rows = unnest(columns, values).toSorted((a, b) => (String(a['id']) < String(b['id']) ? -1 : 1))
  for (const row of rows) {
    const id = String(row['id'])
    // What is there already is not waited for; what another transaction is about to insert is.
    if (transaction.row('wallets', id, id) !== undefined) continue
    const before = yield* transaction.lock('wallets', id, id)
    if (before !== undefined) continue
    transaction.put('wallets', id, id, {
      ...row,
      created_at: transaction.clock(),
      updated_at: new Date(0),
      lot_ids: [],
      lot_priorities: [],
      lot_flags: [],
      lot_effective_ms: [],
      lot_expires_ms: [],
      lot_traits: null,
      waiting: null,
      next_lapse_at: null,
      entry_count: 0n,
      available_micros: 0n,
      held_micros: 0n,
      debt_micros: 0n,
      lot_available_micros: [],
      lot_held_micros: [],
    })
  }
  return []
}

const entryColumns: Readonly<Record<string, ColumnType>> = {
  wallet_id: 'uuid',
  number: 'bigint',
  position: 'int',
  operation: 'text',
  lot_id: 'uuid',
  from_account: 'text',
  to_account: 'text',
  amount_micros: 'bigint',
  hold_id: 'uuid',
  about_transaction: 'bigint',
  catalog_id: 'int',
  key: 'uuid',
  fingerprint: 'bigint',
  available_after_micros: 'bigint',
  held_after_micros: 'bigint',
  debt_after_micros: 'bigint',
  scoped_after_micros: 'bigint',
  upcoming_after_micros: 'bigint',
  frozen_after_micros: 'bigint',
  effective_at: 'instant',
  recorded_at: 'instant',
  action: 'text',
  description: 'text',
  actor: 'text',
  facts: 'json',
}

function* insertEntries(transaction: StoreTransaction, values: readonly unknown[], text: string): Execution {
  const [, names = ''] = /insert into entries \(([^)]*)\)/.exec(text) ?? []
  const columns = names.split(/,\s*/).map((name) => {
    const type = entryColumns[name]
    if (type === undefined)
      throw new Error(`Entries have a column "${name}" that store/statements.ts does not know.`)
    return [name, type] as const
  })
  for (const entry of unnest(Object.fromEntries(columns), values)) {
    const wallet = String(entry['wallet_id'])
    yield* transaction.insert('entries', wallet, String(entry['number']), entry)
    const key = entry['key'] as string | null
    if (key === null) continue
    yield* transaction.insert('entry_keys', wallet, key, {
      number: entry['number'],
      position: entry['position'],
    })
  }
  return []
}

function* deleteWaitingLots(transaction: StoreTransaction, values: readonly unknown[]): Execution {
  for (const { wallet_id: wallet, id } of unnest({ wallet_id: 'uuid', id: 'uuid' }, values)) {
    if (transaction.row('waiting_lots', String(wallet), String(id)) === undefined) continue
    yield* transaction.lock('waiting_lots', String(wallet), String(id))
    transaction.put('waiting_lots', String(wallet), String(id), undefined)
  }
  return []
}

function sumColumns() {
  return {
    id: 'uuid',
    next_lapse_at: 'instant',
    updated_at: 'instant',
    entry_count: 'bigint',
    available_micros: 'bigint',
    held_micros: 'bigint',
    debt_micros: 'bigint',
    lot_available_micros: 'bigints',
    lot_held_micros: 'bigints',
  } as const
}

function updateWallets(columns: Readonly<Record<string, ColumnType>>): Statement {
  return function* updateThem(transaction, values) {
    for (const next of unnest(columns, values)) {
      const id = String(next['id'])
      yield* transaction.update('wallets', id, id, (row) => ({ ...row, ...next }))
    }
    return []
  }
}

function countColumns() {
  return { wallet_id: 'uuid', name: 'text', starts_at: 'instant', used_micros: 'bigint' } as const
}
