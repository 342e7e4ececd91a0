/**
 * The ledger's hot statements: plain SQL, a few per batch however many operations are in it. All reach rows by their keys alone, whatever the planner
 * believes of the tables: with a plain join it has begun at a table that had been counted while it was empty, and has looked for a key among all
 * entries of its wallet. So what is read is `lateral` to what is asked, with an `offset` that keeps it there, and what is updated is found by
 * `= any (array[…])`, which the planner does not turn around.
 * Lists come as arrays, one for each column; a list within a row (a wallet's lots, a hold's shares) as the text of an array. An array that is
 * shorter than its neighbours is filled up with nulls by `unnest`: a column in which a batch has nothing is sent as `{}`.
 *
 * Costs on the way of a charge, in µs of Postgres CPU: to lock a wallet 1, to look for a key 4–6, an entry with its two indexes 4–11, to update a wallet 2.
 */
import type { Statement } from '../database/database.ts'

/** Makes the wallets that grants need. In id order, so that two batches cannot wait for each other. */
export const insertWallets: Statement = {
  name: 'ledger_insert_wallets',
  text: `insert into wallets (id, mode, customer_id, unit, created_at, updated_at)
    select id, mode, customer_id, unit, clock_timestamp(), to_timestamp(0)
    from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) as new (id, mode, customer_id, unit)
    order by id
    on conflict do nothing`,
}

const walletColumns = `id, lot_ids, lot_priorities, lot_flags, lot_effective_ms, lot_expires_ms, lot_traits, waiting, next_lapse_at,
  updated_at, entry_count, available_micros, held_micros, debt_micros, lot_available_micros, lot_held_micros`

/**
 * Locks the wallets in id order. A row that changed while it was waited for is read as it is now; everything else that is read of a
 * wallet is read by later statements, whose snapshots are from after the wait.
 */
export const lockWallets: Statement = {
  name: 'ledger_lock_wallets',
  text: `select ${walletColumns} from wallets where id = any ($1::uuid[]) order by id for no key update`,
}

export const readWallets: Statement = {
  name: 'ledger_read_wallets',
  text: `select mode, customer_id, unit, ${walletColumns} from wallets where id = any ($1::uuid[])`,
}

/** Whose wallets are, for operations that may be the first in one. */
export const readOwners: Statement = {
  name: 'ledger_read_owners',
  text: `select id, mode, customer_id, unit from wallets where id = any ($1::uuid[])`,
}

export const readClock: Statement = {
  name: 'ledger_read_clock',
  text: `select date_trunc('milliseconds', clock_timestamp()) as now`,
}

/** The transactions that keys are bound to, whole: the key stands on the last entry. */
export const readBoundKeys: Statement = {
  name: 'ledger_read_bound_keys',
  text: `select entry.*
    from unnest($1::uuid[], $2::uuid[]) as asked (wallet_id, key)
    cross join lateral (select wallet_id, number, position from entries
      where key = asked.key and wallet_id is not distinct from asked.wallet_id offset 0) as bound
    cross join lateral (select * from entries
      where wallet_id = bound.wallet_id and number between bound.number - bound.position and bound.number offset 0) as entry
    order by entry.wallet_id, entry.number`,
}

/** Whole transactions by their first entries: one entry after the other, as long as they belong together. */
export const readTransactions: Statement = {
  name: 'ledger_read_transactions',
  text: `with recursive transaction as (
      select entry.* from unnest($1::uuid[], $2::bigint[]) as asked (wallet_id, number)
      cross join lateral (select * from entries where wallet_id = asked.wallet_id and number = asked.number and position = 0 offset 0) as entry
      union all
      select entry.* from transaction before
      cross join lateral (select * from entries
        where wallet_id = before.wallet_id and number = before.number + 1 and position = before.position + 1 offset 0) as entry
    )
    select * from transaction order by wallet_id, number`,
}

export const readHolds: Statement = {
  name: 'ledger_read_holds',
  text: `select hold.*
    from unnest($1::uuid[], $2::uuid[]) as asked (wallet_id, id)
    cross join lateral (select * from holds where wallet_id = asked.wallet_id and id = asked.id offset 0) as hold`,
}

