import { z } from '@hono/zod-openapi'
import { decodeCursor, encodeCursor, pageQuery, pageSchema, pageSize } from '../http/page.ts'
import { type Route, route } from '../http/route.ts'
import { instantInputSchema, instantSchema, instantToWire, optionalInstantToWire } from '../http/wire.ts'
import { formatId } from '../kernel/ids.ts'
import { invalidRequest } from '../kernel/invalid-request.ts'
import { orderNotFound } from '../orders/errors.ts'
import { orderIdFrom } from '../orders/routes.ts'
import { invalidSignature, providerNotConfigured } from '../providers/errors.ts'
import { messageNotFound } from './errors.ts'
import type { Inbox, Message, MessagePlace, ReplayedMessage } from './inbox.ts'

const states = ['received', 'processed', 'ignored', 'flagged'] as const

const summarySchema = z
  .object({
    message_id: z.string(),
    event_type: z.string(),
    entity: z
      .string()
      .nullable()
      .openapi({ description: "The provider's id of the payment, refund or dispute that it tells of." }),
    order: z.string().nullable(),
    received_at: instantSchema,
    state: z.enum(states).openapi({ description: '`flagged` waits for a person: `note` says why.' }),
    attempts: z.int(),
    processed_at: instantSchema.nullable(),
    note: z.string().nullable(),
    erased: z
      .boolean()
      .openapi({ description: 'Whether its body is gone, with the customer whom it was about.' }),
  })
  .openapi('InboxMessageSummary')

const messageSchema = summarySchema
  .extend({
    headers: z
      .record(z.string(), z.string())
      .openapi({ description: 'Those that the signature takes, and no other.' }),
    body: z
      .string()
      .nullable()
      .openapi({ description: 'Byte for byte as it came; null where it was erased.' }),
  })
  .openapi('InboxMessage')

function summaryToWire(message: Message): z.input<typeof summarySchema> {
  return {
    message_id: message.messageId,
    event_type: message.eventType,
    entity: message.entityId ?? null,
    order: message.orderId === undefined ? null : formatId('order', message.orderId),
    received_at: instantToWire(message.receivedAt),
    state: message.state,
    attempts: message.attempts,
    processed_at: optionalInstantToWire(message.processedAt),
    note: message.note ?? null,
    erased: message.isErased,
  }
}

function messageToWire(message: Message): z.input<typeof messageSchema> {
  return {
    ...summaryToWire(message),
    headers: message.headers,
    body: message.isErased ? null : message.body,
  }
}

const replayedSchema = z
  .object({
    message_id: z.string(),
    outcome: z.enum(['processed', 'ignored', 'flagged', 'erased', 'not_found', 'failed']).openapi({
      description: '`failed`: a bug stood in the way, which is in the log, and the message is as it was.',
    }),
    event_type: z.string().nullable(),
    order: z.string().nullable(),
    note: z.string().nullable(),
  })
  .openapi('ReplayedMessage')

function replayedToWire(replayed: ReplayedMessage): z.input<typeof replayedSchema> {
  return {
    message_id: replayed.messageId,
    outcome: replayed.outcome,
    event_type: replayed.eventType ?? null,
    order: replayed.orderId === undefined ? null : formatId('order', replayed.orderId),
    note: replayed.note ?? null,
  }
}

const filterShape = {
  state: z.enum(states).optional(),
  type: z
    .string()
    .optional()
    .openapi({ description: "The provider's name of what happened.", example: 'payment.succeeded' }),
  entity: z
    .string()
    .optional()
    .openapi({ description: "The provider's id of a payment, refund or dispute." }),
  from: instantInputSchema.optional().openapi({ description: 'Came then or later.' }),
  until: instantInputSchema.optional().openapi({ description: 'Came before.' }),
}

type WireFilter = z.output<z.ZodObject<typeof filterShape>>

function filterFrom({ state, type, entity, from, until }: WireFilter) {
  return { state, eventType: type, entityId: entity, from, until }
}

