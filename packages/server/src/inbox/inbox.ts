import type { Database } from '../database/database.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Log } from '../observability/logger.ts'
import type { SettleContext } from '../payments/settle-payment.ts'
import { providerNotConfigured } from '../providers/errors.ts'
import type { PaymentProvider } from '../providers/provider.ts'
import { type InboxQueue, inboxQueue, sweepInbox } from './jobs.ts'
import * as queries from './queries.ts'
import { receiveMessage, verifyWebhook, type Webhook } from './receive-webhook.ts'

export type { Message } from './queries.ts'

export interface InboxOptions {
  readonly database: Database
  /** Undefined where nothing can be bought: messages can be read, and webhooks are refused. */
  readonly provider: PaymentProvider | undefined
  /** Its queue is registered here; whoever made it starts and stops it. */
  readonly jobs: Jobs
  /** By what rules what is told is settled now. */
  context(): SettleContext
  readonly log: Log
}

export interface Inbox {
  /**
   * Answers after the message is stored for good. What follows from it is done by a job, right after.
   *
   * @throws invalidSignature, providerNotConfigured
   */
  receive(webhook: Webhook): Promise<void>
  /** Stored messages, newest first: of one order, or the latest. */
  messages(filter: {
    readonly orderId: Uuid | undefined
    readonly limit: number
  }): Promise<readonly queries.Message[]>
  /** After `jobs.start()`: takes up what an earlier process left. */
  resume(): Promise<void>
}

export function createInbox(options: InboxOptions): Inbox {
  const { database, provider, jobs, log } = options
  const parts = { database, jobs, log, context: () => options.context() }
  const queue: InboxQueue | undefined = provider && inboxQueue({ ...parts, provider })
  if (queue !== undefined) jobs.register(queue)

  return {
    async receive(webhook) {
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

    messages: (filter) => database.transaction((tx) => queries.listMessages(tx, filter)),

    async resume() {
      if (queue === undefined) return
      const swept = await sweepInbox({ ...parts, queue }, 'all')
      if (swept > 0) log.info({ messages: swept }, 'webhooks of an earlier process taken up')
    },
  }
}