/** The live holds of wallets in which one may have lapsed. Those that live on tell when the next lapses. */
export const readLiveHolds: Statement = {
  name: 'ledger_read_live_holds',
  text: `select * from holds where wallet_id = any ($1::uuid[]) and state = 'placed' order by wallet_id, expires_at`,
}

export const readLots: Statement = {
  name: 'ledger_read_lots',
  text: `select lot.wallet_id, lot.id, lot.granted_micros, lot.expired_micros, lot.revoked_micros, lot.priority, lot.effective_at, lot.expires_at, lot.scope,
      lot.repays_debt, lot.late_return_days, lot.is_frozen
    from unnest($1::uuid[], $2::uuid[]) as asked (wallet_id, id)
    cross join lateral (select * from lots where wallet_id = asked.wallet_id and id = asked.id offset 0) as lot`,
}

export const readWaitingLots: Statement = {
  name: 'ledger_read_waiting_lots',
  text: `select * from waiting_lots where wallet_id = any ($1::uuid[])`,
}

/**
 * A page of a wallet's lots, newest first, from before a lot on: lots' ids are in order of time. One after the other, for readers' connections leave the
 * planner its choice: asked for all at once, with a count from before a wallet had many, it sorted 10,000 lots for 20.
 */
export const readNewestLots: Statement = { name: 'ledger_read_newest_lots', text: newestOf('lots') }

export const readNewestWaitingLots: Statement = {
  name: 'ledger_read_newest_waiting_lots',
  text: newestOf('waiting_lots'),
}

function newestOf(table: 'lots' | 'waiting_lots'): string {
  return `with recursive newest as (
      (select * from ${table} where wallet_id = $1 and id < $2 order by id desc limit 1)
      union all
      select older.* from newest cross join lateral (
        select * from ${table} where wallet_id = newest.wallet_id and id < newest.id order by id desc limit 1) as older
    )
    select * from newest limit $3`
}

export const readOpenDebts: Statement = {
  name: 'ledger_read_open_debts',
  text: `select * from debts where wallet_id = any ($1::uuid[]) and open_micros > 0`,
}

export const readDebts: Statement = {
  name: 'ledger_read_debts',
  text: `select debt.*
    from unnest($1::uuid[], $2::bigint[]) as asked (wallet_id, transaction)
    cross join lateral (select * from debts where wallet_id = asked.wallet_id and transaction = asked.transaction offset 0) as debt`,
}

export const readRefunds: Statement = {
  name: 'ledger_read_refunds',
  text: `select refund.*
    from unnest($1::uuid[], $2::bigint[]) as asked (wallet_id, transaction)
    cross join lateral (select * from charge_refunds where wallet_id = asked.wallet_id and transaction = asked.transaction offset 0) as refund`,
}

/** The newest counts under each name, as many as its window can have. */
export const readCounts: Statement = {
  name: 'ledger_read_counts',
  text: `select count.*
    from unnest($1::uuid[], $2::text[], $3::integer[]) as asked (wallet_id, name, newest),
    lateral (select * from limit_counts
      where limit_counts.wallet_id = asked.wallet_id and limit_counts.name = asked.name
      order by starts_at desc limit asked.newest) as count`,
}

export const insertLots: Statement = {
  name: 'ledger_insert_lots',
  text: `insert into lots (wallet_id, id, source, category, name, granted_micros, paid_amount_minor, paid_currency, priority, effective_at, expires_at, scope,
      repays_debt, late_return_days, metadata, order_id, granted_at)
    select wallet_id, id, source, category, name, granted, paid_amount, paid_currency, priority, effective_at, expires_at, scope::text[],
      repays_debt, late_return_days, metadata, order_id, granted_at
    from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::text[], $9::integer[], $10::timestamptz[],
      $11::timestamptz[], $12::text[], $13::boolean[], $14::smallint[], $15::jsonb[], $16::uuid[], $17::timestamptz[])
      as new (wallet_id, id, source, category, name, granted, paid_amount, paid_currency, priority, effective_at, expires_at, scope,
        repays_debt, late_return_days, metadata, order_id, granted_at)`,
}

/** What became of lots: how much more has expired and been revoked, and what was set. */
export const updateLots: Statement = {
  name: 'ledger_update_lots',
  text: `update lots set expired_micros = lots.expired_micros + more.expired, revoked_micros = lots.revoked_micros + more.revoked,
      expires_at = coalesce(more.expires_at, lots.expires_at), is_frozen = coalesce(more.is_frozen, lots.is_frozen)
    from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::boolean[])
      as more (wallet_id, id, expired, revoked, expires_at, is_frozen)
    where lots.wallet_id = any (array[more.wallet_id]) and lots.id = any (array[more.id])`,
}

