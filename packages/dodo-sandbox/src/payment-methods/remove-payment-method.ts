import { notFound } from '../kernel/refusal.ts'
import type { Transaction } from '../store/store.ts'
import * as queries from './queries.ts'

export interface RemovePaymentMethod {
  customerId: string
  paymentMethodId: string
}

/** Forgets a customer's saved card. Another customer's is not found. */
export function removePaymentMethod(
  tx: Transaction,
  { customerId, paymentMethodId }: RemovePaymentMethod,
): void {
  const found = queries.findPaymentMethod(tx, paymentMethodId)
  if (found?.customer_id !== customerId) throw notFound('payment method', paymentMethodId)
  queries.deletePaymentMethod(tx, paymentMethodId)
}
