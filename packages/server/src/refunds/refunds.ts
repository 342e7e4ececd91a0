import type { Database } from '../database/database.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Uuid } from '../kernel/ids.ts'
import { invariant } from '../kernel/refusal.ts'
import type { Log } from '../observability/logger.ts'
import { orderNotFound } from '../orders/errors.ts'
import type { Order } from '../orders/order.ts'
import * as orders from '../orders/queries.ts'
import * as payments from '../payments/queries.ts'
import { type SettleContext, settlePayment } from '../payments/settle-payment.ts'
import { providerNotConfigured } from '../providers/errors.ts'
import type { PaymentProvider } from '../providers/provider.ts'
import { orderNotPaid } from './errors.ts'
import { lookingAfterRefunds } from './look-after-refunds.ts'
import { askAfter, type Pursuit, sendRequest } from './pursue-request.ts'
import * as queries from './queries.ts'
import { quoteRefund, type RefundQuote } from './quote-refund.ts'
import { findRequestOf, type RefundOrder, readRefundable, recordRequest } from './record-request.ts'
import { asOrderRefund, hasEnded, type OrderRefund, type RefundRequest } from './refund-request.ts'

export type { RefundQuote } from './quote-refund.ts'
export type { RefundOrder } from './record-request.ts'
export type { OrderRefund, RefundRequest } from './refund-request.ts'

export interface RefundsOptions {
  readonly database: Database
  /** Undefined where nothing was sold: nothing can be refunded. */
  readonly provider: PaymentProvider | undefined
  /** What is under way is looked after by them; whoever made them starts and stops them. */
  readonly jobs: Pick<Jobs, 'repeat'>
  /** By what rules what the provider tells is settled now. */
  context(): SettleContext
  readonly log: Log
}

export interface OrderQuote extends RefundQuote {
  readonly order: Order
  readonly paymentId: string
}

export interface Refunds {
  /**
   * What of an order could be refunded, as the provider knows its payment now.
   *
   * @throws orderNotFound, orderNotPaid, paidAmountUnknown, providerNotConfigured
   * @throws Fault provider_unavailable, provider_key_refused, provider_refused
   */
  quote(orderId: Uuid): Promise<OrderQuote>
  /**
   * Gives money back. Answers the request as far as it is: its end is usually seconds away, and the same key answers how it went on.
   *
   * @throws what `quote` throws; keyReused, refundUnderWay, paymentDisputed, refundWindowOver, nothingWasPaid, nothingLeftToRefund, nothingUnused,
   *   refundExceedsPayment
   */
  refund(input: RefundOrder): Promise<RefundRequest>
  /** How far a request is now, as the provider says. @throws Fault provider_unavailable, provider_key_refused, provider_refused */
  follow(requestId: Uuid): Promise<RefundRequest>
  /** All refunds of an order, whoever asked for them, oldest first. @throws orderNotFound */
  list(orderId: Uuid): Promise<readonly OrderRefund[]>
}

export function createRefunds(options: RefundsOptions): Refunds {
  const { database, provider } = options
  const pursuit: Pursuit | undefined = provider && {
    database,
    provider,
    context: () => options.context(),
    log: options.log,
    nowMs: () => performance.now(),
  }
  if (pursuit !== undefined) options.jobs.repeat(lookingAfterRefunds(pursuit))
  // A double click gets one answer, and not the first one's request before it was sent.
  const underWay = new Map<string, Promise<RefundRequest>>()

  async function orderOf(orderId: Uuid): Promise<Order> {
    const order = await database.transaction((tx) => orders.findOrder(tx, orderId))
    if (order === undefined || order.mode !== options.context().mode) throw orderNotFound({})
    return order
  }

  async function paidOrder(orderId: Uuid, by: PaymentProvider) {
    const order = await orderOf(orderId)
    if (order.paymentId === undefined) throw orderNotPaid({ state: order.state })
    if (order.provider !== by.name) throw providerNotConfigured({})
    return { order, paymentId: order.paymentId }
  }

  /** So that a refund that was made elsewhere counts, also where its message never came. */
  async function askPayment(by: PaymentProvider, paymentId: string): Promise<void> {
    const asOf = await database.transaction((tx) => Promise.resolve(tx.now))
    const told = await by.getPayment(paymentId)
    if (told !== undefined)
      await database.transaction((tx) => settlePayment(tx, told, asOf, options.context()))
  }

  async function refundOnce(input: RefundOrder): Promise<RefundRequest> {
    if (provider === undefined || pursuit === undefined) throw providerNotConfigured({})
    const found = await database.transaction((tx) => findRequestOf(tx, input))
    if (found !== undefined) return found
    const { paymentId } = await paidOrder(input.orderId, provider)
    await askPayment(provider, paymentId)
    const begunMs = pursuit.nowMs()
    const { request, isNew } = await database.transaction((tx) =>
      recordRequest(tx, { ...input, paymentId }, options.context()),
    )
    if (!isNew) return request
    await sendRequest(pursuit, request, begunMs)
    return read(request.id)
  }

  async function read(requestId: Uuid): Promise<RefundRequest> {
    const request = await database.transaction((tx) => queries.findRequest(tx, requestId))
    invariant(request, 'a refund that was asked for is never deleted')
    return request
  }

  return {
    async quote(orderId) {
      if (provider === undefined) throw providerNotConfigured({})
      const { order, paymentId } = await paidOrder(orderId, provider)
      await askPayment(provider, paymentId)
      return database.transaction(async (tx) => {
        const payment = await payments.findPayment(tx, { provider: provider.name, paymentId })
        if (payment === undefined) throw orderNotPaid({ state: order.state })
        const quote = quoteRefund(await readRefundable(tx, payment, options.context().ledger))
        return { ...quote, order, paymentId }
      })
    },

    async refund(input) {
      const same = textOf(input)
      const begun = underWay.get(same)
      if (begun !== undefined) return begun
      const started = refundOnce(input).finally(() => underWay.delete(same))
      underWay.set(same, started)
      return started
    },

    async follow(requestId) {
      const request = await read(requestId)
      if (pursuit === undefined || hasEnded(request)) return request
      await askAfter(pursuit, request)
      return read(requestId)
    },

    async list(orderId) {
      const { provider: name, paymentId } = await orderOf(orderId)
      if (paymentId === undefined) return []
      const key = { provider: name, paymentId }
      return database.transaction(async (tx) => {
        const requests = await queries.listRequestsOf(tx, key)
        const asked = new Set(requests.map(({ refundId }) => refundId))
        const others = (await payments.listRefundsOf(tx, key)).filter(({ refundId }) => !asked.has(refundId))
        return [
          ...requests.map(asOrderRefund),
          ...others.map((refund) => ({ ...refund, request: undefined })),
        ]
      })
    },
  }
}

/** The same for the same key and body. */
function textOf({ asked, ...input }: RefundOrder): string {
  return JSON.stringify([input, asked.kind, asked.kind === 'amount' ? asked.amountMinor.toString() : null])
}