/** In the order in which `write.ts` sends them. */
const entryColumns = [
  ['number', 'bigint'],
  ['wallet_id', 'uuid'],
  ['position', 'smallint'],
  ['operation', 'ledger_operation'],
  ['lot_id', 'uuid'],
  ['from_account', 'account'],
  ['to_account', 'account'],
  ['amount_micros', 'bigint'],
  ['hold_id', 'uuid'],
  ['about_transaction', 'bigint'],
  ['catalog_id', 'integer'],
  ['key', 'uuid'],
  ['fingerprint', 'bigint'],
  ['available_after_micros', 'bigint'],
  ['held_after_micros', 'bigint'],
  ['debt_after_micros', 'bigint'],
  ['scoped_after_micros', 'bigint'],
  ['upcoming_after_micros', 'bigint'],
  ['frozen_after_micros', 'bigint'],
  ['effective_at', 'timestamptz'],
  ['recorded_at', 'timestamptz'],
  ['action', 'text'],
  ['description', 'text'],
  ['actor', 'text'],
  ['facts', 'jsonb'],
] as const

/**
 * Picks the columns by place out of their arrays: 25 arrays side by side in one `unnest` are 25 stores that are filled and read, which
 * was 100 of 245 µs for one entry and a tenth for each of many.
 */
export const insertEntries: Statement = {
  name: 'ledger_insert_entries',
  text: `insert into entries (${entryColumns.map(([column]) => column).join(', ')})
    select number, ${entryColumns
      .slice(1)
      .map(([, type], index) => `($${index + 2}::${type}[])[place]`)
      .join(', ')}
    from unnest($1::bigint[]) with ordinality as entry (number, place)`,
}

export const insertHolds: Statement = {
  name: 'ledger_insert_holds',
  text: `insert into holds (wallet_id, id, state, amount_micros, short_micros, captured_micros, from_shares_micros, asked_micros, refused_micros, checkpoint_micros, on_lapse,
      lot_ids, lot_amounts_micros, limit_names, limit_starts, action, description, catalog_id, placed_at, expires_at, time_to_live_ms, ended_at)
    select wallet_id, id, state, amount, short, captured, from_shares, asked, refused, checkpoint, on_lapse,
      lot_ids::uuid[], lot_amounts::bigint[], limit_names::text[], limit_starts::timestamptz[], action, description, catalog_id, placed_at, expires_at, time_to_live_ms, ended_at
    from unnest($1::uuid[], $2::uuid[], $3::hold_state[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::lapse_policy[],
      $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[], $18::integer[], $19::timestamptz[], $20::timestamptz[], $21::bigint[], $22::timestamptz[])
      as new (wallet_id, id, state, amount, short, captured, from_shares, asked, refused, checkpoint, on_lapse,
        lot_ids, lot_amounts, limit_names, limit_starts, action, description, catalog_id, placed_at, expires_at, time_to_live_ms, ended_at)`,
}

export const updateHolds: Statement = {
  name: 'ledger_update_holds',
  text: `update holds set state = next.state, captured_micros = next.captured, from_shares_micros = next.from_shares, asked_micros = next.asked,
      refused_micros = next.refused, checkpoint_micros = next.checkpoint, expires_at = next.expires_at, ended_at = next.ended_at
    from unnest($1::uuid[], $2::uuid[], $3::hold_state[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::timestamptz[], $10::timestamptz[])
      as next (wallet_id, id, state, captured, from_shares, asked, refused, checkpoint, expires_at, ended_at)
    where holds.wallet_id = any (array[next.wallet_id]) and holds.id = any (array[next.id])`,
}

/** Of wallets whose lots are the same as before but for what is in them: most of those that are charged. */
export const updateWalletSums: Statement = {
  name: 'ledger_update_wallet_sums',
  text: `update wallets set next_lapse_at = next.next_lapse_at, updated_at = next.updated_at, entry_count = next.entry_count, available_micros = next.available,
      held_micros = next.held, debt_micros = next.debt, lot_available_micros = next.lot_available::bigint[], lot_held_micros = next.lot_held::bigint[]
    from unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[], $9::text[])
      as next (id, next_lapse_at, updated_at, entry_count, available, held, debt, lot_available, lot_held)
    where wallets.id = any (array[next.id])`,
}

