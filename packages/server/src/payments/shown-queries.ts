/** The statements behind what is shown of payments: of orders, and in lists. */
import type { Transaction } from '../database/database.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Payment } from './payment.ts'
import { paymentFrom } from './queries.ts'

/** Those that succeeded, of the orders. */
export async function listPaidOf(tx: Transaction, orderIds: readonly Uuid[]): Promise<Payment[]> {
  if (orderIds.length === 0) return []
  const rows = await tx.db
    .selectFrom('payments')
    .selectAll()
    .where('order_id', 'in', [...orderIds])
    .where('state', '=', 'succeeded')
    .orderBy('received_at')
    .orderBy('payment_id')
    .execute()
  return rows.map(paymentFrom)
}
