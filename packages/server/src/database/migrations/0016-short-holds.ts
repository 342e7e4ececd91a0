import { type Kysely, sql } from 'kysely'

/** How much an observed hold did not find of what it was to set aside; null for nothing, as for nearly all. */
const statements = [`alter table holds add short_micros bigint check (short_micros > 0)`]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
