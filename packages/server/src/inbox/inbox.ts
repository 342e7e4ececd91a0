import type { Database } from '../database/database.ts'
import type { Jobs } from '../jobs/jobs.ts'
import { Fault } from '../kernel/refusal.ts'
import type { Log } from '../observability/logger.ts'
import type { SettleContext } from '../payments/settle-payment.ts'
import { providerNotConfigured } from '../providers/errors.ts'
import type { PaymentProvider, ProviderName } from '../providers/provider.ts'
import { messageNotFound } from './errors.ts'
import { type InboxQueue, inboxQueue, sweepInbox } from './jobs.ts'
import { type Replayed, replayMessage } from './process-message.ts'
import * as queries from './queries.ts'
import { receiveMessage, verifyWebhook, type Webhook } from './receive-webhook.ts'

export type { Message, MessagePlace } from './queries.ts'

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

/** What became of one message of a replay. `failed`: a bug stood in the way, which is in the log, and the message is as it was. */
export interface ReplayedMessage extends Omit<Replayed, 'outcome'> {
  readonly outcome: Replayed['outcome'] | 'failed'
}

export interface ReplayPage extends queries.MessageFilter {
  readonly limit: number
  readonly after?: queries.MessagePlace | undefined
}

export interface Inbox {
  /**
   * Answers after the message is stored for good. What follows from it is done by a job, right after.
   *
   * @throws invalidSignature, providerNotConfigured
   */
  receive(webhook: Webhook): Promise<void>
  /** Stored messages, newest first. */
  messages(
    filter: queries.MessageFilter & {
      readonly limit: number
      readonly before?: queries.MessagePlace | undefined
    },
  ): Promise<readonly queries.Message[]>
  /** @throws messageNotFound */
  message(messageId: string): Promise<queries.Message>
  /**
   * Processes messages anew, one after the other, whatever became of them before. Nothing is done twice, and what is known to be newer stands.
   *
   * @throws providerNotConfigured
   */
  replay(messageIds: readonly string[]): Promise<readonly ReplayedMessage[]>
  /**
   * The same for a page of those that came, oldest first. Answers where the next page begins, undefined after the last.
   *
   * @throws providerNotConfigured
   */
  replayPage(page: ReplayPage): Promise<{
    readonly replayed: readonly ReplayedMessage[]
    readonly next: queries.MessagePlace | undefined
  }>
  /** After `jobs.start()`: takes up what an earlier process left. */
  resume(): Promise<void>
}

/** How many wait to be processed, and how many for a person. */
export function countOpenMessages(database: Database): Promise<queries.OpenMessages> {
  return database.transaction((tx) => queries.countOpen(tx))
}

const usualProvider: ProviderName = 'dodo'

export function createInbox(options: InboxOptions): Inbox {
  const { database, provider, jobs, log } = options
  const parts = { database, jobs, log, context: () => options.context() }
  const queue: InboxQueue | undefined = provider && inboxQueue({ ...parts, provider })
  if (queue !== undefined) jobs.register(queue)

  function keyOf(messageId: string): queries.MessageKey {
    return { provider: provider?.name ?? usualProvider, messageId }
  }

  async function replayOne(key: queries.MessageKey): Promise<ReplayedMessage> {
    if (provider === undefined) throw providerNotConfigured({})
    const { messageId } = key
    try {
      const replayed = await database.transaction((tx) =>
        replayMessage(tx, { key, provider }, options.context()),
      )
      const { outcome, note, orderId } = replayed
      log.info({ messageId, outcome, orderId, ...(note === undefined ? {} : { note }) }, 'webhook replayed')
      return replayed
    } catch (error) {
      if (error instanceof Fault) throw error
      log.error({ err: error, messageId }, 'a webhook could not be replayed')
      const note = error instanceof Error ? error.message : String(error)
      return { messageId, outcome: 'failed', note, eventType: undefined, orderId: undefined }
    }
  }

  async function replayAll(keys: readonly queries.MessageKey[]): Promise<ReplayedMessage[]> {
    const replayed: ReplayedMessage[] = []
    // One after the other, as they came: each is a transaction of its own.
    // oxlint-disable-next-line no-await-in-loop
    for (const key of keys) replayed.push(await replayOne(key))
    return replayed
  }

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

    async message(messageId) {
      const message = await database.transaction((tx) => queries.findMessage(tx, keyOf(messageId)))
      if (message === undefined) throw messageNotFound({})
      return message
    },

    replay: (messageIds) => replayAll(messageIds.map(keyOf)),

    async replayPage({ limit, ...filter }) {
      // One more than asked for tells whether another page follows.
      const keys = await database.transaction((tx) => queries.listKeys(tx, { ...filter, limit: limit + 1 }))
      const page = keys.slice(0, limit)
      const replayed = await replayAll(page)
      return { replayed, next: keys.length > limit ? page.at(-1) : undefined }
    },

    async resume() {
      if (queue === undefined) return
      const swept = await sweepInbox({ ...parts, queue }, 'all')
      if (swept > 0) log.info({ messages: swept }, 'webhooks of an earlier process taken up')
    },
  }
}
