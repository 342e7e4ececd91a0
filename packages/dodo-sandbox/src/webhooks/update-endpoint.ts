import type { z } from 'zod'
import { notFound } from '../kernel/refusal.ts'
import type { Transaction } from '../store/store.ts'
import type { updateEndpointSchema, WebhookEndpoint } from './endpoint.ts'
import * as queries from './queries.ts'

export interface UpdateEndpoint {
  endpointId: string
  changes: z.output<typeof updateEndpointSchema>
}

/** Changes what is given; `null` for `filter_types` or `rate_limit` lifts them. */
export function updateEndpoint(tx: Transaction, { endpointId, changes }: UpdateEndpoint): WebhookEndpoint {
  const found = queries.findEndpoint(tx, endpointId)
  if (!found) throw notFound('webhook', endpointId)
  const { endpoint } = found
  const updated: WebhookEndpoint = {
    ...endpoint,
    url: changes.url ?? endpoint.url,
    description: changes.description ?? endpoint.description,
    metadata: changes.metadata ?? endpoint.metadata,
    disabled: changes.disabled ?? endpoint.disabled,
    filter_types: changes.filter_types === undefined ? endpoint.filter_types : changes.filter_types,
    rate_limit: changes.rate_limit === undefined ? endpoint.rate_limit : changes.rate_limit,
    updated_at: tx.now.toISOString(),
  }
  queries.updateEndpointDocument(tx, updated)
  return updated
}
