import type { Transaction } from '../database/database.ts'
import { Refusal } from '../kernel/refusal.ts'
import { storable } from '../kernel/storable.ts'
import type { Log } from '../observability/logger.ts'
import { entityOf } from '../payments/settle-event.ts'
import type { MessageReading, PaymentProvider, VerifiedMessage } from '../providers/provider.ts'
import * as queries from './queries.ts'

export interface Webhook {
  readonly headers: Headers
  /** Byte for byte as it came: the signature is over these bytes. */
  readonly rawBody: string
}

/**
 * Whether the provider sent it, logged when not.
 *
 * @throws invalidSignature
 */
export function verifyWebhook(
  provider: PaymentProvider,
  { headers, rawBody }: Webhook,
  log: Log,
): VerifiedMessage {
  try {
    return provider.verifyWebhook(headers, rawBody)
  } catch (error) {
    if (error instanceof Refusal) {
      // Neither body nor signature: a forged message must not write our log.
      const messageId = headers.get('webhook-id')?.slice(0, 64)
      log.warn({ provider: provider.name, messageId, reason: error.facts['reason'] }, 'webhook refused')
    }
    throw error
  }
}

export interface ReceiveMessage {
  readonly provider: PaymentProvider
  readonly verified: VerifiedMessage
  readonly webhook: Webhook
}

/** What was stored; undefined when it had been stored before. */
export interface Received {
  readonly key: queries.MessageKey
  readonly state: queries.MessageState
}

// Its job has long done it by then.
const firstSweepAfterMs = 2 * 60_000

/** Stores a verified message as it came, once. What has consequences stays `received` until they have been drawn. */
export async function receiveMessage(
  tx: Transaction,
  { provider, verified, webhook }: ReceiveMessage,
): Promise<Received | undefined> {
  const { messageId, reading } = verified
  const key = { provider: provider.name, messageId }
  const state = stateOf(reading)
  const isNew = await queries.insertMessage(tx, {
    ...key,
    eventType: reading.eventType,
    entityId: reading.kind === 'event' ? entityOf(reading.event) : undefined,
    orderId:
      reading.kind === 'event' && reading.event.type === 'payment'
        ? reading.event.payment.orderId
        : undefined,
    headers: keptHeaders(webhook.headers),
    // Of JSON it is byte for byte what was signed: there a NUL is written `\u0000`. What holds the byte itself is no JSON, and kept for a person.
    body: storable(webhook.rawBody),
    state,
    note: reading.kind === 'event' ? undefined : reading.note,
    dueAt: new Date(tx.now.getTime() + firstSweepAfterMs),
  })
  return isNew ? { key, state } : undefined
}

function stateOf(reading: MessageReading): queries.MessageState {
  switch (reading.kind) {
    case 'event':
      return 'received'
    case 'ignored':
      return 'ignored'
    case 'unreadable':
      return 'flagged'
  }
}

// What is needed to show that the message was signed. Others may carry secrets of proxies on the way.
const keptHeaderNames = ['content-type', 'user-agent', 'webhook-id', 'webhook-timestamp', 'webhook-signature']

function keptHeaders(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    keptHeaderNames.flatMap((name) => {
      const value = headers.get(name)
      return value === null ? [] : [[name, value]]
    }),
  )
}
