import { type Kysely, sql } from 'kysely'

/** What providers tell of payments, refunds and disputes: one row each, the newest state that is known, and what became of it here. */
const statements = [
  `create table payments (
    provider text not null,
    payment_id text not null,
    mode text not null check (mode in ('test', 'live')),
    state text not null check (state in ('processing', 'failed', 'cancelled', 'succeeded')),
    order_id uuid references orders,
    customer_id text,
    provider_customer_id text,
    subscription_id text,
    cart jsonb,
    total_minor bigint check (total_minor >= 0),
    tax_minor bigint check (tax_minor between 0 and total_minor),
    currency text,
    settled_total_minor bigint,
    settled_tax_minor bigint,
    settled_currency text,
    discount_codes text[],
    method_id text,
    invoice_id text,
    failure_code text,
    created_at timestamptz,
    standing text not null default 'none' check (standing in ('none', 'awaiting_credits', 'credited', 'unassigned', 'flagged', 'dismissed')),
    note text,
    wallet_id uuid,
    lot_id uuid,
    granted_micros bigint not null default 0 check (granted_micros >= 0),
    revoked_micros bigint not null default 0 check (revoked_micros between 0 and granted_micros),
    is_fully_refunded boolean not null default false,
    is_frozen boolean not null default false,
    freezes integer not null default 0,
    received_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (provider, payment_id),
    check ((total_minor is null) = (currency is null)),
    check ((standing = 'credited') = (lot_id is not null)),
    check ((lot_id is null) = (wallet_id is null))
  )`,
  `create index payments_of_order on payments (order_id) where order_id is not null`,
  `create index payments_to_look_at on payments (mode, received_at) where standing in ('unassigned', 'flagged')`,

  `create table refunds (
    provider text not null,
    refund_id text not null,
    mode text not null check (mode in ('test', 'live')),
    payment_id text not null,
    state text not null check (state in ('pending', 'review', 'succeeded', 'failed')),
    amount_minor bigint check (amount_minor >= 0),
    currency text,
    reason text,
    request_id uuid,
    as_of timestamptz not null,
    created_at timestamptz,
    received_at timestamptz not null,
    primary key (provider, refund_id)
  )`,
  `create index refunds_of_payment on refunds (provider, payment_id)`,

  `create table disputes (
    provider text not null,
    dispute_id text not null,
    mode text not null check (mode in ('test', 'live')),
    payment_id text not null,
    state text not null check (state in ('open', 'expired', 'won', 'lost')),
    stage text not null check (stage in ('pre_dispute', 'dispute', 'pre_arbitration')),
    is_rapidly_resolved boolean not null,
    amount_minor bigint check (amount_minor >= 0),
    currency text,
    reason text,
    as_of timestamptz not null,
    created_at timestamptz,
    received_at timestamptz not null,
    primary key (provider, dispute_id)
  )`,
  `create index disputes_of_payment on disputes (provider, payment_id)`,

  `alter table orders
    drop constraint orders_state_check,
    add constraint orders_state_check check (state in ('created', 'open', 'paid', 'credited')),
    add column origin text not null default 'checkout' check (origin in ('checkout', 'payment')),
    add column grant_on text not null default 'payment' check (grant_on in ('payment', 'entitlement')),
    add column discount_code text,
    add column discount_minor bigint not null default 0 check (discount_minor >= 0),
    add column billing_country text`,

  // A payment that names no order is credited by the product that it bought: what that sold is kept for good.
  `alter table provider_products
    add column pack_name text,
    add column unit text,
    add column credits_micros bigint,
    add column amount_minor bigint,
    add column currency text,
    add column archived_at timestamptz`,
  `update provider_products set pack_name = sold.pack_name, unit = sold.unit, credits_micros = sold.credits_micros / sold.quantity,
      amount_minor = sold.amount_minor / sold.quantity, currency = sold.currency
    from orders sold
    where sold.provider = provider_products.provider and sold.mode = provider_products.mode and sold.pack = provider_products.pack
      and sold.provider_product_id = provider_products.provider_product_id`,
  `create index provider_products_by_id on provider_products (provider, provider_product_id)`,
  `create index provider_customers_by_id on provider_customers (provider, mode, provider_customer_id)`,

  `insert into payments (provider, payment_id, mode, state, order_id, customer_id, created_at, standing, wallet_id, lot_id, granted_micros, received_at, updated_at)
    select orders.provider, orders.payment_id, orders.mode, 'succeeded', orders.id, orders.customer_id, orders.paid_at, 'credited',
      lots.wallet_id, lots.id, lots.granted_micros, orders.credited_at, orders.credited_at
    from orders join lots on lots.id = orders.lot_id
    where orders.payment_id is not null`,

  `alter table inbox add column entity_id text`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
