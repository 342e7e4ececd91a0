import type { ActionOf, CatalogShape, PackOf, UnitOf } from '../catalog.ts'
import type { Send } from './http.ts'
import { newIdempotencyKey } from './idempotency-key.ts'
import type { Surroundings } from './surroundings.ts'
import type {
  Adjustment,
  BalanceWithLots,
  BatchOperation,
  BatchOutcome,
  BlockInput,
  Body,
  Capture,
  Charge,
  Customer,
  Entries,
  Grant,
  Hold,
  Invoice,
  LotChange,
  Lots,
  Merge,
  Order,
  OrderRefund,
  OrderRefundQuote,
  OrderRefunds,
  Orders,
  OwnedLot,
  PastBalance,
  Payment,
  PaymentMethod,
  Payments,
  PlacedHold,
  Prices,
  Quote,
  Refund,
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

/** A counter that the request must not bring above its maximum. */
export type Limit = NonNullable<Body<'post', '/v1/charges'>['limits']>[number]

interface SpendDetails {
  customer: string
  description?: string
  /** 10 at most; one that is reached refuses with `limit_exceeded`. */
  limits?: Limit[]
  /** Never refuse for want of credits or for a limit: `would_refuse` says what would have been. */
  observe?: boolean
}

export type ChargeInput<C extends CatalogShape> = Spend<C> & SpendDetails
export type HoldInput<C extends CatalogShape> = Spend<C> &
  SpendDetails & {
    /** When it lapses by itself: 300 unless given. */
    expires_in_seconds?: number
    /** What happens then: everything goes back, unless given. */
    on_lapse?: NonNullable<Body<'post', '/v1/holds'>['on_lapse']>
  }
export type CaptureInput = Body<'post', '/v1/holds/{hold}/capture'>
export type RefundInput = Body<'post', '/v1/charges/{charge}/refund'>
export type GrantInput<C extends CatalogShape> = Omit<Body<'post', '/v1/grants'>, 'unit' | 'scope'> & {
  unit?: UnitOf<C>
  /** The actions that it may pay for: all unless given. */
  scope?: ActionOf<C>[]
}
export type AdjustInput<C extends CatalogShape> = Omit<Body<'post', '/v1/adjustments'>, 'unit'> & {
  unit?: UnitOf<C>
}
export type RevokeInput = Body<'post', '/v1/lots/{lot}/revoke'>
export type LotInput = Body<'post', '/v1/lots/{lot}/freeze'>
export type CheckoutInput<C extends CatalogShape> = Omit<Body<'post', '/v1/checkouts'>, 'pack'> & {
  pack: PackOf<C>
}

export type AssignInput<C extends CatalogShape> = Omit<
  Body<'post', '/v1/payments/{payment}/assign'>,
  'pack'
> & {
  /** What was bought, where its product does not tell. */
  pack?: PackOf<C>
}

export type RefundOrderInput = Body<'post', '/v1/orders/{order}/refunds'>

export interface PageInput {
  /** How many a page: 20 unless given, 100 at most. */
  limit?: number
  /** The `next_cursor` of the page before. */
  cursor?: string
}

export interface LotsInput<C extends CatalogShape> extends PageInput {
  unit?: UnitOf<C>
  /** Only lots with something available or held; all unless given. */
  open?: boolean
}

export interface EntriesInput<C extends CatalogShape> extends PageInput {
  unit?: UnitOf<C>
  /** Recorded then or later: ISO 8601. */
  from?: string
  /** Recorded before. */
  until?: string
  lot?: string
  action?: ActionOf<C>
  hold?: string
  order?: string
}

/** The server's routes, one method each. Fields are named as on the wire; amounts are decimal strings. */
export interface Api<C extends CatalogShape> {
  /** Spends credits at once. @throws InsufficientCreditsError */
  charge(input: ChargeInput<C>, options?: WriteOptions): Promise<Charge>
  /** Gives back what a charge, or the `transaction` of a capture, spent: what is left of it, or `credits` of it. */
  refund(charge: string, input?: RefundInput, options?: WriteOptions): Promise<Refund>
  /** Sets credits aside until they are captured or released, or the hold lapses. @throws InsufficientCreditsError */
  hold(input: HoldInput<C>, options?: WriteOptions): Promise<PlacedHold>
  /** Spends what was held: all of it, or `credits` of it, and gives back the rest, unless `final` is false. */
  capture(hold: string, input?: CaptureInput, options?: WriteOptions): Promise<Capture>
  /** Gives back what was held. */
  release(hold: string, options?: WriteOptions): Promise<Hold>
  /** Notes what a running call has used so far, in all, for the case that nothing is heard of it again. */
  checkpoint(hold: string, input: { credits: string }, options?: WriteOptions): Promise<Hold>
  /** Gives a hold so much time from now. */
  extend(hold: string, input: { expires_in_seconds: number }, options?: WriteOptions): Promise<Hold>
  getHold(hold: string, options?: ReadOptions): Promise<Hold>
  /** Gives credits to a customer. */
  grant(input: GrantInput<C>, options?: WriteOptions): Promise<Grant>
  /** Corrects a balance by hand: `"12.5"` adds, `"-12.5"` takes. @throws InsufficientCreditsError */
  adjust(input: AdjustInput<C>, options?: WriteOptions): Promise<Adjustment>
  lot(lot: string, options?: ReadOptions): Promise<OwnedLot>
  /** Takes back credits of a lot, also those that are spent: for a purchase that was refunded or charged back. */
  revoke(lot: string, input?: RevokeInput, options?: WriteOptions): Promise<LotChange>
  /** Keeps a lot from being spent until `unfreeze`. */
  freeze(lot: string, input?: LotInput, options?: WriteOptions): Promise<LotChange>
  unfreeze(lot: string, input?: LotInput, options?: WriteOptions): Promise<LotChange>
  /** Has a lot expire now. */
  expireLot(lot: string, input?: LotInput, options?: WriteOptions): Promise<LotChange>
  /** Up to 1,000 operations, each under its own `key` and answered in its place: one that is refused throws nothing. */
  batch(operations: BatchOperation[], options?: ReadOptions): Promise<BatchOutcome[]>
  balance(customer: string, input?: { unit?: UnitOf<C> }, options?: ReadOptions): Promise<BalanceWithLots>
  /** What was in the wallet at an instant: ISO 8601, or a Date. */
  balanceAt(
    customer: string,
    at: string | Date,
    input?: { unit?: UnitOf<C> },
    options?: ReadOptions,
  ): Promise<PastBalance>
  /** What a charge would cost, and whether it can be afforded. Sets nothing aside: `hold` does. */
  quote(customer: string, spend: Spend<C>, options?: ReadOptions): Promise<Quote>
  /** Every lot of the customer, newest first: a balance shows the first 100 of those with something left. */
  lots(customer: string, input?: LotsInput<C>, options?: ReadOptions): Promise<Lots>
  /** Every movement of the customer's credits, newest first. */
  entries(customer: string, input?: EntriesInput<C>, options?: ReadOptions): Promise<Entries>
  putCustomer(
    customer: string,
    input: Body<'put', '/v1/customers/{customer}'>,
    options?: ReadOptions,
  ): Promise<Customer>
  /** Moves what is left of an anonymous customer's credits to who they turned out to be: now, and whenever more becomes available. */
  merge(customer: string, into: string, options?: ReadOptions): Promise<Merge>
  /** Forgets who the customer is: e-mail, name, and what messages of the payment provider say. Credits stay. */
  erase(customer: string, options?: ReadOptions): Promise<Customer>
  /** Lets the customer buy nothing more, until somebody lifts that; what they have they may spend. */
  block(customer: string, input: BlockInput, options?: ReadOptions): Promise<Customer>
  /** Lets a blocked customer buy again, whoever or whatever blocked them. A later dispute blocks anew. */
  unblock(customer: string, input: BlockInput, options?: ReadOptions): Promise<Customer>
  /** Starts a purchase: send the customer to the order's `checkout_url`. */
  checkout(input: CheckoutInput<C>, options?: WriteOptions): Promise<Order>
  order(order: string, options?: ReadOptions): Promise<Order>
  /** The customer's purchases, newest first. */
  orders(customer: string, input?: PageInput, options?: ReadOptions): Promise<Orders>
  /** The invoice of a purchase, as the payment provider makes it: a PDF. @throws TallystickError `invoice_not_found` before there is one */
  invoice(order: string, options?: ReadOptions): Promise<Invoice>
  /** What of a purchase can be refunded: its unused credits, and all of it. */
  refundQuote(order: string, options?: ReadOptions): Promise<OrderRefundQuote>
  /** Gives money back and takes credits back. Its end is usually seconds away: ask `orderRefunds`, or send the same key again. */
  refundOrder(order: string, input: RefundOrderInput, options?: WriteOptions): Promise<OrderRefund>
  /** The refunds of a purchase, oldest first, whoever asked for them. */
  orderRefunds(order: string, options?: ReadOptions): Promise<OrderRefunds>
  /** What the payment provider told of, newest first; `unassigned` and `flagged` ones wait for a person. */
  payments(input?: PageInput & { standing?: Payment['standing'] }, options?: ReadOptions): Promise<Payments>
  /** Gives a payment that waits to a customer, who gets what it bought. */
  assignPayment(payment: string, input: AssignInput<C>, options?: ReadOptions): Promise<Payment>
  /** Decides that nothing follows from a payment that waits, for good. */
  dismissPayment(
    payment: string,
    input: Body<'post', '/v1/payments/{payment}/dismiss'>,
    options?: ReadOptions,
  ): Promise<Payment>
  /** Ways to pay that the customer saved, each with the consent that it was saved with. */
  paymentMethods(customer: string, options?: ReadOptions): Promise<PaymentMethod[]>
  /** At the payment provider too. */
  removePaymentMethod(customer: string, method: string, options?: ReadOptions): Promise<void>
  /** The address of the payment provider's pages for this customer, good for a day. */
  portalLink(customer: string, input?: { return_url?: string }, options?: ReadOptions): Promise<string>
  prices(options?: ReadOptions): Promise<Prices>
  /** Has the server add up every entry and compare. */
  verify(options?: ReadOptions): Promise<Verification>
}

// The server answers a checkout after the payment provider has answered it, which may be slow.
const checkoutTimeoutMs = 20_000
// The provider is asked how the payment stands, told to refund it, and asked again where its answer was lost.
const refundTimeoutMs = 60_000
// A thousand operations of a thousand wallets, when the server is busy.
const batchTimeoutMs = 30_000
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
    refund: (charge, body = {}, options) =>
      send('post', '/v1/charges/{charge}/refund', { ...keyed(options), params: { charge }, body }),
    capture: (hold, body = {}, options) =>
      send('post', '/v1/holds/{hold}/capture', { ...keyed(options), params: { hold }, body }),
    release: (hold, options) =>
      send('post', '/v1/holds/{hold}/release', { ...keyed(options), params: { hold }, body: {} }),
    checkpoint: (hold, body, options) =>
      send('post', '/v1/holds/{hold}/checkpoint', { ...keyed(options), params: { hold }, body }),
    extend: (hold, body, options) =>
      send('post', '/v1/holds/{hold}/extend', { ...keyed(options), params: { hold }, body }),
    getHold: (hold, options) => send('get', '/v1/holds/{hold}', { ...options, params: { hold } }),
    grant: (body, options) => send('post', '/v1/grants', { ...keyed(options), body }),
    adjust: (body, options) => send('post', '/v1/adjustments', { ...keyed(options), body }),
    lot: (lot, options) => send('get', '/v1/lots/{lot}', { ...options, params: { lot } }),
    revoke: (lot, body = {}, options) =>
      send('post', '/v1/lots/{lot}/revoke', { ...keyed(options), params: { lot }, body }),
    freeze: (lot, body = {}, options) =>
      send('post', '/v1/lots/{lot}/freeze', { ...keyed(options), params: { lot }, body }),
    unfreeze: (lot, body = {}, options) =>
      send('post', '/v1/lots/{lot}/unfreeze', { ...keyed(options), params: { lot }, body }),
    expireLot: (lot, body = {}, options) =>
      send('post', '/v1/lots/{lot}/expire', { ...keyed(options), params: { lot }, body }),
    batch: async (operations, options) => {
      const { outcomes } = await send('post', '/v1/batch', {
        timeoutMs: batchTimeoutMs,
        ...options,
        body: { operations },
      })
      return outcomes
    },
    balance: (customer, query, options) =>
      send('get', '/v1/customers/{customer}/balance', {
        ...options,
        params: { customer },
        query: { ...query },
      }),
    balanceAt: (customer, at, query, options) =>
      send('get', '/v1/customers/{customer}/balance-at', {
        ...options,
        params: { customer },
        query: { ...query, at: typeof at === 'string' ? at : at.toISOString() },
      }),
    quote: (customer, query, options) =>
      send('get', '/v1/customers/{customer}/quote', {
        ...options,
        params: { customer },
        query: { ...query },
      }),
    lots: (customer, query, options) =>
      send('get', '/v1/customers/{customer}/lots', {
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
    merge: (customer, into, options) =>
      send('post', '/v1/customers/{customer}/merge', { ...options, params: { customer }, body: { into } }),
    erase: (customer, options) =>
      send('post', '/v1/customers/{customer}/erase', { ...options, params: { customer } }),
    block: (customer, body, options) =>
      send('post', '/v1/customers/{customer}/block', { ...options, params: { customer }, body }),
    unblock: (customer, body, options) =>
      send('post', '/v1/customers/{customer}/unblock', { ...options, params: { customer }, body }),
    checkout: (body, options) =>
      send('post', '/v1/checkouts', { timeoutMs: checkoutTimeoutMs, ...keyed(options), body }),
    order: (order, options) => send('get', '/v1/orders/{order}', { ...options, params: { order } }),
    orders: (customer, query, options) =>
      send('get', '/v1/customers/{customer}/orders', {
        ...options,
        params: { customer },
        query: { ...query },
      }),
    invoice: (order, options) =>
      send('get', '/v1/orders/{order}/invoice', {
        timeoutMs: checkoutTimeoutMs,
        ...options,
        params: { order },
        file: 'application/pdf',
      }),
    refundQuote: (order, options) =>
      send('get', '/v1/orders/{order}/refund-quote', {
        timeoutMs: checkoutTimeoutMs,
        ...options,
        params: { order },
      }),
    refundOrder: (order, body, options) =>
      send('post', '/v1/orders/{order}/refunds', {
        timeoutMs: refundTimeoutMs,
        ...keyed(options),
        params: { order },
        body,
      }),
    orderRefunds: (order, options) =>
      send('get', '/v1/orders/{order}/refunds', { ...options, params: { order } }),
    payments: (query, options) => send('get', '/v1/payments', { ...options, query: { ...query } }),
    assignPayment: (payment, body, options) =>
      send('post', '/v1/payments/{payment}/assign', { ...options, params: { payment }, body }),
    dismissPayment: (payment, body, options) =>
      send('post', '/v1/payments/{payment}/dismiss', { ...options, params: { payment }, body }),
    paymentMethods: async (customer, options) => {
      const { data } = await send('get', '/v1/customers/{customer}/payment-methods', {
        ...options,
        params: { customer },
      })
      return data
    },
    removePaymentMethod: async (customer, method, options) => {
      await send('post', '/v1/customers/{customer}/payment-methods/{method}/remove', {
        ...options,
        params: { customer, method },
      })
    },
    portalLink: async (customer, body = {}, options) => {
      const { url } = await send('post', '/v1/customers/{customer}/portal', {
        ...options,
        params: { customer },
        body,
      })
      return url
    },
    prices: (options) => send('get', '/v1/prices', { ...options }),
    verify: (options) => send('post', '/v1/verify', { timeoutMs: verifyTimeoutMs, ...options }),
  }
}
