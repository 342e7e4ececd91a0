import type { Transaction } from '../database/database.ts'
import type { Mode } from '../kernel/ids.ts'
import type { PaymentFailure, ProviderPayment } from '../providers/provider.ts'
import type { Order } from './order.ts'
import * as queries from './queries.ts'

export interface RecordPaymentFailure {
  readonly provider: string
  readonly mode: Mode
  readonly payment: ProviderPayment
  readonly failure: PaymentFailure
}

/**
 * Notes on the order why its payment came to nothing. The order stays as it is, for the customer may try again in the same checkout. A failure told
 * after the success is of an earlier attempt, and changes nothing. Answers undefined when the payment is of no order of ours.
 */
export async function recordPaymentFailure(
  tx: Transaction,
  { provider, mode, payment, failure }: RecordPaymentFailure,
): Promise<Order | undefined> {
  if (payment.orderId === undefined) return undefined
  const order = await queries.lockOrder(tx, payment.orderId)
  if (order === undefined || order.mode !== mode || order.provider !== provider) return undefined
  if (order.state === 'created' || order.state === 'open') await queries.setFailure(tx, order.id, failure)
  return order
}
