import type { Webhook } from 'standardwebhooks'
import { z } from 'zod'
import type { MessageReading, ProviderEvent } from '../provider.ts'

/** A webhook as it would come over the network. */
export interface SignedMessage {
  readonly messageId: string
  readonly headers: Headers
  readonly rawBody: string
}

/** A message that was sent, and may be sent again. */
export type SentMessage = Omit<SignedMessage, 'headers'>

/** Signed at the time of the real clock, by which signatures are checked. */
export function sign(webhook: Webhook, { messageId, rawBody }: SentMessage): SignedMessage {
  const signedAt = new Date()
  const headers = new Headers({
    'content-type': 'application/json',
    'webhook-id': messageId,
    'webhook-timestamp': String(Math.floor(signedAt.getTime() / 1000)),
    'webhook-signature': webhook.sign(messageId, signedAt, rawBody),
  })
  return { messageId, headers, rawBody }
}

export function writeBody(eventType: string, event: ProviderEvent): string {
  return JSON.stringify({ type: eventType, event: tag(event) })
}

const envelopeSchema = z.object({ type: z.string(), event: z.unknown().optional() })

/** What a body says. One of another's making is kept for a person, or ignored where it is of no kind that is known. */
export function readMessage(rawBody: string): MessageReading {
  const envelope = envelopeSchema.safeParse(parseJson(rawBody)).data
  if (envelope === undefined)
    return {
      kind: 'unreadable',
      eventType: 'unknown',
      note: 'The body is not an event of the fake provider.',
    }
  const { type: eventType, event } = envelope
  if (event === undefined) return { kind: 'ignored', eventType, note: `Nothing follows from ${eventType}.` }
  // Bodies with an event are its own, for it believes no other signature.
  return { kind: 'event', eventType, event: untag(event) as ProviderEvent }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What JSON lacks: `{"$bigint": "800"}`, `{"$date": "2026-01-31T12:00:00.000Z"}`, and null for undefined, for nothing that is told is null. */
function tag(value: unknown): unknown {
  if (value === undefined) return null
  if (typeof value === 'bigint') return { $bigint: value.toString() }
  if (value instanceof Date) return { $date: value.toISOString() }
  return mapInside(value, tag)
}

function untag(value: unknown): unknown {
  if (value === null) return undefined
  const tagged = tagSchema.safeParse(value).data
  if (tagged === undefined) return mapInside(value, untag)
  return '$bigint' in tagged ? BigInt(tagged.$bigint) : new Date(tagged.$date)
}

const tagSchema = z.union([
  z.strictObject({ $bigint: z.string().regex(/^-?\d+$/) }),
  z.strictObject({ $date: z.iso.datetime() }),
])

function mapInside(value: unknown, map: (inner: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(map)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, map(inner)]))
}
