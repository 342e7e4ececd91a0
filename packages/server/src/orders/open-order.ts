import type { Transaction } from '../database/database.ts'
import type { Uuid } from '../kernel/ids.ts'
import { invariant } from '../kernel/refusal.ts'
import type { CheckoutSession } from '../providers/provider.ts'
import type { Order } from './order.ts'
import * as queries from './queries.ts'

export interface OpenOrder {
  readonly orderId: Uuid
  /** What the session sells. */
  readonly productId: string
  readonly session: CheckoutSession
}

/**
 * Notes the provider's checkout. The first one stays: a request of the same key that came second gets it too, and its own is never paid.
 * An order whose payment was faster than this keeps its state.
 */
export async function openOrder(tx: Transaction, { orderId, productId, session }: OpenOrder): Promise<Order> {
  const order = await queries.lockOrder(tx, orderId)
  invariant(order, 'an order is never deleted')
  return order.state === 'created' ? queries.markOpen(tx, { orderId, productId, ...session }) : order
}
