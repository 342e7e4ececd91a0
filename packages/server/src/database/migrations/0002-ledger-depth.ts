import { type Kysely, sql } from 'kysely'

/**
 * The ledger's full depth: entries become a journal numbered within the wallet (14 bytes less in the row and in its index than an id, and no
 * order that depends on anybody's clock), a wallet's row keeps its first lots only, and lots, holds, debts, refunds and limits know
 * what the further operations need.
 */
const statements = [
  `alter type ledger_operation add value 'adjust'`,
  `alter type ledger_operation add value 'checkpoint'`,
  `alter type ledger_operation add value 'extend'`,
  `alter type ledger_operation add value 'refund'`,
  `alter type ledger_operation add value 'revoke'`,
  `alter type ledger_operation add value 'freeze'`,
  `alter type ledger_operation add value 'unfreeze'`,
  `alter type ledger_operation add value 'repay'`,
  `create type lapse_policy as enum ('release', 'charge_checkpoint', 'charge_all')`,

  // The columns of fixed length stand first, so that no row is padded; those that a charge has none of are null, which takes no room.
  `alter table entries rename to entries_by_id`,
  `create table entries (
    wallet_id uuid not null,
    number bigint not null check (number > 0),
    amount_micros bigint not null,
    recorded_at timestamptz not null,
    lot_id uuid,
    key uuid,
    fingerprint bigint check ((fingerprint is null) = (key is null)),
    available_after_micros bigint check ((available_after_micros is null) = (key is null)),
    operation ledger_operation not null,
    from_account account,
    to_account account,
    catalog_id integer,
    position smallint not null check (position >= 0),
    held_after_micros bigint,
    debt_after_micros bigint,
    scoped_after_micros bigint,
    upcoming_after_micros bigint,
    frozen_after_micros bigint,
    effective_at timestamptz,
    hold_id uuid,
    about_transaction bigint,
    action text,
    description text,
    actor text,
    facts jsonb,
    check (case when from_account is null then to_account is null and amount_micros = 0 else to_account <> from_account and amount_micros > 0 end),
    check (lot_id is not null or from_account is null or 'debt' in (from_account, to_account))
  )`,
  `insert into entries (wallet_id, number, position, operation, lot_id, from_account, to_account, amount_micros, hold_id, catalog_id, key, fingerprint,
      available_after_micros, held_after_micros, debt_after_micros, upcoming_after_micros, effective_at, recorded_at, action, description)
    select wallet_id, row_number() over (partition by wallet_id order by recorded_at, transaction_id, position), position, operation, lot_id,
      from_account, to_account, amount_micros, hold_id, catalog_id, key, fingerprint, available_after_micros, nullif(held_after_micros, 0),
      nullif(debt_after_micros, 0), available_after_micros - spendable_after_micros, nullif(effective_at, recorded_at), recorded_at, action, description
    from entries_by_id`,
  `drop table entries_by_id`,
  `alter table entries add primary key (wallet_id, number)`,
  `create unique index entries_key on entries (key, wallet_id) where key is not null`,
  `create trigger entries_never_change before update or delete or truncate on entries for each statement execute function refuse_change()`,

  // What a charge changes stands last, so that the log has the rest of the row only when that changes too.
  `alter table lots drop constraint lots_wallet_id_fkey`,
  `alter table wallets rename to wallets_before`,
  `create table wallets (
    id uuid not null,
    created_at timestamptz not null,
    mode text not null check (mode in ('test', 'live')),
    customer_id text not null check (char_length(customer_id) between 1 and 255),
    unit text not null,
    lot_ids uuid[] not null default '{}',
    lot_priorities integer[] not null default '{}',
    lot_flags smallint[] not null default '{}',
    lot_effective_ms bigint[] not null default '{}',
    lot_expires_ms bigint[] not null default '{}',
    lot_traits jsonb,
    waiting jsonb,
    next_lapse_at timestamptz,
    updated_at timestamptz not null,
    entry_count bigint not null default 0 check (entry_count >= 0),
    available_micros bigint not null default 0 check (available_micros >= 0),
    held_micros bigint not null default 0 check (held_micros >= 0),
    debt_micros bigint not null default 0 check (debt_micros >= 0),
    lot_available_micros bigint[] not null default '{}' check (0 <= all (lot_available_micros)),
    lot_held_micros bigint[] not null default '{}' check (0 <= all (lot_held_micros)),
    check (cardinality(lot_ids) = cardinality(lot_available_micros)
      and cardinality(lot_ids) = cardinality(lot_held_micros)
      and cardinality(lot_ids) = cardinality(lot_priorities)
      and cardinality(lot_ids) = cardinality(lot_flags)
      and cardinality(lot_ids) = cardinality(lot_effective_ms)
      and cardinality(lot_ids) = cardinality(lot_expires_ms))
  ) with (fillfactor = 50)`,
  // A row that is longer than is usual from now on is shortened when it is next written.
  `insert into wallets (id, created_at, mode, customer_id, unit, lot_ids, lot_priorities, lot_flags, lot_effective_ms, lot_expires_ms, next_lapse_at, updated_at,
      entry_count, available_micros, held_micros, debt_micros, lot_available_micros, lot_held_micros)
    select before.id, created_at, mode, customer_id, unit, lot_ids, lot_priorities, coalesce(flags, '{}'), lot_effective_ms, lot_expires_ms, next_lapse_at,
      date_trunc('milliseconds', updated_at), coalesce(entry_count, 0), available_micros, held_micros, debt_micros, lot_available_micros, lot_held_micros
    from wallets_before as before
      left join (
        select wallets_before.id, array_agg(case when source in ('purchase', 'plan') then 0 else 1 end::smallint order by place) as flags
        from wallets_before, unnest(lot_ids) with ordinality as open (lot_id, place) join lots on lots.id = open.lot_id
        where lots.wallet_id = wallets_before.id group by wallets_before.id) as open_lots on open_lots.id = before.id
      left join (select wallet_id, count(*) as entry_count from entries group by wallet_id) as journal on journal.wallet_id = before.id`,
  `drop table wallets_before`,
  `alter table wallets add primary key (id)`,

  `create table waiting_lots (
    wallet_id uuid not null,
    id uuid not null,
    available_micros bigint not null check (available_micros >= 0),
    held_micros bigint not null check (held_micros >= 0),
    priority integer not null,
    flags smallint not null,
    effective_ms bigint not null,
    expires_ms bigint,
    traits jsonb,
    primary key (wallet_id, id)
  )`,

  `drop trigger lots_never_change on lots`,
  `alter table lots
    drop constraint lots_check,
    add foreign key (wallet_id) references wallets,
    add category text check (category in ('paid', 'promotional')),
    add scope text[],
    add repays_debt boolean,
    add late_return_days smallint not null default 0 check (late_return_days >= 0),
    add metadata jsonb,
    add expired_micros bigint not null default 0 check (expired_micros >= 0),
    add revoked_micros bigint not null default 0 check (revoked_micros >= 0),
    add is_frozen boolean not null default false,
    add check (expired_micros + revoked_micros <= granted_micros)`,
  `update lots set category = case when lots.source in ('purchase', 'plan') then 'paid' else 'promotional' end,
      repays_debt = lots.source in ('purchase', 'plan'), expired_micros = coalesce(expired.micros, 0)
    from lots as before left join (
      select wallet_id, lot_id, sum(amount_micros) as micros from entries where to_account = 'expired' group by wallet_id, lot_id
    ) as expired on expired.wallet_id = before.wallet_id and expired.lot_id = before.id
    where lots.wallet_id = before.wallet_id and lots.id = before.id`,
  `alter table lots alter category set not null, alter repays_debt set not null`,
  // Of a lot only what becomes of it changes.
  `create function refuse_lot_change() returns trigger language plpgsql as $$
    begin
      raise exception 'lots are never changed but in what became of them';
    end
  $$`,
  `create trigger lots_never_change before update on lots for each row
    when ((old.wallet_id, old.id, old.source, old.name, old.granted_micros, old.paid_amount_minor, old.paid_currency, old.priority, old.effective_at,
        old.order_id, old.granted_at, old.category, old.scope, old.repays_debt, old.late_return_days, old.metadata)
      is distinct from (new.wallet_id, new.id, new.source, new.name, new.granted_micros, new.paid_amount_minor, new.paid_currency, new.priority, new.effective_at,
        new.order_id, new.granted_at, new.category, new.scope, new.repays_debt, new.late_return_days, new.metadata))
    execute function refuse_lot_change()`,
  `create trigger lots_never_go before delete or truncate on lots for each statement execute function refuse_change()`,

  `alter table holds
    drop constraint holds_amount_micros_check,
    drop constraint holds_check,
    add check (amount_micros >= 0),
    add time_to_live_ms bigint,
    add from_shares_micros bigint,
    add asked_micros bigint,
    add refused_micros bigint not null default 0 check (refused_micros >= 0),
    add checkpoint_micros bigint not null default 0 check (checkpoint_micros >= 0),
    add on_lapse lapse_policy not null default 'release',
    add limit_names text[],
    add limit_starts timestamptz[]`,
  `update holds set time_to_live_ms = (extract(epoch from expires_at - placed_at) * 1000)::bigint, from_shares_micros = captured_micros, asked_micros = captured_micros`,
  `alter table holds alter time_to_live_ms set not null, alter from_shares_micros set not null, alter asked_micros set not null,
    add check (from_shares_micros between 0 and amount_micros),
    add check (captured_micros >= from_shares_micros)`,

  // What one transaction made the wallet owe, and which lots repaid it.
  `create table debts (
    wallet_id uuid not null,
    transaction bigint not null,
    amount_micros bigint not null check (amount_micros > 0),
    open_micros bigint not null check (open_micros between 0 and amount_micros),
    repaid_lot_ids uuid[] not null,
    repaid_micros bigint[] not null check (cardinality(repaid_micros) = cardinality(repaid_lot_ids)),
    primary key (wallet_id, transaction)
  )`,
  `create index debts_open on debts (wallet_id, transaction) where open_micros > 0`,

  // What of a charge or a capture was refunded, and to which lots.
  `create table charge_refunds (
    wallet_id uuid not null,
    transaction bigint not null,
    refunded_micros bigint not null check (refunded_micros > 0),
    returned_lot_ids uuid[] not null,
    returned_micros bigint[] not null check (cardinality(returned_micros) = cardinality(returned_lot_ids)),
    primary key (wallet_id, transaction)
  )`,

  `create table limit_counts (
    wallet_id uuid not null,
    name text not null,
    starts_at timestamptz not null,
    used_micros bigint not null check (used_micros >= 0),
    primary key (wallet_id, name, starts_at)
  ) with (fillfactor = 70)`,

  `alter table customers add erased_at timestamptz`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
