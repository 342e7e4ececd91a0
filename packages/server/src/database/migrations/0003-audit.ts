import { type Kysely, sql } from 'kysely'

/** Events, and how far the verification that goes on in the background has come. */
const statements = [
  `create table events (
    id uuid primary key,
    type text not null,
    mode text check (mode in ('test', 'live')),
    wallet_id uuid,
    data jsonb not null,
    at timestamptz not null
  )`,
  `create index events_of_wallet on events (wallet_id, type, id) where wallet_id is not null`,
  `create trigger events_never_change before update or delete or truncate on events for each statement execute function refuse_change()`,

  // One row. Whoever finds it due takes the next slice, and puts it off until that is done.
  `create table verification (
    is_only boolean primary key default true check (is_only),
    after_wallet_id uuid,
    due_at timestamptz not null,
    round_began_at timestamptz,
    round_differences integer not null default 0,
    last_round_ended_at timestamptz,
    last_round_differences integer
  )`,
  `insert into verification (due_at) values (to_timestamp(0))`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
