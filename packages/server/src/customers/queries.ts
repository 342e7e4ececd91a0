import type { Transaction } from '../database/database.ts'
import type { Mode } from '../kernel/ids.ts'
import { invariant } from '../kernel/refusal.ts'
import type { Customer } from './customer.ts'

interface CustomerKey {
  readonly mode: Mode
  readonly customer: string
}

/** Whether the row is new. Waits for another's insert of the same row. */
export async function insertIfMissing(tx: Transaction, { mode, customer }: CustomerKey): Promise<boolean> {
  const inserted = await tx.db
    .insertInto('customers')
    .values({ mode, id: customer, email: null, name: null, created_at: tx.now })
    .onConflict((conflict) => conflict.columns(['mode', 'id']).doNothing())
    .returning('id')
    .executeTakeFirst()
  return inserted !== undefined
}

export interface CustomerChange extends CustomerKey {
  /** Undefined leaves it, null clears it. */
  readonly email: string | null | undefined
  readonly name: string | null | undefined
}

export async function update(
  tx: Transaction,
  { mode, customer, email, name }: CustomerChange,
): Promise<Customer> {
  await tx.db
    .updateTable('customers')
    .set({
      id: customer,
      ...(email === undefined ? {} : { email }),
      ...(name === undefined ? {} : { name }),
    })
    .where('mode', '=', mode)
    .where('id', '=', customer)
    .execute()
  const row = await tx.db
    .selectFrom('customers')
    .selectAll()
    .where('mode', '=', mode)
    .where('id', '=', customer)
    .executeTakeFirst()
  invariant(row !== undefined, 'a customer just ensured is there')
  return {
    mode,
    id: row.id,
    email: row.email ?? undefined,
    name: row.name ?? undefined,
    createdAt: row.created_at,
  }
}
