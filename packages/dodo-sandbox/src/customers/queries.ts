import type { Page } from '../http/parse.ts'
import { parseDocument, type Transaction } from '../store/store.ts'
import type { Customer } from './customer.ts'

export function insertCustomer(tx: Transaction, customer: Customer): void {
  tx.run(
    'insert into customers (customer_id, document) values (?, ?)',
    customer.customer_id,
    JSON.stringify(customer),
  )
}

export function updateCustomerDocument(tx: Transaction, customer: Customer): void {
  tx.run(
    'update customers set document = ? where customer_id = ?',
    JSON.stringify(customer),
    customer.customer_id,
  )
}

export function findCustomer(tx: Transaction, customerId: string): Customer | undefined {
  const row = tx.get('select document from customers where customer_id = ?', customerId)
  return row && (parseDocument(row) as Customer)
}

/** The customer made last with this e-mail, which is the one a checkout takes. */
export function findLatestCustomerByEmail(tx: Transaction, email: string): Customer | undefined {
  const row = tx.get(
    'select document from customers where lower(email) = lower(?) order by position desc limit 1',
    email,
  )
  return row && (parseDocument(row) as Customer)
}

export interface ListCustomers extends Page {
  email?: string | undefined
  name?: string | undefined
  created_at_gte?: string | undefined
  created_at_lte?: string | undefined
}

export function listCustomers(tx: Transaction, input: ListCustomers): Customer[] {
  return tx
    .all(
      `select document from customers
       where (?1 is null or lower(email) = lower(?1))
         and (?2 is null or instr(lower(name), lower(?2)) > 0)
         and (?3 is null or created_at >= ?3) and (?4 is null or created_at <= ?4)
       order by position desc limit ?5 offset ?6`,
      input.email ?? null,
      input.name ?? null,
      input.created_at_gte ?? null,
      input.created_at_lte ?? null,
      input.page_size,
      input.page_number * input.page_size,
    )
    .map((row) => parseDocument(row) as Customer)
}
