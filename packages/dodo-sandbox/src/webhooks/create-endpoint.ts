import type { z } from 'zod'
import { newWebhookSecret } from '../kernel/ids.ts'
import type { Transaction } from '../store/store.ts'
import type { createEndpointSchema, WebhookEndpoint } from './endpoint.ts'
import * as queries from './queries.ts'

export interface CreateEndpoint extends z.output<typeof createEndpointSchema> {
  secret?: string | undefined
  start_up_position?: number
}

/** Makes an endpoint with a secret of its own. A repeated `idempotency_key` answers with the endpoint made first. */
export function createEndpoint(tx: Transaction, input: CreateEndpoint): WebhookEndpoint {
  if (input.idempotency_key !== undefined && input.idempotency_key !== null) {
    const made = queries.findEndpointByIdempotencyKey(tx, input.idempotency_key)
    if (made) return made.endpoint
  }
  const now = tx.now.toISOString()
  const endpoint: WebhookEndpoint = {
    id: tx.newId('whk'),
    url: input.url,
    description: input.description ?? '',
    metadata: input.metadata ?? {},
    disabled: input.disabled ?? false,
    filter_types: input.filter_types ?? null,
    rate_limit: input.rate_limit ?? null,
    created_at: now,
    updated_at: now,
  }
  queries.insertEndpoint(tx, {
    endpoint,
    secret: input.secret ?? newWebhookSecret(tx.random),
    headers: input.headers ?? {},
    idempotencyKey: input.idempotency_key ?? null,
    startUpPosition: input.start_up_position ?? null,
  })
  return endpoint
}