export const updateWallets: Statement = {
  name: 'ledger_update_wallets',
  text: `update wallets set next_lapse_at = next.next_lapse_at, updated_at = next.updated_at, entry_count = next.entry_count, available_micros = next.available,
      held_micros = next.held, debt_micros = next.debt, lot_available_micros = next.lot_available::bigint[], lot_held_micros = next.lot_held::bigint[],
      lot_ids = next.lot_ids::uuid[], lot_priorities = next.lot_priorities::integer[], lot_flags = next.lot_flags::smallint[],
      lot_effective_ms = next.lot_effective::bigint[], lot_expires_ms = next.lot_expires::bigint[], lot_traits = next.lot_traits, waiting = next.waiting
    from unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[], $9::text[],
      $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::jsonb[], $16::jsonb[])
      as next (id, next_lapse_at, updated_at, entry_count, available, held, debt, lot_available, lot_held,
        lot_ids, lot_priorities, lot_flags, lot_effective, lot_expires, lot_traits, waiting)
    where wallets.id = any (array[next.id])`,
}

export const putWaitingLots: Statement = {
  name: 'ledger_put_waiting_lots',
  text: `insert into waiting_lots (wallet_id, id, available_micros, held_micros, priority, flags, effective_ms, expires_ms, traits)
    select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::integer[], $6::smallint[], $7::bigint[], $8::bigint[], $9::jsonb[])
    on conflict (wallet_id, id) do update set available_micros = excluded.available_micros, held_micros = excluded.held_micros, flags = excluded.flags,
      expires_ms = excluded.expires_ms, traits = excluded.traits`,
}

export const deleteWaitingLots: Statement = {
  name: 'ledger_delete_waiting_lots',
  text: `delete from waiting_lots using unnest($1::uuid[], $2::uuid[]) as gone (wallet_id, id)
    where waiting_lots.wallet_id = any (array[gone.wallet_id]) and waiting_lots.id = any (array[gone.id])`,
}

export const putDebts: Statement = {
  name: 'ledger_put_debts',
  text: `insert into debts (wallet_id, transaction, amount_micros, open_micros, repaid_lot_ids, repaid_micros)
    select wallet_id, transaction, amount, open, repaid_lot_ids::uuid[], repaid_micros::bigint[]
    from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[]) as new (wallet_id, transaction, amount, open, repaid_lot_ids, repaid_micros)
    on conflict (wallet_id, transaction) do update set open_micros = excluded.open_micros, repaid_lot_ids = excluded.repaid_lot_ids, repaid_micros = excluded.repaid_micros`,
}

export const putRefunds: Statement = {
  name: 'ledger_put_refunds',
  text: `insert into charge_refunds (wallet_id, transaction, refunded_micros, returned_lot_ids, returned_micros)
    select wallet_id, transaction, refunded, returned_lot_ids::uuid[], returned_micros::bigint[]
    from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::text[]) as new (wallet_id, transaction, refunded, returned_lot_ids, returned_micros)
    on conflict (wallet_id, transaction) do update set refunded_micros = excluded.refunded_micros, returned_lot_ids = excluded.returned_lot_ids, returned_micros = excluded.returned_micros`,
}

export const addToCounts: Statement = {
  name: 'ledger_add_to_counts',
  text: `insert into limit_counts as counts (wallet_id, name, starts_at, used_micros)
    select * from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::bigint[])
    on conflict (wallet_id, name, starts_at) do update set used_micros = counts.used_micros + excluded.used_micros`,
}

/** The same for corrections, whose rows exist: a row to be inserted must not be below zero, even where it is not inserted after all. */
export const takeFromCounts: Statement = {
  name: 'ledger_take_from_counts',
  text: `update limit_counts set used_micros = limit_counts.used_micros + less.by
    from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::bigint[]) as less (wallet_id, name, starts_at, by)
    where limit_counts.wallet_id = any (array[less.wallet_id]) and limit_counts.name = any (array[less.name]) and limit_counts.starts_at = any (array[less.starts_at])`,
}
