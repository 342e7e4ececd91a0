import { type Kysely, sql } from 'kysely'

/** Credits that a provider's own credit system grants, each used for one purchase at most; and what of ours is posted back to it. */
const statements = [
  `create table provider_entitlements (
    provider text not null,
    mode text not null check (mode in ('test', 'live')),
    unit text not null,
    entitlement_id text not null,
    primary key (provider, mode, unit)
  )`,

  `create table credit_grants (
    provider text not null,
    grant_id text not null,
    mode text not null check (mode in ('test', 'live')),
    provider_customer_id text not null,
    entitlement_id text not null,
    credits_micros bigint,
    reference_id text,
    payment_id text,
    received_at timestamptz not null,
    primary key (provider, grant_id)
  )`,
  `create index credit_grants_unused on credit_grants (provider, provider_customer_id) where payment_id is null`,
  `create unique index credit_grants_of_payment on credit_grants (provider, payment_id) where payment_id is not null`,

  `create index payments_awaiting_credits on payments (provider, provider_customer_id) where standing = 'awaiting_credits'`,

  `alter table provider_products add column grant_on text not null default 'payment' check (grant_on in ('payment', 'entitlement'))`,

  `create table mirrors (
    wallet_id uuid not null,
    provider text not null,
    entitlement_id text not null,
    provider_customer_id text not null,
    posted_micros bigint not null default 0,
    pending_key text,
    pending_micros bigint,
    note text,
    looked_at timestamptz not null,
    retry_at timestamptz,
    primary key (wallet_id, provider, entitlement_id),
    check ((pending_key is null) = (pending_micros is null))
  )`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
