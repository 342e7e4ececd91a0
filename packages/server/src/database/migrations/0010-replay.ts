import { type Kysely, sql } from 'kysely'

/** Messages are listed and played again; what is told late, or again, is known to be older than what was told since. */
const statements = [
  `create index inbox_by_time on inbox (received_at, message_id)`,
  `create index inbox_of_entity on inbox (entity_id) where entity_id is not null`,
  `create index inbox_flagged on inbox (received_at) where state = 'flagged'`,
  `alter table payments add column as_of timestamptz`,
  `alter table orders add column failure_as_of timestamptz`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
