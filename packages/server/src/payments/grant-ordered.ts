import type { Transaction } from '../database/database.ts'
import { appendEvent } from '../events/append-event.ts'
import { decimalFromCredits } from '../kernel/credits.ts'
import { walletId } from '../kernel/ids.ts'
import { invariant } from '../kernel/refusal.ts'
import { applyOperations } from '../ledger/apply-operations.ts'
import type { LedgerContext } from '../ledger/context.ts'
import type { Key } from '../ledger/operations.ts'
import type { Order } from '../orders/order.ts'
import * as orders from '../orders/queries.ts'
import type { Payment } from './payment.ts'
import * as queries from './queries.ts'

export interface GrantOrdered {
  readonly payment: Payment
  readonly order: Order
  /** Of what brings the credits: the payment, or the grant of the provider's credit system. */
  readonly key: Key
}

/** Grants what the order bought, and marks order and payment. Their rows are locked. */
export async function grantOrdered(
  tx: Transaction,
  { payment, order, key }: GrantOrdered,
  ledger: LedgerContext,
): Promise<Payment> {
  const owner = { mode: order.mode, customer: order.customer, unit: order.unit }
  const wallet = walletId(owner)
  const [outcome] = await applyOperations(
    tx,
    [
      {
        kind: 'grant',
        walletId: wallet,
        owner,
        key,
        credits: order.credits,
        source: 'purchase',
        name: order.packName,
        priority: 0,
        effectiveAt: undefined,
        expiry: undefined,
        paid: order.price,
        orderId: order.id,
      },
    ],
    ledger,
  )
  invariant(outcome, 'every operation has an outcome')
  if (!outcome.ok) throw outcome.refusal
  const [share] = outcome.receipt.shares
  invariant(share, 'a grant is of one lot')
  const { lotId } = share
  await orders.markCredited(tx, { orderId: order.id, paymentId: payment.paymentId, lotId })
  await appendEvent(tx, {
    id: ledger.newId(),
    type: 'order.credited',
    mode: order.mode,
    walletId: wallet,
    data: {
      provider: payment.provider,
      payment: payment.paymentId,
      order: order.id,
      lot: lotId,
      credits: decimalFromCredits(order.credits),
    },
  })
  return queries.markPaymentCredited(tx, payment, {
    orderId: order.id,
    customer: order.customer,
    walletId: wallet,
    lotId,
    granted: order.credits,
  })
}
