import { type Kysely, sql } from 'kysely'

/** Customers that turned out to be others, and the credits that went over: what was taken is written down before it arrives. */
const statements = [
  `create table merges (
    mode text not null check (mode in ('test', 'live')),
    customer_id text not null,
    into_customer_id text not null check (into_customer_id <> customer_id),
    created_at timestamptz not null,
    looks_at timestamptz,
    primary key (mode, customer_id),
    foreign key (mode, customer_id) references customers,
    foreign key (mode, into_customer_id) references customers
  )`,
  `create index merges_to_look_at on merges (looks_at) where looks_at is not null`,

  `create table merge_takings (
    wallet_id uuid not null,
    number integer not null check (number > 0),
    mode text not null check (mode in ('test', 'live')),
    customer_id text not null,
    into_customer_id text not null,
    unit text not null,
    lots jsonb not null,
    taken_at timestamptz not null,
    arrived_at timestamptz,
    primary key (wallet_id, number)
  )`,
  `create index merge_takings_on_their_way on merge_takings (taken_at) where arrived_at is null`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
