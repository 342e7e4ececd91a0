import type { Transaction } from '../database/database.ts'
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
  const reading = provider.readMessage(message.body)
  const settled: Settled =
    reading.kind === 'event'
      ? await settleEvent(tx, reading.event, sentAt(message), context)
      : {
          state: reading.kind === 'ignored' ? 'ignored' : 'flagged',
          note: reading.note,
          orderId: undefined,
          paymentId: undefined,
        }
  await queries.settleMessage(tx, key, settled)
  if (settled.orderId !== undefined) await queries.blankMessageOfErased(tx, key, settled.orderId)
  return settled
}

/** A body is the state at the time of its delivery, which is signed with it: `webhook-timestamp`, in seconds. */
function sentAt({ headers, receivedAt }: queries.Message): Date {
  const seconds = Number(headers['webhook-timestamp'])
  return Number.isSafeInteger(seconds) && seconds > 0 ? new Date(seconds * 1000) : receivedAt
}
