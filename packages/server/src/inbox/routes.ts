import { z } from '@hono/zod-openapi'
import { type Route, route } from '../http/route.ts'
import { instantSchema, instantToWire } from '../http/wire.ts'
import { formatId } from '../kernel/ids.ts'
import { orderNotFound } from '../orders/errors.ts'
import { orderIdFrom } from '../orders/routes.ts'
import { invalidSignature, providerNotConfigured } from '../providers/errors.ts'
import type { Inbox, Message } from './inbox.ts'

const messageSchema = z.object({
  message_id: z.string(),
  event_type: z.string(),
  order: z.string().nullable(),
  headers: z.record(z.string(), z.string()),
  body: z.string().openapi({ description: 'Byte for byte as it came.' }),
  received_at: instantSchema,
  state: z.enum(['received', 'processed', 'ignored', 'flagged']),
  attempts: z.int(),
  note: z.string().nullable(),
})

function messageToWire(message: Message): z.input<typeof messageSchema> {
  return {
    message_id: message.messageId,
    event_type: message.eventType,
    order: message.orderId === undefined ? null : formatId('order', message.orderId),
    headers: message.headers,
    body: message.body,
    received_at: instantToWire(message.receivedAt),
    state: message.state,
    attempts: message.attempts,
    note: message.note ?? null,
  }
}

/** Where the provider reports. */
export function inboxRoutes(inbox: Pick<Inbox, 'receive'>): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/webhooks/dodo',
      id: 'receiveDodoWebhook',
      tag: 'Webhooks',
      summary: 'What Dodo Payments reports',
      description:
        'For Dodo alone: the address to enter as a webhook endpoint in its dashboard. Believed by its signature (Standard Webhooks) over the raw body, stored, then answered; what follows is done right after.',
      access: 'open',
      raw: true,
      answer: z.object({}),
      refusals: [invalidSignature, providerNotConfigured],
      handle: async ({ headers, rawBody }) => {
        await inbox.receive({ headers, rawBody })
        return {}
      },
    }),
  ]
}

const latestMessages = 20
const messagesOfOrderMax = 100

/** Only for development: raw messages say who bought what. */
export function devInboxRoutes(inbox: Pick<Inbox, 'messages'>): Route[] {
  return [
    route({
      method: 'GET',
      path: '/dev/inbox',
      id: 'listInbox',
      tag: 'Development',
      summary: 'What the provider sent, newest first',
      hidden: true,
      query: z.strictObject({ order: z.string().optional() }),
      answer: z.object({ data: z.array(messageSchema) }),
      refusals: [orderNotFound],
      handle: async ({ query }) => {
        const orderId = query.order === undefined ? undefined : orderIdFrom(query.order)
        const limit = orderId === undefined ? latestMessages : messagesOfOrderMax
        const messages = await inbox.messages({ orderId, limit })
        return { data: messages.map(messageToWire) }
      },
    }),
  ]
}
