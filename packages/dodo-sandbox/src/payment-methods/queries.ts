import { parseDocument, type Row, type Transaction } from '../store/store.ts'
import type { PaymentMethod } from './payment-method.ts'

export interface StoredPaymentMethod {
  customer_id: string
  card_number: string
  method: PaymentMethod
}

/** Puts a card down, not saved yet. */
export function insertPaymentMethod(tx: Transaction, stored: StoredPaymentMethod): void {
  tx.run(
    'insert into payment_methods (payment_method_id, customer_id, card_number, document, saved) values (?, ?, ?, ?, 0)',
    stored.method.payment_method_id,
    stored.customer_id,
    stored.card_number,
    JSON.stringify(stored.method),
  )
}

export function updatePaymentMethodDocument(tx: Transaction, method: PaymentMethod): void {
  tx.run(
    'update payment_methods set document = ? where payment_method_id = ?',
    JSON.stringify(method),
    method.payment_method_id,
  )
}

export function markSaved(tx: Transaction, paymentMethodId: string): void {
  tx.run('update payment_methods set saved = 1 where payment_method_id = ?', paymentMethodId)
}

/** Marks it deleted: what it was charged for stays explained. */
export function deletePaymentMethod(tx: Transaction, paymentMethodId: string): void {
  tx.run('update payment_methods set deleted = 1 where payment_method_id = ?', paymentMethodId)
}

/** One that is there still. */
export function findPaymentMethod(tx: Transaction, paymentMethodId: string): StoredPaymentMethod | undefined {
  const row = tx.get(
    'select * from payment_methods where payment_method_id = ? and saved = 1 and deleted = 0',
    paymentMethodId,
  )
  return row && stored(row)
}

/** A customer's saved cards, the last saved first. */
export function listPaymentMethods(tx: Transaction, customerId: string): StoredPaymentMethod[] {
  return tx
    .all(
      'select * from payment_methods where customer_id = ? and saved = 1 and deleted = 0 order by position desc',
      customerId,
    )
    .map(stored)
}

function stored(row: Row): StoredPaymentMethod {
  return {
    customer_id: String(row['customer_id']),
    card_number: String(row['card_number']),
    method: parseDocument(row) as PaymentMethod,
  }
}
