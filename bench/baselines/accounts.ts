import pg from 'pg'
import { chargedCredits, grantedCredits, microsPerCredit, walletCount } from '../way.ts'

/**
 * The tables of a credits system without lots, holds or double entry. Written to be quick: integer ids, room in the page for the update, and
 * one index that serves for idempotency and for listing an account's entries.
 */
const schema = `
  create table accounts (
    id bigint primary key,
    balance_micros bigint not null check (balance_micros >= 0),
    updated_at timestamptz not null default now()
  ) with (fillfactor = 50);
  create table entries (
    account_id bigint not null,
    key uuid not null,
    amount_micros bigint not null,
    balance_after_micros bigint not null,
    created_at timestamptz not null default now(),
    primary key (account_id, key)
  );
  insert into accounts select id, ${grantedCredits * microsPerCredit} from generate_series(0, ${walletCount - 1}) as new (id);
  analyze;`

export const amountMicros = (chargedCredits * microsPerCredit).toString()

export async function createAccounts(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(schema)
  } finally {
    await client.end()
  }
}

/** A statement that each connection plans once. */
export function prepared(name: string, text: string) {
  return (client: pg.Client, values: unknown[]) => client.query<{ balance: string }>({ name, text, values })
}

/** What was answered when the key was used: asked after its second use has failed on the primary key. */
export const replay = prepared(
  'replay',
  'select balance_after_micros as balance from entries where account_id = $1 and key = $2',
)

export function isKeyUsed(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '23505'
}

export function balanceOf(result: pg.QueryResult<{ balance: string }>): bigint {
  const [row] = result.rows
  if (row === undefined) throw new Error('There are not enough credits.')
  return BigInt(row.balance)
}
