import type { Engine } from '../engine.ts'
import { formatId, parseId, type Uuid } from '../kernel/ids.ts'
import type { Money } from '../kernel/money.ts'
import type { PaidOrder } from '../orders/orders.ts'
import type { FakeProvider, SignedMessage } from '../providers/fake/fake-provider.ts'
import type { PromptJobs } from './prompt-jobs.ts'

/** An order of the engine or of the client. */
export interface OrderReference {
  readonly id: string
}

/** What customers do at the provider's checkout, and what they, their banks and the provider's dashboard do later. Each call ends when the engine has drawn its consequences. */
export interface TestPayments {
  /**
   * Pays an order, and answers it credited.
   *
   * @param options.charged what the customer is charged, where it is not the order's price
   * @throws Error with the reason when the payment is flagged: another price, an order that was paid before
   */
  pay(order: OrderReference, options?: { readonly charged?: Money }): Promise<PaidOrder>
  /** Has the bank decline, and answers the order with its `failure`. CARD_DECLINED unless given: a code of Dodo's. The order can still be paid. */
  decline(order: OrderReference, options?: { readonly code?: string }): Promise<PaidOrder>
  /**
   * Has the provider give money back, and answers the order with what was `refunded` and how many credits were taken back for it. A refund that was asked for
   * through the engine or the client is brought to its end; where none is under way, one is made in the provider's dashboard.
   *
   * @param options.amount a part, tax included; all that is left unless given
   * @throws Error when the order is not paid
   * @throws Fault provider_refused by Dodo's rules: more than is left, one under way, 30 days over
   */
  refund(order: OrderReference, options?: { readonly amount?: Money }): Promise<PaidOrder>
  /**
   * The customer asks their bank for the money, and the order's credits are frozen.
   *
   * @param options.amount a part, tax included; all that was charged unless given
   * @throws Error when the order is not paid, or its dispute is not decided yet
   */
  openDispute(order: OrderReference, options?: { readonly amount?: Money }): Promise<PaidOrder>
  /** The money stays, and so do the credits. @throws Error when no dispute of the order is undecided */
  winDispute(order: OrderReference): Promise<PaidOrder>
  /** The money goes back, and the credits are taken back. @throws Error when no dispute of the order is undecided */
  loseDispute(order: OrderReference): Promise<PaidOrder>
  /** Delivers the last message about an order once more, as providers do, and answers the order. */
  deliverAgain(order: OrderReference): Promise<PaidOrder>
  /** Has the provider sell a product, which a pack adopts as `dodoProduct`, at this price. Until told, it sells at the pack's. */
  putProduct(productId: string, price: Money): void
}

export function testPayments(engine: Engine, provider: FakeProvider, jobs: PromptJobs): TestPayments {
  async function deliver(orderId: Uuid, { messageId, headers, rawBody }: SignedMessage): Promise<PaidOrder> {
    await engine.inbox.receive({ headers, rawBody })
    await jobs.settled()
    const message = await engine.inbox.message(messageId)
    if (message.state !== 'processed')
      throw new Error(message.note ?? `The message ${messageId} is ${message.state}.`)
    return engine.orders.order(orderId)
  }

  /** Of the order that was paid. */
  async function paidOf(orderId: Uuid): Promise<string> {
    const { state, paymentId } = await engine.orders.order(orderId)
    if (paymentId === undefined)
      throw new Error(`The order ${formatId('order', orderId)} is ${state}: nothing was paid for it.`)
    return paymentId
  }

  async function refund(orderId: Uuid, amount: Money | undefined): Promise<PaidOrder> {
    const paymentId = await paidOf(orderId)
    const underWay = amount === undefined ? provider.refundUnderWay(paymentId) : undefined
    const { refundId } = underWay ?? provider.refundInDashboard({ paymentId, amount, reason: undefined })
    return deliver(orderId, provider.settleRefund(refundId, 'succeeded'))
  }

  async function decide(orderId: Uuid, state: 'won' | 'lost'): Promise<PaidOrder> {
    const dispute = provider.undecidedDispute(await paidOf(orderId))
    if (dispute === undefined)
      throw new Error(`No dispute of the order ${formatId('order', orderId)} is to be decided.`)
    return deliver(orderId, provider.decideDispute(dispute.disputeId, { state }))
  }

  return {
    async pay(order, { charged } = {}) {
      const orderId = idOf(order)
      let paid = await deliver(orderId, provider.pay(orderId, charged))
      // Where the provider's own credit system grants, it tells so by messages of their own.
      // oxlint-disable-next-line no-await-in-loop
      for (const message of provider.creditMessages(orderId)) paid = await deliver(orderId, message)
      return paid
    },
    decline: async (order, { code = 'CARD_DECLINED' } = {}) =>
      deliver(idOf(order), provider.decline(idOf(order), code)),
    refund: async (order, { amount } = {}) => refund(idOf(order), amount),
    openDispute: async (order, { amount } = {}) =>
      deliver(idOf(order), provider.openDispute(await paidOf(idOf(order)), { amount })),
    winDispute: async (order) => decide(idOf(order), 'won'),
    loseDispute: async (order) => decide(idOf(order), 'lost'),
    deliverAgain: async (order) => deliver(idOf(order), provider.signAgain(idOf(order))),
    putProduct: (productId, price) => provider.putProduct(productId, price),
  }
}

function idOf({ id }: OrderReference): Uuid {
  return parseId('order', id) ?? id
}
