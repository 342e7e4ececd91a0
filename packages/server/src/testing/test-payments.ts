import type { Engine } from '../engine.ts'
import { parseId, type Uuid } from '../kernel/ids.ts'
import type { Money } from '../kernel/money.ts'
import type { PaidOrder } from '../orders/orders.ts'
import type { FakeProvider, SignedMessage } from '../providers/fake/fake-provider.ts'
import type { PromptJobs } from './prompt-jobs.ts'

/** An order of the engine or of the client. */
export interface OrderReference {
  readonly id: string
}

/** What customers do at the provider's checkout. Each call ends when the engine has drawn its consequences. */
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
  /** Delivers the last message about an order once more, as providers do, and answers the order. */
  deliverAgain(order: OrderReference): Promise<PaidOrder>
  /** Has the provider sell a product, which a pack adopts as `dodoProduct`, at this price. Until told, it sells at the pack's. */
  putProduct(productId: string, price: Money): void
}

export function testPayments(engine: Engine, provider: FakeProvider, jobs: PromptJobs): TestPayments {
  async function deliver(orderId: Uuid, { messageId, headers, rawBody }: SignedMessage): Promise<PaidOrder> {
    await engine.inbox.receive({ headers, rawBody })
    await jobs.settled()
    const messages = await engine.inbox.messages({ orderId, limit: messagesMax })
    const message = messages.find((stored) => stored.messageId === messageId)
    if (message?.state !== 'processed')
      throw new Error(message?.note ?? `The message ${messageId} is ${message?.state ?? 'not stored'}.`)
    return engine.orders.order(orderId)
  }

  return {
    pay: async (order, { charged } = {}) => deliver(idOf(order), provider.pay(idOf(order), charged)),
    decline: async (order, { code = 'CARD_DECLINED' } = {}) =>
      deliver(idOf(order), provider.decline(idOf(order), code)),
    deliverAgain: async (order) => deliver(idOf(order), provider.signAgain(idOf(order))),
    putProduct: (productId, price) => provider.putProduct(productId, price),
  }
}

// More messages about one order than a test sends.
const messagesMax = 1000

function idOf({ id }: OrderReference): Uuid {
  return parseId('order', id) ?? id
}