function placeFrom(cursor: string | undefined): MessagePlace | undefined {
  if (cursor === undefined) return undefined
  const [at, messageId] = decodeCursor(cursor, z.int(), z.string())
  return { receivedAt: new Date(at), messageId }
}

function cursorAt(place: MessagePlace | undefined): string | null {
  return place === undefined ? null : encodeCursor([place.receivedAt.getTime(), place.messageId])
}

// Each is a transaction; so many are done within a few seconds.
const replayMax = 100

const replaySchema = z.strictObject({
  ids: z
    .array(z.string())
    .min(1, { error: 'must name at least one message.' })
    .max(replayMax, { error: `must name at most ${replayMax} messages.` })
    .optional()
    .openapi({ description: 'These, in this order; then nothing else is given.' }),
  ...filterShape,
  limit: pageQuery.limit,
  cursor: pageQuery.cursor,
})

/** What the body asks for makes sense: some messages, said in one way. */
function checkReplay({ ids, limit, cursor, ...filter }: z.output<typeof replaySchema>): void {
  const given = Object.values({ ...filter, limit, cursor }).some((value) => value !== undefined)
  if (ids !== undefined && given)
    throw invalidRequest({ issues: [{ path: 'ids', message: 'stands alone: leave the other fields out.' }] })
  if (ids === undefined && Object.values(filter).every((value) => value === undefined)) {
    const message = 'must say which messages: ids, or at least one of state, type, entity, from and until.'
    throw invalidRequest({ issues: [{ path: '', message }] })
  }
}

type ForRoutes = Pick<Inbox, 'receive' | 'messages' | 'message' | 'replay' | 'replayPage'>

/** Where the provider reports, and where an operator looks at what it reported. */
export function inboxRoutes(inbox: ForRoutes): Route[] {
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
    route({
      method: 'GET',
      path: '/v1/inbox',
      id: 'listInboxMessages',
      tag: 'Webhooks',
      summary: 'What the provider reported, newest first',
      query: z.strictObject({ ...filterShape, ...pageQuery }),
      answer: pageSchema(summarySchema),
      refusals: [],
      handle: async ({ query }) => {
        const limit = pageSize(query.limit)
        const before = placeFrom(query.cursor)
        // One more than asked for tells whether another page follows.
        const found = await inbox.messages({ ...filterFrom(query), limit: limit + 1, before })
        const page = found.slice(0, limit)
        return {
          data: page.map(summaryToWire),
          next_cursor: cursorAt(found.length > limit ? page.at(-1) : undefined),
        }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/inbox/{message}',
      id: 'getInboxMessage',
      tag: 'Webhooks',
      summary: 'A message of the provider, with its body',
      params: z.strictObject({ message: z.string() }),
      answer: messageSchema,
      refusals: [messageNotFound],
      handle: async ({ params }) => messageToWire(await inbox.message(params.message)),
    }),
    route({
      method: 'POST',
      path: '/v1/inbox/replay',
      id: 'replayInboxMessages',
      tag: 'Webhooks',
      summary: 'Process messages anew',
      description: `Messages by their ids, or a page of those that came, oldest first: up to ${replayMax} at a time, and \`next_cursor\` for the next. Whatever became of them before, nothing is done twice, and an old message undoes nothing newer. May be repeated.`,
      body: replaySchema,
      answer: pageSchema(replayedSchema),
      refusals: [providerNotConfigured],
      handle: async ({ body }) => {
        checkReplay(body)
        if (body.ids !== undefined)
          return { data: (await inbox.replay(body.ids)).map(replayedToWire), next_cursor: null }
        const { replayed, next } = await inbox.replayPage({
          ...filterFrom(body),
          limit: body.limit ?? replayMax,
          after: placeFrom(body.cursor),
        })
        return { data: replayed.map(replayedToWire), next_cursor: cursorAt(next) }
      },
    }),
  ]
}

const latestMessages = 20
const messagesOfOrderMax = 100

/** Only for development: what came, without a key. */
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
