import type { Catalog } from '../catalog/catalog.ts'
import type { Database, Transaction } from '../database/database.ts'
import type { Mode, Uuid } from '../kernel/ids.ts'
import type { LedgerContext } from '../ledger/context.ts'
import { providerNotConfigured } from '../providers/errors.ts'
import type { PaymentProvider } from '../providers/provider.ts'
import { invoiceNotFound, orderNotFound } from './errors.ts'
import type { Order, OrderPayment, PaidOrder } from './order.ts'
import * as queries from './queries.ts'
import type { CheckoutIntent } from './read-intent.ts'
import { startCheckout } from './start-checkout.ts'

export type { PaidOrder } from './order.ts'
export type { CheckoutIntent } from './read-intent.ts'

export interface OrdersOptions {
  readonly database: Database
  readonly mode: Mode
  /** Undefined where nothing can be bought: orders can be read, and checkouts are refused. */
  readonly provider: PaymentProvider | undefined
  /** The catalog as it is now. */
  catalog(): Catalog
  readonly context: LedgerContext
  /** What is known of the payments of the orders. */
  paymentsOf(tx: Transaction, orders: readonly Order[]): Promise<ReadonlyMap<Uuid, OrderPayment>>
}

interface PageOfOrders {
  readonly orders: readonly PaidOrder[]
  /** Where the next page begins. */
  readonly next: Uuid | undefined
}

export interface Orders {
  /**
   * The customer must exist by now: their e-mail and name go to the checkout.
   *
   * @throws customerBlocked, keyReused, unknownPack, invalidQuantity, invalidChosenAmount, discountNotValid, productMismatch, providerNotConfigured
   * @throws Fault provider_unavailable, provider_key_refused, provider_refused
   */
  checkout(intent: CheckoutIntent): Promise<PaidOrder>
  /** @throws orderNotFound */
  order(orderId: Uuid): Promise<PaidOrder>
  /** A customer's, newest first. */
  list(
    customer: string,
    page: { readonly limit: number; readonly before: Uuid | undefined },
  ): Promise<PageOfOrders>
  /**
   * The invoice of its payment, as the provider makes it: a PDF.
   *
   * @throws orderNotFound, invoiceNotFound, providerNotConfigured
   * @throws Fault provider_unavailable, provider_key_refused, provider_refused
   */
  invoice(orderId: Uuid): Promise<Uint8Array>
}

export function createOrders(options: OrdersOptions): Orders {
  const { database, mode, provider, context } = options
  // A double click gets one session, and not a second one at the provider that nobody ever sees.
  const underWay = new Map<string, Promise<Order>>()

  function start(intent: CheckoutIntent): Promise<Order> {
    if (provider === undefined) throw providerNotConfigured({})
    const same = textOf(intent)
    const begun = underWay.get(same)
    if (begun !== undefined) return begun
    const catalog = options.catalog()
    const started = startCheckout({ database, provider, catalog, newId: context.newId, intent }).finally(() =>
      underWay.delete(same),
    )
    underWay.set(same, started)
    return started
  }

  async function withPayments(tx: Transaction, orders: readonly Order[]): Promise<PaidOrder[]> {
    const payments = await options.paymentsOf(tx, orders)
    return orders.map((order) => ({ ...order, payment: payments.get(order.id) }))
  }

  async function findOrder(orderId: Uuid): Promise<PaidOrder> {
    return database.transaction(async (tx) => {
      const order = await queries.findOrder(tx, orderId)
      if (order === undefined || order.mode !== mode) throw orderNotFound({})
      const [paid] = await withPayments(tx, [order])
      return { ...order, payment: paid?.payment }
    })
  }

  return {
    async checkout(intent) {
      const order = await start(intent)
      // Unpaid as long as its customer is at the checkout.
      return order.state === 'created' || order.state === 'open'
        ? { ...order, payment: undefined }
        : findOrder(order.id)
    },

    order: findOrder,

    async list(customer, { limit, before }) {
      // One more than asked for tells whether another page follows.
      const page = { limit: limit + 1, before }
      return database.transaction(async (tx) => {
        const found = await queries.listOrders(tx, { mode, customer, page })
        const orders = await withPayments(tx, found.slice(0, limit))
        return { orders, next: found.length > limit ? orders.at(-1)?.id : undefined }
      })
    },

    async invoice(orderId) {
      const { payment, provider: soldBy } = await findOrder(orderId)
      if (payment === undefined) throw invoiceNotFound({ isPaid: false })
      if (provider?.name !== soldBy) throw providerNotConfigured({})
      const pdf = await provider.getInvoice(payment.paymentId)
      if (pdf === undefined) throw invoiceNotFound({ isPaid: true })
      return pdf
    },
  }
}

/** The same for the same intent, key and body. */
function textOf(intent: CheckoutIntent): string {
  return JSON.stringify({ ...intent, amountMinor: intent.amountMinor?.toString() })
}
