import type pg from 'pg'
import { balanceOf, isKeyUsed, prepared, replay } from './accounts.ts'

const charge = prepared(
  'charge',
  `with charged as (
      update accounts set balance_micros = balance_micros - $3, updated_at = now()
      where id = $1 and balance_micros >= $3
      returning balance_micros
    )
    insert into entries (account_id, key, amount_micros, balance_after_micros)
    select $1, $2, $3, balance_micros from charged
    returning balance_after_micros as balance`,
)

/** The quick way: one statement, one round trip and one commit for each request. */
export async function chargeInOneStatement(
  client: pg.Client,
  account: number,
  key: string,
  amount: string,
): Promise<bigint> {
  try {
    return balanceOf(await charge(client, [account, key, amount]))
  } catch (error) {
    if (isKeyUsed(error)) return balanceOf(await replay(client, [account, key]))
    throw error
  }
}
