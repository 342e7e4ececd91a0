import { createHmac } from 'node:crypto'
import type { Visitor } from '../visitors/visitor.ts'
import type { BreakParts } from './experiments.ts'

/** A webhook as it came over the wire: these are the bytes that were signed. */
export interface RawWebhook {
  event_type: string
  headers: Record<string, string>
  body: string
}

/** The last webhook of the visitor's own orders; null when none came yet. */
export function lastWebhook(visitor: Visitor): RawWebhook | null {
  const event = visitor.life.findLast((seen) => seen.node === 'webhook' && seen.raw !== undefined)
  return event?.raw === undefined ? null : { event_type: event.title, ...event.raw }
}

const signedHeaders = ['webhook-id', 'webhook-timestamp', 'webhook-signature']

/** Sends a body to the server's webhook address, as the provider would. */
export async function deliver(
  parts: BreakParts,
  webhook: Pick<RawWebhook, 'headers' | 'body'>,
): Promise<Response> {
  const { dev } = parts
  const headers = new Headers({ 'content-type': 'application/json' })
  for (const [name, value] of Object.entries(webhook.headers)) {
    if (signedHeaders.includes(name.toLowerCase())) headers.set(name, value)
  }
  const request = new Request(`${dev.tallystickUrl}/v1/webhooks/dodo`, {
    method: 'POST',
    headers,
    body: webhook.body,
  })
  return dev.fetch(request)
}

/** Signs by Standard Webhooks: HMAC-SHA256 over id, time and body, with the key that stands after `whsec_`. */
export function signed(input: { id: string; at: Date; body: string; key: string }): RawWebhook['headers'] {
  const timestamp = Math.floor(input.at.getTime() / 1000).toString()
  const key = Buffer.from(input.key.replace(/^whsec_/, ''), 'base64')
  const signature = createHmac('sha256', key)
    .update(`${input.id}.${timestamp}.${input.body}`)
    .digest('base64')
  return { 'webhook-id': input.id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}

// The server turns away what was signed more than five minutes ago; a minute is left for a slow machine.
const freshForMs = 4 * 60_000

/** The webhook itself while it is fresh, and afterwards as the provider repeats it: same id and body, signed anew. */
export function repeated(parts: BreakParts, webhook: RawWebhook): RawWebhook {
  const at = Number(webhook.headers['webhook-timestamp']) * 1000
  const key = parts.dev.webhookKey
  if (parts.now().getTime() - at < freshForMs || key === undefined) return webhook
  const id = webhook.headers['webhook-id'] ?? ''
  return { ...webhook, headers: signed({ id, at: parts.now(), body: webhook.body, key }) }
}
