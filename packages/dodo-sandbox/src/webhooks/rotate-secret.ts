import { newWebhookSecret } from '../kernel/ids.ts'
import { notFound } from '../kernel/refusal.ts'
import type { Transaction } from '../store/store.ts'
import * as queries from './queries.ts'

// Dodo's documentation: after a rotation the old secret stays valid for 24 hours.
const overlapMs = 24 * 3_600_000

/**
 * Gives an endpoint a new secret. For 24 hours by the sandbox's clock the old one signs beside it, so that a receiver can
 * change over at leisure. Of two rotations within that time, the secret before the first is forgotten.
 */
export function rotateSecret(
  tx: Transaction,
  { endpointId }: { endpointId: string },
): { secret: string; previous_valid_until: string } {
  const stored = queries.findEndpoint(tx, endpointId)
  if (!stored) throw notFound('webhook', endpointId)
  const secret = newWebhookSecret(tx.random)
  const until = new Date(tx.now.getTime() + overlapMs).toISOString()
  queries.updateEndpointSecret(tx, endpointId, secret, { secret: stored.secret, until })
  return { secret, previous_valid_until: until }
}

/** The secrets that sign now, the current one first. */
export function signingSecrets(tx: Transaction, stored: queries.StoredEndpoint): string[] {
  const { secret, previous } = stored
  return previous !== undefined && previous.until > tx.now.toISOString()
    ? [secret, previous.secret]
    : [secret]
}
