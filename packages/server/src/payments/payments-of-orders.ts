import type { Transaction } from '../database/database.ts'
import { zeroCredits } from '../kernel/credits.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { Money } from '../kernel/money.ts'
import type { Order, OrderPayment } from '../orders/order.ts'
import type { Dispute, Payment, Refund } from './payment.ts'
import * as queries from './queries.ts'
import { listPaidOf } from './shown-queries.ts'

/** What is known of each order's payment: the one that was credited, or else the first that succeeded and waits for a person. */
export async function paymentsOfOrders(
  tx: Transaction,
  orders: readonly Order[],
): Promise<Map<Uuid, OrderPayment>> {
  const paid = await listPaidOf(
    tx,
    orders.map(({ id }) => id),
  )
  const found = new Map<Uuid, OrderPayment>()
  for (const order of orders) {
    const payments = paid.filter(({ orderId }) => orderId === order.id)
    const payment = payments.find(({ paymentId }) => paymentId === order.paymentId) ?? payments[0]
    // One after the other, for they are of one connection.
    // oxlint-disable-next-line no-await-in-loop
    if (payment !== undefined) found.set(order.id, await orderPayment(tx, payment))
  }
  return found
}

async function orderPayment(tx: Transaction, payment: Payment): Promise<OrderPayment> {
  const refunds = await queries.listRefundsOf(tx, payment)
  const disputes = await queries.listDisputesOf(tx, payment)
  return {
    paymentId: payment.paymentId,
    standing: payment.standing,
    note: payment.note,
    charged: payment.charged,
    settled: payment.settled,
    refunded: refundedMoney(payment, refunds),
    creditsTakenBack: payment.bought?.revoked ?? zeroCredits,
    dispute: shownDispute(disputes),
  }
}

/** A refund that does not say how much was of all of it. */
export function refundedMoney(
  { charged, isFullyRefunded }: Pick<Payment, 'charged' | 'isFullyRefunded'>,
  refunds: readonly Pick<Refund, 'state' | 'amount'>[],
): Money | undefined {
  if (charged === undefined) return undefined
  if (isFullyRefunded) return charged.total
  const { currency } = charged.total
  let amountMinor = 0n
  for (const { state, amount } of refunds) {
    if (state !== 'succeeded') continue
    if (amount?.currency !== currency) return charged.total
    amountMinor += amount.amountMinor
  }
  return { amountMinor, currency }
}

/** An undecided one, for the credits are frozen by it; else the last. */
function shownDispute(disputes: readonly Dispute[]): Dispute | undefined {
  return disputes.findLast(({ state }) => state === 'open' || state === 'expired') ?? disputes.at(-1)
}
