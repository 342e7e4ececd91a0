import { type Kysely, sql } from 'kysely'

/**
 * What moved nothing of a lot: that it was frozen or unfrozen, and little else. So that it is found among millions of entries of its wallet; entries that
 * move something are not in it.
 */
const statements = [
  `create index entries_notes_of_lots on entries (wallet_id, lot_id, number) where from_account is null and lot_id is not null`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
