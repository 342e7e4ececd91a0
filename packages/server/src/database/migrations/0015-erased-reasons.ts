import { type Kysely, sql } from 'kysely'

/** What was typed about a customer who is erased goes; that they were blocked, when and by whom stays for good. */
const statements = [
  `drop trigger customer_blocks_never_change on customer_blocks`,
  `alter table customer_blocks alter reason drop not null`,
  `create function refuse_block_change() returns trigger language plpgsql as $$
    begin
      raise exception 'customer_blocks are never changed but by erasing their reason';
    end
  $$`,
  `create trigger customer_blocks_never_change before update on customer_blocks for each row
    when (new.reason is not null or (old.id, old.mode, old.customer_id, old.is_blocked, old.actor, old.at)
      is distinct from (new.id, new.mode, new.customer_id, new.is_blocked, new.actor, new.at))
    execute function refuse_block_change()`,
  `create trigger customer_blocks_never_go before delete or truncate on customer_blocks for each statement execute function refuse_change()`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
