import type { Transaction } from '../database/database.ts'
import { micros, total } from '../kernel/credits.ts'
import type { Uuid } from '../kernel/ids.ts'
import { addMs } from '../kernel/time.ts'
import type { LedgerContext } from '../ledger/context.ts'
import { keyReused } from '../ledger/errors.ts'
import { callerKey } from '../ledger/keys.ts'
import type { Key } from '../ledger/operations.ts'
import { readLotsOfPayment } from '../payments/lots-of-payment.ts'
import type { Payment } from '../payments/payment.ts'
import * as payments from '../payments/queries.ts'
import type { SettleContext } from '../payments/settle-payment.ts'
import { takeBack } from '../payments/take-back.ts'
import { orderNotPaid } from './errors.ts'
import * as queries from './queries.ts'
import { partAsked, quoteRefund, type Refundable } from './quote-refund.ts'
import type { Asked, RefundRequest } from './refund-request.ts'

export interface RefundOrder {
  readonly orderId: Uuid
  readonly asked: Asked
  readonly reason: string | undefined
  /** Who asks, in the words of the app. */
  readonly actor: string | undefined
  readonly idempotencyKey: string
}

/** Longer than any call to a provider takes: who has written down that they call has it for themselves until then. */
export const leaseMs = 120_000

export interface Recorded {
  readonly request: RefundRequest
  /** Whether it was written down by this call, which is then the one to send it. */
  readonly isNew: boolean
}

/**
 * Writes down a refund before the provider hears of it, and freezes the lot, so that what is refunded is not spent meanwhile. The same key gives the same
 * request. Locks the payment, then the wallet.
 *
 * @throws keyReused, orderNotPaid, paidAmountUnknown, refundUnderWay, paymentDisputed, refundWindowOver, nothingWasPaid, nothingLeftToRefund, nothingUnused,
 *   refundExceedsPayment
 */
export async function recordRequest(
  tx: Transaction,
  { orderId, paymentId, ...input }: RefundOrder & { readonly paymentId: string },
  context: SettleContext,
): Promise<Recorded> {
  const { provider, mode, ledger } = context
  const payment = await payments.lockPayment(tx, { provider, paymentId })
  if (payment === undefined) throw orderNotPaid({ state: 'credited' })
  const key = keyOf(input)
  // Under the lock: a request with the same key may have been faster.
  const found = await findRequestOf(tx, { orderId, ...input })
  if (found !== undefined) return { request: found, isNew: false }

  const before = quoteRefund(await readRefundable(tx, payment, ledger))
  if (before.refused !== undefined) throw before.refused
  const id = ledger.newId()
  const { kind } = input.asked
  const isUnused = kind === 'unused'
  const asked = partAsked(input.asked, before)
  await queries.insertRequest(tx, {
    id,
    mode,
    provider,
    paymentId,
    orderId,
    kind,
    amount: asked.amount,
    credits: isUnused ? asked.credits : undefined,
    reason: input.reason,
    actor: input.actor,
    key,
    lookAt: addMs(tx.now, leaseMs),
  })
  await takeBack(tx, payment, context)
  // Only now does nobody else spend of it: what was unused when it was read above may be spent since.
  if (isUnused) await settleUnused(tx, payment, id, ledger)
  const request = await queries.findRequest(tx, id)
  if (request === undefined) throw new Error('A refund just written down is gone.')
  return { request, isNew: true }
}

async function settleUnused(
  tx: Transaction,
  payment: Payment,
  id: Uuid,
  ledger: LedgerContext,
): Promise<void> {
  const refundable = await readRefundable(tx, payment, ledger)
  const others = { ...refundable, requests: refundable.requests.filter((request) => request.id !== id) }
  await queries.setAsked(tx, id, partAsked({ kind: 'unused' }, quoteRefund(others)))
}

/** @throws keyReused when the key is that of another request */
export async function findRequestOf(tx: Transaction, input: RefundOrder): Promise<RefundRequest | undefined> {
  const key = keyOf(input)
  const keyed = await queries.findRequestByKey(tx, { orderId: input.orderId, keyId: key.id })
  if (keyed !== undefined && keyed.fingerprint !== key.fingerprint)
    throw keyReused({ key: input.idempotencyKey })
  return keyed?.request
}

function keyOf({ idempotencyKey, asked, reason, actor }: Omit<RefundOrder, 'orderId'>): Key {
  return callerKey(idempotencyKey, 'refund_order', {
    kind: asked.kind,
    amount: asked.kind === 'amount' ? asked.amountMinor : undefined,
    reason,
    actor,
  })
}

export async function readRefundable(
  tx: Transaction,
  payment: Payment,
  ledger: LedgerContext,
): Promise<Refundable> {
  const { bought } = payment
  const lots = bought === undefined ? [] : await readLotsOfPayment(tx, bought, ledger)
  return {
    payment,
    refunds: await payments.listRefundsOf(tx, payment),
    requests: await queries.listRequestsOf(tx, payment),
    disputes: await payments.listDisputesOf(tx, payment),
    unused: micros(total(lots.map((lot) => lot.available))),
    now: tx.now,
  }
}
