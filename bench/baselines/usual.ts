import type pg from 'pg'
import { balanceOf, isKeyUsed, prepared, replay } from './accounts.ts'

const lock = prepared('lock', 'select balance_micros as balance from accounts where id = $1 for update')
const update = prepared(
  'update',
  'update accounts set balance_micros = balance_micros - $2, updated_at = now() where id = $1 returning balance_micros as balance',
)
const insert = prepared(
  'insert',
  'insert into entries (account_id, key, amount_micros, balance_after_micros) values ($1, $2, $3, $4)',
)

/** The usual way: a transaction for each request, which locks the row, looks, changes it, writes down what was done, and commits. */
export async function chargeUsually(
  client: pg.Client,
  account: number,
  key: string,
  amount: string,
): Promise<bigint> {
  await client.query('begin')
  try {
    const before = balanceOf(await lock(client, [account]))
    if (before < BigInt(amount)) throw new Error('There are not enough credits.')
    const after = balanceOf(await update(client, [account, amount]))
    await insert(client, [account, key, amount, after.toString()])
    await client.query('commit')
    return after
  } catch (error) {
    await client.query('rollback')
    if (isKeyUsed(error)) return balanceOf(await replay(client, [account, key]))
    throw error
  }
}
