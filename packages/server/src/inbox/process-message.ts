import type { Transaction } from '../database/database.ts'
import type { Uuid } from '../kernel/ids.ts'
import { settleEvent } from '../payments/settle-event.ts'
import type { SettleContext } from '../payments/settle-payment.ts'
import type { Settled } from '../payments/settled.ts'
import type { PaymentProvider } from '../providers/provider.ts'
import * as queries from './queries.ts'

export interface ProcessMessage {
  readonly key: queries.MessageKey
  readonly provider: Pick<PaymentProvider, 'readMessage'>
}

/**
 * Draws the consequences of a stored message and settles it, all in one transaction: so it may be tried as often as needed. Answers what became of it;
 * undefined when that had been settled before.
 */
export async function processMessage(
  tx: Transaction,
  { key, provider }: ProcessMessage,
  context: SettleContext,
): Promise<Settled | undefined> {
  const message = await queries.lockMessage(tx, key)
  if (message?.state !== 'received') return undefined
  const settled = await drawConsequences(tx, message, provider, context)
  await queries.settleMessage(tx, key, settled)
  return settled
}

/** What became of a message that was played again; `erased` and `not_found` are left as they are. */
export interface Replayed {
  readonly messageId: string
  readonly outcome: 'processed' | 'ignored' | 'flagged' | 'erased' | 'not_found'
  readonly note: string | undefined
  readonly eventType: string | undefined
  readonly orderId: Uuid | undefined
}

/**
 * Draws the consequences of a stored message anew, whatever became of it before. It tells what was so when it was sent: what is known to be newer stands, and
 * what was done is not done twice.
 */
export async function replayMessage(
  tx: Transaction,
  { key, provider }: ProcessMessage,
  context: SettleContext,
): Promise<Replayed> {
  const { messageId } = key
  const message = await queries.lockMessage(tx, key)
  if (message === undefined) {
    const note = 'No message has this id.'
    return { messageId, outcome: 'not_found', note, eventType: undefined, orderId: undefined }
  }
  const { eventType, orderId } = message
  if (message.isErased) {
    const note = 'Its body was erased with the customer whom it was about.'
    return { messageId, outcome: 'erased', note, eventType, orderId }
  }
  const settled = await drawConsequences(tx, message, provider, context)
  await queries.settleAgain(tx, key, settled)
  return {
    messageId,
    outcome: settled.state,
    note: settled.note,
    eventType,
    orderId: settled.orderId ?? orderId,
  }
}

async function drawConsequences(
  tx: Transaction,
  message: queries.Message,
  provider: Pick<PaymentProvider, 'readMessage'>,
  context: SettleContext,
): Promise<Settled> {
  const reading = provider.readMessage(message.body)
  if (reading.kind !== 'event')
    return {
      state: reading.kind === 'ignored' ? 'ignored' : 'flagged',
      note: reading.note,
      orderId: undefined,
      paymentId: undefined,
    }
  const settled = await settleEvent(tx, reading.event, sentAt(message), context)
  if (settled.orderId !== undefined) await queries.blankMessageOfErased(tx, message, settled.orderId)
  return settled
}

/** A body is the state at the time of its delivery, which is signed with it: `webhook-timestamp`, in seconds. */
function sentAt({ headers, receivedAt }: queries.Message): Date {
  const seconds = Number(headers['webhook-timestamp'])
  return Number.isSafeInteger(seconds) && seconds > 0 ? new Date(seconds * 1000) : receivedAt
}
