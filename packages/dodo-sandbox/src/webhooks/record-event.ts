import type { Transaction } from '../store/store.ts'
import { listensTo } from './endpoint.ts'
import * as queries from './queries.ts'

export interface RecordEvent {
  type: string
  payloadType: string
  resourceId: string
}

// Svix, which sends Dodo's webhooks, allows an application fewer endpoints than this.
const endpointsMax = 1000

/**
 * Records that something happened, and owes it to every endpoint that listens. It belongs into the transaction that
 * made it happen: then no crash separates the two. What is sent is built later, from the resource's latest state.
 */
export function recordEvent(tx: Transaction, input: RecordEvent): void {
  const occurredAt = tx.now.toISOString()
  const messageId = tx.newId('msg')
  queries.insertMessage(tx, {
    message_id: messageId,
    event_type: input.type,
    payload_type: input.payloadType,
    resource_id: input.resourceId,
    occurred_at: occurredAt,
  })
  for (const endpoint of queries.listEndpoints(tx, undefined, endpointsMax)) {
    if (!listensTo(endpoint, input.type)) continue
    queries.insertDelivery(tx, { messageId, endpointId: endpoint.id, nextAttemptAt: occurredAt })
  }
}
