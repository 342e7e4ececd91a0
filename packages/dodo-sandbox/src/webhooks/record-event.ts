import { drawMessageFaults, type MessageFaults, unknownTypeBeside } from '../faults/webhook-faults.ts'
import type { Transaction } from '../store/store.ts'
import { listensTo } from './endpoint.ts'
import { payloadTypeOf, unsentPayloadTypes } from './event-types.ts'
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
 * Injected faults are decided here, once for all endpoints.
 * What follows from the event, such as credits from a payment, follows here and now.
 */
export function recordEvent(tx: Transaction, input: RecordEvent): void {
  if (payloadTypeOf(input.type) !== input.payloadType || unsentPayloadTypes.has(input.payloadType))
    throw new Error(
      `${input.type} about a ${input.payloadType} is not an event that event-types.ts lets be sent`,
    )
  const message: queries.Message = {
    message_id: tx.newId('msg'),
    event_type: input.type,
    payload_type: input.payloadType,
    resource_id: input.resourceId,
    occurred_at: tx.now.toISOString(),
    payload_faults: [],
  }
  const faults = drawMessageFaults(tx, message)
  owe(tx, { ...message, payload_faults: faults.payloadFaults }, faults)
  if (faults.unknownTwin) {
    const twin = { ...message, message_id: tx.newId('msg'), event_type: unknownTypeBeside(input.type) }
    owe(tx, twin, { dropped: false, duplicates: 0, delayMs: 0, reordered: false })
  }
  tx.follow(input)
}

type Fate = Pick<MessageFaults, 'dropped' | 'duplicates' | 'delayMs' | 'reordered'>

function owe(tx: Transaction, message: queries.Message, fate: Fate): void {
  queries.insertMessage(tx, message)
  const dueAt = new Date(tx.now.getTime() + fate.delayMs).toISOString()
  for (const endpoint of queries.listEndpoints(tx, undefined, endpointsMax)) {
    if (!listensTo(endpoint, message.event_type)) continue
    queries.insertDelivery(tx, {
      messageId: message.message_id,
      endpointId: endpoint.id,
      nextAttemptAt: fate.dropped ? null : dueAt,
      duplicates: fate.duplicates,
      waitsForNext: fate.reordered,
    })
  }
}
