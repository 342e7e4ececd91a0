import type { ActionOf, CatalogShape, PackOf, UnitOf } from '../catalog.ts'
import type { Send } from './http.ts'
import { newIdempotencyKey } from './idempotency-key.ts'
import type { Surroundings } from './surroundings.ts'
import type {
  BalanceWithLots,
  Body,
  Charge,
  Customer,
  Entries,
  Grant,
  Hold,
  Order,
  Orders,
  Prices,
  Verification,
} from './wire.ts'

export interface ReadOptions {
  /** Ends the call, and its retries, with the signal's reason. */
  signal?: AbortSignal | undefined
  /** How long one attempt may take, in place of the client's own. */
  timeoutMs?: number | undefined
}

export interface WriteOptions extends ReadOptions {
  /** Makes repeated calls one: at most 255 characters. Made anew for each call unless given. */
  idempotencyKey?: string | undefined
}

/** What is to be paid: an action at its catalog price, or an amount. */
export type Spend<C extends CatalogShape> =
  | { action: ActionOf<C>; quantity?: number; credits?: never; unit?: never }
  | { credits: string; unit?: UnitOf<C>; action?: never; quantity?: never }

export type ChargeInput<C extends CatalogShape> = Spend<C> & { customer: string; description?: string }
export type HoldInput<C extends CatalogShape> = Spend<C> & {
  customer: string
  description?: string
  /** When it lapses by itself: 300 unless given. */
  expires_in_seconds?: number
}
export type GrantInput<C extends CatalogShape> = Omit<Body<'post', '/v1/grants'>, 'unit'> & {
  unit?: UnitOf<C>
}
export type CheckoutInput<C extends CatalogShape> = Omit<Body<'post', '/v1/checkouts'>, 'pack'> & {
  pack: PackOf<C>
}

export interface PageInput {
  /** Entries a page. */
  limit?: number
  /** The `next_cursor` of the page before. */
  cursor?: string
}

/** The server's routes, one method each. Fields are named as on the wire; amounts are decimal strings. */
export interface Api<C extends CatalogShape> {
  /** Spends credits at once. @throws InsufficientCreditsError */
  charge(input: ChargeInput<C>, options?: WriteOptions): Promise<Charge>
  /** Sets credits aside until they are captured or released, or the hold lapses. @throws InsufficientCreditsError */
  hold(input: HoldInput<C>, options?: WriteOptions): Promise<Hold>
  /** Spends what was held: all of it, or `credits` of it, and gives back the rest. */
  capture(hold: string, input?: { credits?: string }, options?: WriteOptions): Promise<Hold>
  /** Gives back what was held. */
  release(hold: string, options?: WriteOptions): Promise<Hold>
  getHold(hold: string, options?: ReadOptions): Promise<Hold>
  /** Gives credits to a customer. */
  grant(input: GrantInput<C>, options?: WriteOptions): Promise<Grant>
  balance(customer: string, input?: { unit?: UnitOf<C> }, options?: ReadOptions): Promise<BalanceWithLots>
  /** Every movement of the customer's credits, newest first. */
  entries(customer: string, input?: PageInput & { unit?: UnitOf<C> }, options?: ReadOptions): Promise<Entries>
  putCustomer(
    customer: string,
    input: Body<'put', '/v1/customers/{customer}'>,
    options?: ReadOptions,
  ): Promise<Customer>
  /** Starts a purchase: send the customer to the order's `checkout_url`. */
  checkout(input: CheckoutInput<C>, options?: WriteOptions): Promise<Order>
  order(order: string, options?: ReadOptions): Promise<Order>
  /** The customer's purchases, newest first. */
  orders(customer: string, input?: PageInput, options?: ReadOptions): Promise<Orders>
  prices(options?: ReadOptions): Promise<Prices>
  /** Has the server add up every entry and compare. */
  verify(options?: ReadOptions): Promise<Verification>
}

// The server answers a checkout after the payment provider has answered it, which may be slow.
const checkoutTimeoutMs = 20_000
// Adding up every entry of a large ledger takes its time.
const verifyTimeoutMs = 120_000

export function createApi<C extends CatalogShape>(send: Send, surroundings: Surroundings): Api<C> {
  /** The key is made here, once for each call, so that all attempts of the call carry the same one. */
  const keyed = (options: WriteOptions = {}) => ({
    ...options,
    idempotencyKey: options.idempotencyKey ?? newIdempotencyKey(surroundings),
  })
  return {
    charge: (body, options) => send('post', '/v1/charges', { ...keyed(options), body }),
    hold: (body, options) => send('post', '/v1/holds', { ...keyed(options), body }),
    capture: (hold, body = {}, options) =>
      send('post', '/v1/holds/{hold}/capture', { ...keyed(options), params: { hold }, body }),
    release: (hold, options) =>
      send('post', '/v1/holds/{hold}/release', { ...keyed(options), params: { hold }, body: {} }),
    getHold: (hold, options) => send('get', '/v1/holds/{hold}', { ...options, params: { hold } }),
    grant: (body, options) => send('post', '/v1/grants', { ...keyed(options), body }),
    balance: (customer, query, options) =>
      send('get', '/v1/customers/{customer}/balance', {
        ...options,
        params: { customer },
        query: { ...query },
      }),
    entries: (customer, query, options) =>
      send('get', '/v1/customers/{customer}/entries', {
        ...options,
        params: { customer },
        query: { ...query },
      }),
    putCustomer: (customer, body, options) =>
      send('put', '/v1/customers/{customer}', { ...options, params: { customer }, body }),
    checkout: (body, options) =>
      send('post', '/v1/checkouts', { timeoutMs: checkoutTimeoutMs, ...keyed(options), body }),
    order: (order, options) => send('get', '/v1/orders/{order}', { ...options, params: { order } }),
    orders: (customer, query, options) =>
      send('get', '/v1/customers/{customer}/orders', {
        ...options,
        params: { customer },
        query: { ...query },
      }),
    prices: (options) => send('get', '/v1/prices', { ...options }),
    verify: (options) => send('post', '/v1/verify', { timeoutMs: verifyTimeoutMs, ...options }),
  }
}
