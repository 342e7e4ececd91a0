import type { Transaction } from '../database/database.ts'
import type { Customer } from './customer.ts'
import { type EnsureCustomer, ensureCustomer } from './ensure-customer.ts'
import * as queries from './queries.ts'

export interface PutCustomer extends EnsureCustomer {
  /** Undefined leaves it, null clears it. */
  readonly email: string | null | undefined
  readonly name: string | null | undefined
}

/** Makes the customer unless known, and notes e-mail and name. */
export async function putCustomer(tx: Transaction, input: PutCustomer): Promise<Customer> {
  await ensureCustomer(tx, input)
  return queries.update(tx, input)
}
