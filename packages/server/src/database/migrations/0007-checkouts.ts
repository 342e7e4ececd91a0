import { type Kysely, sql } from 'kysely'

/** What a checkout freezes beyond a fixed price, what a person decides about a payment, and the consent behind a saved way to pay. */
const statements = [
  `alter table orders
    add constraint orders_discount_check check (discount_minor <= amount_minor and (discount_code is not null or discount_minor = 0)),
    add column adopted_product_id text,
    add column least_minor bigint,
    add column most_minor bigint,
    add constraint orders_chosen_check check ((least_minor is null) = (most_minor is null) and amount_minor between least_minor and most_minor)`,

  // Where the customer chooses what to pay, amount_minor and credits_micros are those of the least.
  `alter table provider_products add column most_minor bigint`,

  `alter table payments
    add column decided_by text,
    add column decided_at timestamptz`,
  `create index payments_by_arrival on payments (mode, received_at desc, payment_id desc)`,

  `create table payment_consents (
    id uuid primary key,
    mode text not null check (mode in ('test', 'live')),
    customer_id text not null,
    order_id uuid not null unique references orders,
    provider text not null,
    consent_text text not null,
    url text,
    ip text,
    given_at timestamptz not null,
    provider_customer_id text,
    method_id text,
    saved_at timestamptz,
    removed_at timestamptz,
    check ((method_id is null) = (saved_at is null))
  )`,
  `create index payment_consents_of_customer on payment_consents (mode, customer_id)`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
