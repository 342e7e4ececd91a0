import type { StartUpWebhook } from '../kernel/options.ts'
import type { Transaction } from '../store/store.ts'
import { createEndpoint } from './create-endpoint.ts'
import * as queries from './queries.ts'
import { updateEndpoint } from './update-endpoint.ts'

/**
 * Brings the endpoints given at start-up into the state, and answers their secrets in the order given. An entry is
 * known by its place in the list: a server that moved to another port gets what its old port did not answer. An
 * entry that is not given any more is disabled, and what it is owed waits until it is given again.
 */
export function keepStartUpEndpoints(tx: Transaction, webhooks: readonly StartUpWebhook[]): string[] {
  const known = new Map(queries.findStartUpEndpoints(tx).map(({ position, stored }) => [position, stored]))
  const secrets = webhooks.map((webhook, position) => {
    const stored = known.get(position)
    known.delete(position)
    if (!stored) {
      const endpoint = createEndpoint(tx, {
        url: webhook.url,
        description: 'Given at start-up',
        secret: webhook.secret,
        start_up_position: position,
      })
      return queries.findEndpoint(tx, endpoint.id)?.secret ?? ''
    }
    updateEndpoint(tx, { endpointId: stored.endpoint.id, changes: { url: webhook.url, disabled: false } })
    if (webhook.secret === undefined) return stored.secret
    queries.updateEndpointSecret(tx, stored.endpoint.id, webhook.secret)
    return webhook.secret
  })
  for (const stored of known.values())
    updateEndpoint(tx, { endpointId: stored.endpoint.id, changes: { disabled: true } })
  return secrets
}
