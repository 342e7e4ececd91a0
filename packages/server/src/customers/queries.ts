import type { Selectable } from 'kysely'
import type { Transaction } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import type { Mode } from '../kernel/ids.ts'
import { invariant } from '../kernel/refusal.ts'
import type { Customer } from './customer.ts'

interface CustomerKey {
  readonly mode: Mode
  readonly customer: string
}

/** Which rows are new. Waits for another's insert of the same row; in the order of their ids, so that two never wait for each other. */
export async function insertMissing(
  tx: Transaction,
  { mode, customers }: { mode: Mode; customers: readonly string[] },
): Promise<string[]> {
  const inserted = await tx.db
    .insertInto('customers')
    .values(
      [...new Set(customers)].sort().map((id) => ({ mode, id, email: null, name: null, created_at: tx.now })),
    )
    .onConflict((conflict) => conflict.columns(['mode', 'id']).doNothing())
    .returning('id')
    .execute()
  return inserted.map((row) => row.id)
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
  const isKnownAgain = typeof email === 'string' || typeof name === 'string'
  const row = await tx.db
    .updateTable('customers')
    .set({
      id: customer,
      ...(email === undefined ? {} : { email }),
      ...(name === undefined ? {} : { name }),
      ...(isKnownAgain ? { erased_at: null } : {}),
    })
    .where('mode', '=', mode)
    .where('id', '=', customer)
    .returningAll()
    .executeTakeFirst()
  invariant(row !== undefined, 'a customer just ensured is there')
  return customerFrom(row)
}

export async function find(tx: Transaction, { mode, customer }: CustomerKey): Promise<Customer | undefined> {
  const row = await tx.db
    .selectFrom('customers')
    .selectAll()
    .where('mode', '=', mode)
    .where('id', '=', customer)
    .executeTakeFirst()
  return row === undefined ? undefined : customerFrom(row)
}

export async function lock(tx: Transaction, { mode, customer }: CustomerKey): Promise<Customer | undefined> {
  const row = await tx.db
    .selectFrom('customers')
    .selectAll()
    .where('mode', '=', mode)
    .where('id', '=', customer)
    .forUpdate()
    .executeTakeFirst()
  return row === undefined ? undefined : customerFrom(row)
}

export async function blank(tx: Transaction, { mode, customer }: CustomerKey): Promise<Customer> {
  const row = await tx.db
    .updateTable('customers')
    .set((row) => ({
      email: null,
      name: null,
      erased_at: row.fn.coalesce(row.ref('erased_at'), row.val(tx.now)),
    }))
    .where('mode', '=', mode)
    .where('id', '=', customer)
    .returningAll()
    .executeTakeFirstOrThrow()
  return customerFrom(row)
}

function customerFrom(row: Selectable<Tables['customers']>): Customer {
  return {
    mode: row.mode as Mode,
    id: row.id,
    email: row.email ?? undefined,
    name: row.name ?? undefined,
    createdAt: row.created_at,
    erasedAt: row.erased_at ?? undefined,
  }
}
