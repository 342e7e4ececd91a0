import { type Kysely, sql } from 'kysely'

/** How far walks over what a provider has have come, window by window, and when one was last at work. */
const statements = [
  `create table watermarks (
    provider text not null,
    mode text not null check (mode in ('test', 'live')),
    settled_until timestamptz,
    walked_at timestamptz,
    primary key (provider, mode)
  )`,
  `create index reconciliations_by_time on reconciliations (began_at)`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
