import type { Catalog } from '../catalog/catalog.ts'
import type { Database } from '../database/database.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Mode, Uuid } from '../kernel/ids.ts'
import type { LedgerContext } from '../ledger/context.ts'
import type { Log } from '../observability/logger.ts'
import { providerNotConfigured } from '../providers/errors.ts'
import type { PaymentProvider } from '../providers/provider.ts'
import type { CheckoutIntent } from './create-order.ts'
import { orderNotFound } from './errors.ts'
import { type InboxQueue, inboxQueue, sweepInbox } from './jobs.ts'
import type { Order } from './order.ts'
import * as queries from './queries.ts'
import { receiveMessage, verifyWebhook, type Webhook } from './receive-webhook.ts'
import { startCheckout } from './start-checkout.ts'

export type { CheckoutIntent } from './create-order.ts'
export type { Order } from './order.ts'
export type { Message } from './queries.ts'

export interface OrdersOptions {
  readonly database: Database
  readonly mode: Mode
  /** Undefined where nothing can be bought: orders can be read, and checkouts and webhooks are refused. */
  readonly provider: PaymentProvider | undefined
  /** Its queue is registered here; whoever made it starts and stops it. */
  readonly jobs: Jobs
  /** The catalog as it is now. */
  catalog(): Catalog
  readonly context: LedgerContext
  readonly log: Log
}

interface PageOfOrders {
  readonly orders: readonly Order[]
  /** Where the next page begins. */
  readonly next: Uuid | undefined
}

export interface Orders {
  /**
   * The customer must exist by now: their e-mail and name go to the checkout.
   *
   * @throws keyReused, unknownPack, invalidQuantity, productMismatch, providerNotConfigured
   * @throws Fault provider_unavailable, provider_key_refused, provider_refused
   */
  checkout(intent: CheckoutIntent): Promise<Order>
  /** @throws orderNotFound */
  order(orderId: Uuid): Promise<Order>
  /** A customer's, newest first. */
  list(
    customer: string,
    page: { readonly limit: number; readonly before: Uuid | undefined },
  ): Promise<PageOfOrders>
  /**
   * Answers after the message is stored for good. What follows from it is done by a job, right after.
   *
   * @throws invalidSignature, providerNotConfigured
   */
  receiveWebhook(webhook: Webhook): Promise<void>
  /** Stored messages, newest first: of one order, or the latest. */
  inbox(filter: {
    readonly orderId: Uuid | undefined
    readonly limit: number
  }): Promise<readonly queries.Message[]>
  /** After `jobs.start()`: takes up what an earlier process left. */
  resume(): Promise<void>
}

export function createOrders(options: OrdersOptions): Orders {
  const { database, mode, provider, jobs, context, log } = options
  const queue: InboxQueue | undefined = provider && inboxQueue({ database, provider, jobs, context, log })
  if (queue !== undefined) jobs.register(queue)

  return {
    async checkout(intent) {
      if (provider === undefined) throw providerNotConfigured({})
      return startCheckout({ database, provider, catalog: options.catalog(), newId: context.newId, intent })
    },

    async order(orderId) {
      const order = await database.transaction((tx) => queries.findOrder(tx, orderId))
      if (order === undefined || order.mode !== mode) throw orderNotFound({})
      return order
    },

    async list(customer, { limit, before }) {
      // One more than asked for tells whether another page follows.
      const page = { limit: limit + 1, before }
      const found = await database.transaction((tx) => queries.listOrders(tx, { mode, customer, page }))
      const orders = found.slice(0, limit)
      return { orders, next: found.length > limit ? orders.at(-1)?.id : undefined }
    },

    async receiveWebhook(webhook) {
      if (provider === undefined || queue === undefined) throw providerNotConfigured({})
      const verified = verifyWebhook(provider, webhook, log)
      const received = await database.transaction(async (tx) => {
        const stored = await receiveMessage(tx, { provider, verified, webhook })
        if (stored?.state === 'received') await jobs.enqueue(tx, queue, stored.key)
        return stored
      })
      const facts = { messageId: verified.messageId, eventType: verified.reading.eventType }
      if (received === undefined) log.info(facts, 'webhook came again')
      else if (received.state === 'flagged') log.error(facts, 'webhook flagged: somebody must look at it')
      else log.info(facts, 'webhook stored')
      if (received?.state === 'received') jobs.wake(queue)
    },

    inbox: (filter) => database.transaction((tx) => queries.listMessages(tx, filter)),

    async resume() {
      if (queue === undefined) return
      const swept = await sweepInbox({ database, jobs, queue, log }, 'all')
      if (swept > 0) log.info({ messages: swept }, 'webhooks of an earlier process taken up')
    },
  }
}
