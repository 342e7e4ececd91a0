import type { Catalog } from '../catalog/catalog.ts'
import type { Database } from '../database/database.ts'
import type { Mode, Uuid } from '../kernel/ids.ts'
import type { LedgerContext } from '../ledger/context.ts'
import { providerNotConfigured } from '../providers/errors.ts'
import type { PaymentProvider } from '../providers/provider.ts'
import { orderNotFound } from './errors.ts'
import type { Order } from './order.ts'
import * as queries from './queries.ts'
import type { CheckoutIntent } from './read-intent.ts'
import { startCheckout } from './start-checkout.ts'

export type { Order } from './order.ts'
export type { CheckoutIntent } from './read-intent.ts'

export interface OrdersOptions {
  readonly database: Database
  readonly mode: Mode
  /** Undefined where nothing can be bought: orders can be read, and checkouts are refused. */
  readonly provider: PaymentProvider | undefined
  /** The catalog as it is now. */
  catalog(): Catalog
  readonly context: LedgerContext
}

interface PageOfOrders {
  readonly orders: readonly Order[]
  /** Where the next page begins. */
  readonly next: Uuid | undefined
}

export interface Orders {
  /**
   * The customer must exist by now: their e-mail and name go to the checkout.
   *
   * @throws keyReused, unknownPack, invalidQuantity, invalidChosenAmount, discountNotValid, productMismatch, providerNotConfigured
   * @throws Fault provider_unavailable, provider_key_refused, provider_refused
   */
  checkout(intent: CheckoutIntent): Promise<Order>
  /** @throws orderNotFound */
  order(orderId: Uuid): Promise<Order>
  /** A customer's, newest first. */
  list(
    customer: string,
    page: { readonly limit: number; readonly before: Uuid | undefined },
  ): Promise<PageOfOrders>
}

export function createOrders(options: OrdersOptions): Orders {
  const { database, mode, provider, context } = options
  // A double click gets one session, and not a second one at the provider that nobody ever sees.
  const underWay = new Map<string, Promise<Order>>()

  return {
    async checkout(intent) {
      if (provider === undefined) throw providerNotConfigured({})
      const same = textOf(intent)
      const begun = underWay.get(same)
      if (begun !== undefined) return begun
      const started = startCheckout({
        database,
        provider,
        catalog: options.catalog(),
        newId: context.newId,
        intent,
      }).finally(() => underWay.delete(same))
      underWay.set(same, started)
      return started
    },

    async order(orderId) {
      const order = await database.transaction((tx) => queries.findOrder(tx, orderId))
      if (order === undefined || order.mode !== mode) throw orderNotFound({})
      return order
    },

    async list(customer, { limit, before }) {
      // One more than asked for tells whether another page follows.
      const page = { limit: limit + 1, before }
      const found = await database.transaction((tx) => queries.listOrders(tx, { mode, customer, page }))
      const orders = found.slice(0, limit)
      return { orders, next: found.length > limit ? orders.at(-1)?.id : undefined }
    },
  }
}

/** The same for the same intent, key and body. */
function textOf(intent: CheckoutIntent): string {
  return JSON.stringify({ ...intent, amountMinor: intent.amountMinor?.toString() })
}
