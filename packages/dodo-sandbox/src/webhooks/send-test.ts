import { notFound, Refusal } from '../kernel/refusal.ts'
import type { Transaction } from '../store/store.ts'
import { payloadTypeOf } from './event-types.ts'
import * as queries from './queries.ts'

export interface SendTest {
  endpointId: string
  eventType: string
}

/**
 * Owes the endpoint one message to try it with, whatever its filter says; it is sent once and not retried. Its body is the
 * resource that a webhook of this kind was about last: the sandbox has nothing made up to send.
 *
 * @throws a 409 when the endpoint is disabled, or nothing of this kind has happened yet
 */
export function sendTest(tx: Transaction, { endpointId, eventType }: SendTest): { deliveryId: string } {
  const stored = queries.findEndpoint(tx, endpointId)
  if (!stored) throw notFound('webhook', endpointId)
  if (stored.endpoint.disabled)
    throw new Refusal(
      409,
      'WEBHOOK_DISABLED',
      `The webhook ${endpointId} is disabled. Enable it, then send the test.`,
    )
  const payloadType = payloadTypeOf(eventType)
  const resourceId = queries.findLatestResource(tx, payloadType)
  if (resourceId === undefined)
    throw new Refusal(
      409,
      'NOTHING_TO_SEND',
      `No webhook about a ${payloadType} was ever owed, so there is none to send as a test. Make one first: a paid checkout makes a Payment.`,
    )
  const message: queries.Message = {
    message_id: tx.newId('msg'),
    event_type: eventType,
    payload_type: payloadType,
    resource_id: resourceId,
    occurred_at: tx.now.toISOString(),
    payload_faults: [],
  }
  queries.insertMessage(tx, message)
  const deliveryId = queries.insertDelivery(tx, {
    messageId: message.message_id,
    endpointId,
    nextAttemptAt: message.occurred_at,
    duplicates: 0,
    waitsForNext: false,
    isTest: true,
  })
  return { deliveryId }
}
