import { type Kysely, sql } from 'kysely'

/** Refunds that were asked for here: written down before the provider is called, so that none is lost and none is sent twice. */
const statements = [
  `create table refund_requests (
    id uuid primary key,
    mode text not null check (mode in ('test', 'live')),
    provider text not null,
    payment_id text not null,
    order_id uuid not null references orders,
    kind text not null check (kind in ('unused', 'all', 'amount')),
    amount_minor bigint not null check (amount_minor > 0),
    currency text not null,
    credits_micros bigint check (credits_micros > 0),
    reason text,
    actor text,
    key uuid not null,
    fingerprint bigint not null,
    sends integer not null check (sends > 0),
    looks integer not null default 0,
    refund_id text,
    failure text,
    look_at timestamptz,
    created_at timestamptz not null,
    unique (order_id, key),
    check ((kind = 'unused') = (credits_micros is not null)),
    check (failure is null or look_at is null)
  )`,
  `create index refund_requests_of_payment on refund_requests (provider, payment_id)`,
  `create index refund_requests_to_look_after on refund_requests (look_at) where look_at is not null`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
