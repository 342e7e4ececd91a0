import { type Kysely, sql } from 'kysely'

/** Walks over what the provider has: how far the last one came, and what it found. */
const statements = [
  `create table reconciliations (
    id uuid primary key,
    provider text not null,
    mode text not null check (mode in ('test', 'live')),
    from_at timestamptz not null,
    began_at timestamptz not null,
    ended_at timestamptz,
    reads jsonb not null default '{}',
    findings jsonb not null default '[]',
    error text,
    is_dry_run boolean not null default false
  )`,
  `create index reconciliations_latest on reconciliations (provider, mode, began_at desc)`,
  `create index payments_by_creation on payments (provider, mode, created_at) where state = 'succeeded'`,
  `create index payments_under_way on payments (provider, mode) where state = 'processing'`,
  `create index refunds_under_way on refunds (provider, mode) where state in ('pending', 'review')`,
  `create index disputes_undecided on disputes (provider, mode) where state in ('open', 'expired')`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
