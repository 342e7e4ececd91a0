import type { Transaction } from '../database/database.ts'
import type { ProviderDispute, ProviderRefund } from '../providers/told.ts'
import { noteDispute } from './note-dispute.ts'
import type { Payment } from './payment.ts'
import * as queries from './queries.ts'
import type { SettleContext } from './settle-payment.ts'
import type { Settled } from './settled.ts'
import { takeBack } from './take-back.ts'

/** Draws the consequences of a refund as it was told. One that comes before its payment waits for it. Safe to repeat. */
export async function settleRefund(
  tx: Transaction,
  told: ProviderRefund,
  asOf: Date,
  context: SettleContext,
): Promise<Settled> {
  const payment = await queries.lockOrAwaitPayment(tx, context, told.paymentId)
  await queries.putRefund(tx, context, told, asOf)
  return settleWith(tx, payment, context)
}

/** The same for a dispute. */
export async function settleDispute(
  tx: Transaction,
  told: ProviderDispute,
  asOf: Date,
  context: SettleContext,
): Promise<Settled> {
  const payment = await queries.lockOrAwaitPayment(tx, context, told.paymentId)
  await noteDispute(tx, told, asOf, context)
  return settleWith(tx, payment, context)
}

async function settleWith(tx: Transaction, payment: Payment, context: SettleContext): Promise<Settled> {
  const about = { orderId: payment.orderId, paymentId: payment.paymentId }
  if (payment.bought === undefined)
    return { ...about, state: 'processed', note: 'Its payment is not credited: nothing is to be taken back.' }
  return { ...about, state: 'processed', note: await takeBack(tx, payment, context) }
}
