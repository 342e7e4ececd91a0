import * as customers from '../customers/queries.ts'
import { notFound } from '../kernel/refusal.ts'
import type { Transaction } from '../store/store.ts'
import * as queries from './queries.ts'

// Dodo's documentation: a link to the portal is good for 24 hours.
const lifetimeMs = 24 * 3_600_000

export interface CreatePortalSession {
  customerId: string
  returnUrl: string | null
}

/** Makes a link to the customer's portal, and answers the token it carries. */
export function createPortalSession(
  tx: Transaction,
  { customerId, returnUrl }: CreatePortalSession,
): { token: string } {
  if (!customers.findCustomer(tx, customerId)) throw notFound('customer', customerId)
  const token = tx.newId('cps')
  const expiresAt = new Date(tx.now.getTime() + lifetimeMs).toISOString()
  queries.insertPortalSession(tx, {
    token,
    customer_id: customerId,
    return_url: returnUrl,
    expires_at: expiresAt,
  })
  return { token }
}
