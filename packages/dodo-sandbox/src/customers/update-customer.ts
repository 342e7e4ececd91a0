import type { z } from 'zod'
import { notFound } from '../kernel/refusal.ts'
import type { Transaction } from '../store/store.ts'
import type { Customer, updateCustomerSchema } from './customer.ts'
import * as queries from './queries.ts'

export interface UpdateCustomer {
  customerId: string
  changes: z.output<typeof updateCustomerSchema>
}

/** Changes what is given. Payments made before keep the details they were made with. */
export function updateCustomer(tx: Transaction, { customerId, changes }: UpdateCustomer): Customer {
  const customer = queries.findCustomer(tx, customerId)
  if (!customer) throw notFound('customer', customerId)
  const updated: Customer = {
    ...customer,
    email: changes.email ?? customer.email,
    name: changes.name ?? customer.name,
    phone_number: changes.phone_number === undefined ? customer.phone_number : changes.phone_number,
    metadata: changes.metadata ?? customer.metadata,
  }
  queries.updateCustomerDocument(tx, updated)
  return updated
}
