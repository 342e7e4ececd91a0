import { type Kysely, sql } from 'kysely'

/** Customers who can buy nothing: what persons decided, and of which disputes somebody has lifted what followed. */
const statements = [
  `create table customer_blocks (
    id uuid primary key,
    mode text not null,
    customer_id text not null,
    is_blocked boolean not null,
    actor text not null,
    reason text not null,
    at timestamptz not null,
    foreign key (mode, customer_id) references customers (mode, id)
  )`,
  `create index customer_blocks_of_customer on customer_blocks (mode, customer_id, at desc, id desc)`,
  `create trigger customer_blocks_never_change before update or delete or truncate on customer_blocks for each statement execute function refuse_change()`,
  `alter table disputes add column block_lifted_at timestamptz`,
  `create index merges_into on merges (mode, into_customer_id)`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
