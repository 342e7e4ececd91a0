import type { z } from 'zod'
import { loadBusiness } from '../store/settings.ts'
import type { Transaction } from '../store/store.ts'
import type { Customer, createCustomerSchema } from './customer.ts'
import * as queries from './queries.ts'

export type CreateCustomer = z.output<typeof createCustomerSchema>

/** Makes a customer. A second one with the same e-mail is a second customer: Dodo documents no other behaviour. */
export function createCustomer(tx: Transaction, input: CreateCustomer): Customer {
  const customer: Customer = {
    customer_id: tx.newId('cus'),
    business_id: loadBusiness(tx).business_id,
    email: input.email,
    name: input.name,
    phone_number: input.phone_number ?? null,
    metadata: input.metadata,
    created_at: tx.now.toISOString(),
    blocked_at: null,
    blocklist_entry_id: null,
  }
  queries.insertCustomer(tx, customer)
  return customer
}
