import { type Kysely, sql } from 'kysely'

/**
 * Tables that grow with use start their primary key with the wallet's id, and every unique constraint contains it, so that wallets can be
 * spread over machines. Entries have no foreign keys: each costs 5 µs of 25 a charge, and what they would check is checked by `verify`.
 */
const statements = [
  `create type account as enum ('issued', 'available', 'held', 'spent', 'expired', 'revoked', 'debt')`,
  `create type ledger_operation as enum ('grant', 'charge', 'hold', 'capture', 'release', 'lapse', 'expire')`,
  `create type hold_state as enum ('placed', 'captured', 'released', 'lapsed')`,

  // Open lots live in the wallet's row, in the order in which they burn, so that a charge reads and writes one row. The low fill factor
  // and the absence of other indexes keep the update inside its page (HOT).
  `create table wallets (
    id uuid primary key,
    mode text not null check (mode in ('test', 'live')),
    customer_id text not null check (char_length(customer_id) between 1 and 255),
    unit text not null,
    available_micros bigint not null default 0 check (available_micros >= 0),
    held_micros bigint not null default 0 check (held_micros >= 0),
    debt_micros bigint not null default 0 check (debt_micros >= 0),
    lot_ids uuid[] not null default '{}',
    lot_available_micros bigint[] not null default '{}' check (0 <= all (lot_available_micros)),
    lot_held_micros bigint[] not null default '{}' check (0 <= all (lot_held_micros)),
    lot_priorities integer[] not null default '{}',
    lot_effective_ms bigint[] not null default '{}',
    lot_expires_ms bigint[] not null default '{}',
    next_lapse_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    check (cardinality(lot_ids) = cardinality(lot_available_micros)
      and cardinality(lot_ids) = cardinality(lot_held_micros)
      and cardinality(lot_ids) = cardinality(lot_priorities)
      and cardinality(lot_ids) = cardinality(lot_effective_ms)
      and cardinality(lot_ids) = cardinality(lot_expires_ms))
  ) with (fillfactor = 50)`,

  `create table lots (
    wallet_id uuid not null references wallets,
    id uuid not null,
    source text not null check (source in ('purchase', 'plan', 'promotion', 'gift', 'referral', 'adjustment')),
    name text not null,
    granted_micros bigint not null check (granted_micros > 0),
    paid_amount_minor bigint check (paid_amount_minor >= 0),
    paid_currency text,
    priority integer not null,
    effective_at timestamptz not null,
    expires_at timestamptz check (expires_at > effective_at),
    order_id uuid,
    granted_at timestamptz not null,
    primary key (wallet_id, id)
  )`,

  // The key stands on the last entry of its transaction, with the balance after it, so that a replay answers what was answered.
  `create table entries (
    wallet_id uuid not null,
    transaction_id uuid not null,
    position smallint not null,
    operation ledger_operation not null,
    lot_id uuid not null,
    from_account account not null,
    to_account account not null check (to_account <> from_account),
    amount_micros bigint not null check (amount_micros > 0),
    hold_id uuid,
    catalog_id integer,
    key uuid,
    fingerprint bigint check ((fingerprint is null) = (key is null)),
    available_after_micros bigint,
    held_after_micros bigint,
    debt_after_micros bigint,
    spendable_after_micros bigint,
    effective_at timestamptz not null,
    recorded_at timestamptz not null,
    action text,
    description text,
    primary key (wallet_id, transaction_id, position)
  )`,
  `create unique index entries_key on entries (key, wallet_id) where key is not null`,

  `create function refuse_change() returns trigger language plpgsql as $$
    begin
      raise exception '% are never changed: a new row corrects an old one', tg_table_name;
    end
  $$`,
  `create trigger entries_never_change before update or delete or truncate on entries for each statement execute function refuse_change()`,
  `create trigger lots_never_change before update or delete or truncate on lots for each statement execute function refuse_change()`,

  `create table holds (
    wallet_id uuid not null,
    id uuid not null,
    state hold_state not null,
    amount_micros bigint not null check (amount_micros > 0),
    captured_micros bigint not null default 0 check (captured_micros between 0 and amount_micros),
    lot_ids uuid[] not null,
    lot_amounts_micros bigint[] not null check (cardinality(lot_ids) = cardinality(lot_amounts_micros)),
    action text,
    description text,
    catalog_id integer,
    placed_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz check ((ended_at is null) = (state = 'placed')),
    primary key (wallet_id, id)
  )`,
  `create index holds_that_may_lapse on holds (wallet_id, expires_at) where state = 'placed'`,

  `create table catalogs (
    id integer generated always as identity primary key,
    hash text not null unique,
    body jsonb not null,
    first_used_at timestamptz not null
  )`,
  `create trigger catalogs_never_change before update or delete or truncate on catalogs for each statement execute function refuse_change()`,

  `create table customers (
    mode text not null check (mode in ('test', 'live')),
    id text not null check (char_length(id) between 1 and 255),
    email text,
    name text,
    created_at timestamptz not null,
    primary key (mode, id)
  )`,

  `create table provider_customers (
    provider text not null,
    mode text not null,
    customer_id text not null,
    provider_customer_id text not null,
    primary key (provider, mode, customer_id)
  )`,
  `create table provider_products (
    provider text not null,
    mode text not null,
    pack text not null,
    fingerprint text not null,
    provider_product_id text not null,
    created_at timestamptz not null,
    primary key (provider, mode, pack, fingerprint)
  )`,

  `create table orders (
    id uuid primary key,
    mode text not null check (mode in ('test', 'live')),
    customer_id text not null,
    pack text not null,
    pack_name text not null,
    quantity integer not null check (quantity > 0),
    unit text not null,
    credits_micros bigint not null check (credits_micros > 0),
    amount_minor bigint not null check (amount_minor >= 0),
    currency text not null,
    catalog_id integer not null references catalogs,
    state text not null check (state in ('created', 'open', 'credited')),
    provider text not null,
    provider_product_id text,
    provider_session_id text,
    checkout_url text,
    payment_id text,
    lot_id uuid,
    failure_code text,
    failure_message text,
    key uuid not null,
    fingerprint bigint not null,
    created_at timestamptz not null,
    paid_at timestamptz,
    credited_at timestamptz check ((credited_at is null) = (lot_id is null)),
    unique (mode, customer_id, key)
  )`,
  `create index orders_of_customer on orders (mode, customer_id, id)`,
  `create unique index orders_payment on orders (provider, payment_id) where payment_id is not null`,

  `create table inbox (
    provider text not null,
    message_id text not null,
    event_type text not null,
    order_id uuid,
    headers jsonb not null,
    body text not null,
    state text not null check (state in ('received', 'processed', 'ignored', 'flagged')),
    attempts integer not null default 0,
    note text,
    received_at timestamptz not null,
    due_at timestamptz not null,
    processed_at timestamptz,
    primary key (provider, message_id)
  )`,
  `create index inbox_due on inbox (due_at) where state = 'received'`,
  `create index inbox_of_order on inbox (order_id) where order_id is not null`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
