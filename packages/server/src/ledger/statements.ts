/**
 * The ledger's hot statements: plain SQL, a few per batch however many operations are in it. All reach rows by their keys alone.
 * Lists come as arrays, one for each column; a list within a row (a wallet's lots, a hold's shares) as the text of an array.
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

/**
 * Locks the wallets in id order, then reads the clock: the CTE's rows come out locked, so that the time is from after the wait. A row
 * that changed while it was waited for is read as it is now; everything else that is read of a wallet is read by later statements.
 */
export const lockWallets: Statement = {
  name: 'ledger_lock_wallets',
  text: `with locked as materialized (
      select id, mode, customer_id, unit, available_micros, held_micros, debt_micros, lot_ids, lot_available_micros, lot_held_micros,
        lot_priorities, lot_effective_ms, lot_expires_ms, next_lapse_at, updated_at
      from wallets where id = any ($1::uuid[]) order by id for no key update
    )
    select *, clock_timestamp() as locked_at from locked`,
}

export const readWallets: Statement = {
  name: 'ledger_read_wallets',
  text: `select id, mode, customer_id, unit, available_micros, held_micros, debt_micros, lot_ids, lot_available_micros, lot_held_micros,
      lot_priorities, lot_effective_ms, lot_expires_ms, next_lapse_at, updated_at, clock_timestamp() as locked_at
    from wallets where id = any ($1::uuid[])`,
}

/** The transactions that keys are bound to, whole. */
export const readBoundKeys: Statement = {
  name: 'ledger_read_bound_keys',
  text: `select entry.*
    from unnest($1::uuid[], $2::uuid[]) as asked (wallet_id, key)
    join entries bound on bound.key = asked.key and bound.wallet_id = asked.wallet_id
    join entries entry on entry.wallet_id = bound.wallet_id and entry.transaction_id = bound.transaction_id
    order by entry.wallet_id, entry.transaction_id, entry.position`,
}

export const readHolds: Statement = {
  name: 'ledger_read_holds',
  text: `select hold.*
    from unnest($1::uuid[], $2::uuid[]) as asked (wallet_id, id)
    join holds hold on hold.wallet_id = asked.wallet_id and hold.id = asked.id`,
}

/** The live holds of wallets in which one may have lapsed. Those that live on tell when the next lapses. */
export const readLiveHolds: Statement = {
  name: 'ledger_read_live_holds',
  text: `select * from holds where wallet_id = any ($1::uuid[]) and state = 'placed' order by wallet_id, expires_at`,
}

/** Everything that a batch decided, in one round trip. */
export const writeBatch: Statement = {
  name: 'ledger_write_batch',
  text: `with new_lots as (
      insert into lots (wallet_id, id, source, name, granted_micros, paid_amount_minor, paid_currency, priority, effective_at, expires_at, order_id, granted_at)
      select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::integer[],
        $9::timestamptz[], $10::timestamptz[], $11::uuid[], $12::timestamptz[])
    ), new_entries as (
      insert into entries (wallet_id, transaction_id, position, operation, lot_id, from_account, to_account, amount_micros, hold_id, catalog_id,
        key, fingerprint, available_after_micros, held_after_micros, debt_after_micros, spendable_after_micros, effective_at, recorded_at, action, description)
      select * from unnest($13::uuid[], $14::uuid[], $15::smallint[], $16::text[]::ledger_operation[], $17::uuid[], $18::text[]::account[], $19::text[]::account[],
        $20::bigint[], $21::uuid[], $22::integer[], $23::uuid[], $24::bigint[], $25::bigint[], $26::bigint[], $27::bigint[], $28::bigint[],
        $29::timestamptz[], $30::timestamptz[], $31::text[], $32::text[])
    ), new_holds as (
      insert into holds (wallet_id, id, state, amount_micros, captured_micros, lot_ids, lot_amounts_micros, action, description, catalog_id, placed_at, expires_at, ended_at)
      select wallet_id, id, state, amount, captured, lot_ids::uuid[], lot_amounts::bigint[], action, description, catalog_id, placed_at, expires_at, ended_at
      from unnest($33::uuid[], $34::uuid[], $35::text[]::hold_state[], $36::bigint[], $37::bigint[], $38::text[], $39::text[], $40::text[], $41::text[],
        $42::integer[], $43::timestamptz[], $44::timestamptz[], $45::timestamptz[])
        as new (wallet_id, id, state, amount, captured, lot_ids, lot_amounts, action, description, catalog_id, placed_at, expires_at, ended_at)
    ), ended_holds as (
      update holds set state = ended.state, captured_micros = ended.captured, ended_at = ended.ended_at
      from unnest($46::uuid[], $47::uuid[], $48::text[]::hold_state[], $49::bigint[], $50::timestamptz[]) as ended (wallet_id, id, state, captured, ended_at)
      where holds.wallet_id = ended.wallet_id and holds.id = ended.id
    )
    update wallets set available_micros = next.available, held_micros = next.held, debt_micros = next.debt, lot_ids = next.lot_ids::uuid[],
      lot_available_micros = next.lot_available::bigint[], lot_held_micros = next.lot_held::bigint[], lot_priorities = next.lot_priorities::integer[],
      lot_effective_ms = next.lot_effective::bigint[], lot_expires_ms = next.lot_expires::bigint[], next_lapse_at = next.next_lapse_at, updated_at = next.updated_at
    from unnest($51::uuid[], $52::bigint[], $53::bigint[], $54::bigint[], $55::text[], $56::text[], $57::text[], $58::text[], $59::text[], $60::text[],
      $61::timestamptz[], $62::timestamptz[])
      as next (id, available, held, debt, lot_ids, lot_available, lot_held, lot_priorities, lot_effective, lot_expires, next_lapse_at, updated_at)
    where wallets.id = next.id`,
}
