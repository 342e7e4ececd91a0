import type { Transaction } from '../database/database.ts'
import type { LedgerContext } from '../ledger/context.ts'
import type { PaymentProvider, ProviderEvent } from '../providers/provider.ts'
import { creditOrder } from './credit-order.ts'
import * as queries from './queries.ts'
import { recordPaymentFailure } from './record-payment-failure.ts'

export interface ProcessMessage {
  readonly key: queries.MessageKey
  readonly provider: PaymentProvider
}

/** What became of a message; undefined when that had been settled before. */
export interface Processed {
  readonly state: Exclude<queries.MessageState, 'received'>
  readonly note: string | undefined
  readonly orderId: string | undefined
  readonly paymentId: string | undefined
}

/** Draws the consequences of a stored message and settles it, all in one transaction: so it may be tried as often as needed. */
export async function processMessage(
  tx: Transaction,
  { key, provider }: ProcessMessage,
  context: LedgerContext,
): Promise<Processed | undefined> {
  const message = await queries.lockMessage(tx, key)
  if (message?.state !== 'received') return undefined
  const reading = provider.readMessage(message.body)
  const processed =
    reading.kind === 'event'
      ? await applyEvent(tx, provider, reading.event, context)
      : settled(reading.kind === 'ignored' ? 'ignored' : 'flagged', undefined, reading.note)
  await queries.settleMessage(tx, key, processed)
  if (processed.orderId !== undefined) await queries.blankMessageOfErased(tx, key, processed.orderId)
  return processed
}

async function applyEvent(
  tx: Transaction,
  { name, mode }: PaymentProvider,
  event: ProviderEvent,
  context: LedgerContext,
): Promise<Processed> {
  const { payment } = event
  switch (event.type) {
    case 'payment.succeeded': {
      const outcome = await creditOrder(tx, { provider: name, mode, payment }, context)
      if (outcome.kind === 'flagged') return settled('flagged', event, outcome.note)
      return settled(
        'processed',
        event,
        outcome.kind === 'credited_before' ? 'The payment was credited before.' : undefined,
      )
    }
    case 'payment.failed': {
      const order = await recordPaymentFailure(tx, { provider: name, mode, payment, failure: event.failure })
      return order === undefined
        ? settled('ignored', event, 'The payment is of no order known here, and nothing was paid.')
        : settled('processed', event, undefined)
    }
  }
}

function settled(
  state: Processed['state'],
  event: ProviderEvent | undefined,
  note: string | undefined,
): Processed {
  return { state, note, orderId: event?.payment.orderId, paymentId: event?.payment.paymentId }
}
