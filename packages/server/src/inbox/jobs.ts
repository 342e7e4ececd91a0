import type { Database, Transaction } from '../database/database.ts'
import type { Attempt, Jobs, Queue } from '../jobs/jobs.ts'
import type { Log } from '../observability/logger.ts'
import type { SettleContext } from '../payments/settle-payment.ts'
import type { PaymentProvider } from '../providers/provider.ts'
import { processMessage } from './process-message.ts'
import * as queries from './queries.ts'

export type InboxQueue = Queue<queries.MessageKey>

export interface InboxQueueInput {
  readonly database: Database
  readonly provider: Pick<PaymentProvider, 'readMessage'>
  readonly jobs: Pick<Jobs, 'enqueue' | 'wake'>
  /** By what rules what is told is settled now. */
  context(): SettleContext
  readonly log: Log
}

// A little more than one job has, so that a message whose job was lost at its end gets some of another one.
const attemptsMax = 30

// Longer than an attempt and the longest wait for the next one: what is due after that has no job any more.
const jobLostAfterMs = 10 * 60_000

/**
 * The work on stored messages. A message that keeps failing is flagged at last, so that it is seen; also one whose attempts end in no error, because
 * they take the process with them or hang.
 */
export function inboxQueue(input: InboxQueueInput): InboxQueue {
  const { database, provider, log } = input

  async function noteFailure(key: queries.MessageKey, error: unknown, isLast: boolean): Promise<void> {
    const reason = error instanceof Error ? error.message : String(error)
    try {
      await database.transaction((tx) =>
        queries.settleMessage(
          tx,
          key,
          isLast
            ? { state: 'flagged', note: `Given up: ${reason}` }
            : { state: 'received', note: `Will be tried again: ${reason}` },
        ),
      )
    } catch (err) {
      // It stays as it was, and a sweep finds it when its job is gone.
      log.warn({ err, messageId: key.messageId }, 'the failure of a webhook could not be noted')
    }
  }

  const queue: InboxQueue = {
    name: 'inbox',

    async handle(key, attempt: Attempt) {
      const attempts = await database.transaction((tx) =>
        queries.beginAttempt(tx, key, { dueAt: whenJobIsLost(tx) }),
      )
      if (attempts === undefined) return
      let processed: Awaited<ReturnType<typeof processMessage>>
      try {
        processed = await database.transaction((tx) => processMessage(tx, { key, provider }, input.context()))
      } catch (error) {
        await noteFailure(key, error, attempt.isLast || attempts >= attemptsMax)
        throw error
      }
      if (processed === undefined) return
      const { state, note, orderId, paymentId } = processed
      const facts = { messageId: key.messageId, orderId, paymentId, ...(note === undefined ? {} : { note }) }
      if (state === 'flagged') log.error(facts, 'webhook flagged: somebody must look at it')
      else log.info(facts, `webhook ${state}`)
    },

    async sweep() {
      const swept = await sweepInbox({ ...input, queue }, 'due')
      if (swept > 0) log.warn({ messages: swept }, 'webhooks whose job was lost taken up')
    },
  }
  return queue
}

function whenJobIsLost(tx: Transaction): Date {
  return new Date(tx.now.getTime() + jobLostAfterMs)
}

export interface SweepInbox extends Pick<InboxQueueInput, 'database' | 'jobs' | 'log'> {
  readonly queue: InboxQueue
}

// A page of a sweep; each is one short transaction.
const sweepPageSize = 200

/**
 * Writes a job for every unprocessed message that is due, and answers how many. At start for `all`: a process that died in the middle of its work
 * comes back to it at once, and not only when pg-boss notices that it was gone. A message may so have two jobs, of which the second finds nothing to do.
 */
export async function sweepInbox(
  { database, jobs, queue, log }: SweepInbox,
  which: 'all' | 'due',
): Promise<number> {
  let swept = 0
  let before: Date | undefined
  let isMore = true
  while (isMore) {
    // One page after the other: what is on one is not due on the next.
    // oxlint-disable-next-line no-await-in-loop
    const page = await database.transaction(async (tx) => {
      // None is due later than this, but for those that this sweep puts off.
      before ??= which === 'all' ? whenJobIsLost(tx) : tx.now
      const messages = await queries.lockDue(tx, { before, limit: sweepPageSize })
      const givenUp = messages.filter(({ attempts }) => attempts >= attemptsMax)
      // oxlint-disable-next-line no-await-in-loop
      for (const message of givenUp) await giveUp(tx, message)
      const taken = messages.filter(({ attempts }) => attempts < attemptsMax)
      for (const { provider, messageId } of taken) {
        const key = { provider, messageId }
        // oxlint-disable-next-line no-await-in-loop
        await queries.postponeMessage(tx, key, { dueAt: whenJobIsLost(tx) })
        // oxlint-disable-next-line no-await-in-loop
        await jobs.enqueue(tx, queue, key)
      }
      return { size: messages.length, givenUp, taken: taken.length }
    })
    swept += page.taken
    isMore = page.size === sweepPageSize
    for (const { messageId, orderId } of page.givenUp)
      log.error({ messageId, orderId }, 'webhook flagged: somebody must look at it')
  }
  if (swept > 0) jobs.wake(queue)
  return swept
}

async function giveUp(tx: Transaction, message: queries.Message): Promise<void> {
  const last = message.note === undefined ? '' : ` ${message.note}`
  await queries.settleMessage(tx, message, {
    state: 'flagged',
    note: `Given up: ${message.attempts} attempts were begun, and the last did not come to an end.${last}`,
  })
}
