import type { Database } from '../database/database.ts'
import type { Attempt, Jobs, Queue } from '../jobs/jobs.ts'
import type { LedgerContext } from '../ledger/context.ts'
import type { Log } from '../observability/logger.ts'
import type { PaymentProvider } from '../providers/provider.ts'
import { processMessage } from './process-message.ts'
import * as queries from './queries.ts'

export type InboxQueue = Queue<queries.MessageKey>

export interface InboxQueueInput {
  readonly database: Database
  readonly provider: PaymentProvider
  readonly context: LedgerContext
  readonly log: Log
}

/** The work on stored messages. A message that keeps failing is flagged at last, so that it is seen. */
export function inboxQueue({ database, provider, context, log }: InboxQueueInput): InboxQueue {
  async function noteFailure(key: queries.MessageKey, error: unknown, { isLast }: Attempt): Promise<void> {
    const reason = error instanceof Error ? error.message : String(error)
    await database.transaction((tx) =>
      queries.settleMessage(
        tx,
        key,
        isLast
          ? { state: 'flagged', note: `Given up: ${reason}` }
          : { state: 'received', note: `Will be tried again: ${reason}` },
      ),
    )
  }

  return {
    name: 'inbox',
    async handle(key, attempt) {
      let processed: Awaited<ReturnType<typeof processMessage>>
      try {
        processed = await database.transaction((tx) => processMessage(tx, { key, provider }, context))
      } catch (error) {
        await noteFailure(key, error, attempt)
        throw error
      }
      if (processed === undefined) return
      const { state, note, orderId, paymentId } = processed
      const facts = { messageId: key.messageId, orderId, paymentId, ...(note === undefined ? {} : { note }) }
      if (state === 'flagged') log.error(facts, 'webhook flagged: somebody must look at it')
      else log.info(facts, `webhook ${state}`)
    },
  }
}

// A page of a sweep; each is one short transaction.
const sweepPageSize = 200

/**
 * Writes a job for every message that was stored and not yet processed. Said at start: a process that died in the middle of its work comes back to it
 * at once, and not only when pg-boss notices that it was gone. A message may so have two jobs, of which the second finds nothing to do.
 */
export async function sweepInbox(database: Database, jobs: Jobs, queue: InboxQueue): Promise<number> {
  let swept = 0
  let after: queries.Message | undefined
  do {
    // One page after the other: each begins where the last one ended.
    // oxlint-disable-next-line no-await-in-loop
    after = await database.transaction(async (tx) => {
      const page = await queries.listUnprocessed(tx, { after, limit: sweepPageSize })
      // oxlint-disable-next-line no-await-in-loop
      for (const { provider, messageId } of page) await jobs.enqueue(tx, queue, { provider, messageId })
      swept += page.length
      return page.length < sweepPageSize ? undefined : page.at(-1)
    })
  } while (after !== undefined)
  if (swept > 0) jobs.wake(queue)
  return swept
}
