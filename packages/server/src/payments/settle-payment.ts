import type { Catalog } from '../catalog/catalog.ts'
import type { Transaction } from '../database/database.ts'
import type { Mode } from '../kernel/ids.ts'
import type { LedgerContext } from '../ledger/context.ts'
import * as orders from '../orders/queries.ts'
import type { ProviderPayment } from '../providers/told.ts'
import { type CreditOutcome, creditPayment } from './credit-payment.ts'
import { lockProviderCustomer } from './grant-queries.ts'
import { noteDispute } from './note-dispute.ts'
import type { Payment } from './payment.ts'
import * as queries from './queries.ts'
import { settleAwaited } from './settle-credits.ts'
import type { Settled } from './settled.ts'
import { takeBack } from './take-back.ts'

/** Who tells, and by what rules its telling is settled. */
export interface SettleContext {
  readonly provider: string
  readonly mode: Mode
  /** Says what is sold, and what becomes of spent credits when their money goes back. */
  readonly catalog: Catalog
  readonly ledger: LedgerContext
}

/**
 * Draws the consequences of a payment as it is now, whoever told it: a message, the reconciler, a person who assigned it. Safe to repeat, and in any
 * order with its refunds and disputes. Locks the payment's row, then the order's, then the wallet's.
 */
export async function settlePayment(
  tx: Transaction,
  told: ProviderPayment,
  asOf: Date,
  context: SettleContext,
): Promise<Settled> {
  // First, for credits of the provider's credit system and their payment look for each other.
  if (told.providerCustomerId !== undefined)
    await lockProviderCustomer(tx, context.provider, told.providerCustomerId)
  const payment = await queries.putPayment(tx, context, told, asOf)
  // One after the other, for they are of one connection.
  // oxlint-disable no-await-in-loop
  for (const refund of told.refunds) await queries.putRefund(tx, context, refund, asOf)
  for (const dispute of told.disputes) await noteDispute(tx, dispute, asOf, context)
  // oxlint-enable no-await-in-loop
  switch (payment.state) {
    case 'succeeded':
      return settleSuccess(tx, payment, told, context)
    case 'failed':
      return noteFailure(tx, told, asOf, context)
    case 'processing':
    case 'cancelled':
      return {
        state: 'ignored',
        note: `The payment is in the state ${payment.state}; nothing follows from that.`,
        orderId: told.orderId,
        paymentId: payment.paymentId,
      }
  }
}

async function settleSuccess(
  tx: Transaction,
  payment: Payment,
  told: ProviderPayment,
  context: SettleContext,
): Promise<Settled> {
  const credited = await creditPayment(
    tx,
    payment,
    { orderId: told.orderId ?? payment.orderId, payerEmail: told.payerEmail },
    context,
  )
  const settled = await settleCredited(tx, payment, credited, context)
  return { ...settled, orderId: settled.orderId ?? told.orderId }
}

/** What follows when it is known whether a payment brings credits: those that came before it are used, and what went back is taken back. */
export async function settleCredited(
  tx: Transaction,
  payment: Payment,
  credited: CreditOutcome,
  context: SettleContext,
): Promise<Settled> {
  const base = { orderId: credited.orderId, paymentId: payment.paymentId }
  if (credited.kind === 'flagged') return { ...base, state: 'flagged', note: credited.note }
  if (credited.kind === 'dismissed') return { ...base, state: 'processed', note: credited.note }
  if (credited.kind === 'waiting') {
    const settled = await settleAwaited(tx, credited.payment, context)
    return settled ?? { ...base, state: 'processed', note: credited.note }
  }
  const back = await takeBack(tx, credited.payment, context)
  return { ...base, state: 'processed', note: back ?? credited.note }
}

/**
 * Notes on the order why its payment came to nothing. The order stays as it is, for the customer may try again in the same checkout. A failure that
 * is told after a success is of an earlier attempt, and changes nothing.
 */
async function noteFailure(
  tx: Transaction,
  { orderId, paymentId, failure }: ProviderPayment,
  asOf: Date,
  { provider, mode }: SettleContext,
): Promise<Settled> {
  const order = orderId === undefined ? undefined : await orders.lockOrder(tx, orderId)
  if (order === undefined || order.mode !== mode || order.provider !== provider)
    return {
      state: 'ignored',
      note: 'The payment is of no order known here, and nothing was paid.',
      orderId,
      paymentId,
    }
  if (failure !== undefined && (order.state === 'created' || order.state === 'open'))
    await orders.setFailure(tx, order.id, failure, asOf)
  return { state: 'processed', note: undefined, orderId, paymentId }
}
