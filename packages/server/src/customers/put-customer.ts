import type { Transaction } from '../database/database.ts'
import type { Customer } from './customer.ts'
import { type EnsureCustomers, ensureCustomers } from './ensure-customers.ts'
import * as queries from './queries.ts'

export interface PutCustomer extends Omit<EnsureCustomers, 'customers'> {
  readonly customer: string
  /** Undefined leaves it, null clears it. */
  readonly email: string | null | undefined
  readonly name: string | null | undefined
}

/** Makes the customer unless known, and notes e-mail and name. */
export async function putCustomer(tx: Transaction, input: PutCustomer): Promise<Customer> {
  await ensureCustomers(tx, { ...input, customers: [input.customer] })
  return queries.update(tx, input)
}
