/**
 * What goes over the wire, named. Everything here is read off the generated OpenAPI types by path, so that a changed
 * route changes these types or fails to compile.
 */
import type { paths } from './schema.generated.ts'

export type Method = 'get' | 'put' | 'post'

/** The paths that answer this method. */
export type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P][M] extends object ? P : never
}[keyof paths]

type Operation<M extends Method, P extends PathOf<M>> = NonNullable<paths[P][M]>

type Json<T> = [T] extends [{ content: { 'application/json': infer Body } }] ? Body : never

/** The body that a request to this path carries; never when it carries none. */
export type Body<M extends Method, P extends PathOf<M>> =
  Operation<M, P> extends { requestBody?: infer R } ? Json<NonNullable<R>> : never

type File<T> = [T] extends [{ content: { 'application/pdf': string } }] ? Uint8Array<ArrayBuffer> : never

/** The body of its successful answer. */
export type Answer<M extends Method, P extends PathOf<M>> =
  Operation<M, P> extends { responses: infer R }
    ? Json<R[keyof R & (200 | 201)]> | File<R[keyof R & (200 | 201)]>
    : never

export type BalanceWithLots = Answer<'get', '/v1/customers/{customer}/balance'>
export type PastBalance = Answer<'get', '/v1/customers/{customer}/balance-at'>
export type Quote = Answer<'get', '/v1/customers/{customer}/quote'>
export type Lot = BalanceWithLots['lots'][number]
/** A lot with whose it is. */
export type OwnedLot = Answer<'get', '/v1/lots/{lot}'>
/** What revoking, freezing, unfreezing or expiring a lot did. */
export type LotChange = Answer<'post', '/v1/lots/{lot}/revoke'>
export type Customer = Answer<'put', '/v1/customers/{customer}'>
/** Who decides that a customer is blocked, or no more, and why. */
export type BlockInput = Body<'post', '/v1/customers/{customer}/block'>
export type Merge = Answer<'post', '/v1/customers/{customer}/merge'>
export type Charge = Answer<'post', '/v1/charges'>
export type Balance = Charge['balance']
/** Credits of one lot. */
export type LotShare = Charge['paid_from'][number]
export type Refund = Answer<'post', '/v1/charges/{charge}/refund'>
export type Hold = Answer<'get', '/v1/holds/{hold}'>
/** A hold just placed: when it was observed, with what would have been refused. */
export type PlacedHold = Answer<'post', '/v1/holds'>
/** A hold with what one capture of it did. */
export type Capture = Answer<'post', '/v1/holds/{hold}/capture'>
export type Grant = Answer<'post', '/v1/grants'>
export type Adjustment = Answer<'post', '/v1/adjustments'>
/** One of a batch, each under a key of its own. */
export type BatchOperation = Body<'post', '/v1/batch'>['operations'][number]
/** What became of one of a batch: `ok` says whether it succeeded, and `op` what it answers then. */
export type BatchOutcome = Answer<'post', '/v1/batch'>['outcomes'][number]
export type Order = Answer<'post', '/v1/checkouts'>
export type Money = Order['price']
export type Orders = Answer<'get', '/v1/customers/{customer}/orders'>
/** A PDF. */
export type Invoice = Answer<'get', '/v1/orders/{order}/invoice'>
export type OrderRefundQuote = Answer<'get', '/v1/orders/{order}/refund-quote'>
/** A refund of a purchase; `Refund` is of a charge. */
export type OrderRefund = Answer<'post', '/v1/orders/{order}/refunds'>
export type OrderRefunds = Answer<'get', '/v1/orders/{order}/refunds'>
export type PaymentMethod = Answer<'get', '/v1/customers/{customer}/payment-methods'>['data'][number]
export type Payments = Answer<'get', '/v1/payments'>
/** A payment that the provider told of, with what became of it. */
export type Payment = Payments['data'][number]
export type Lots = Answer<'get', '/v1/customers/{customer}/lots'>
export type Entries = Answer<'get', '/v1/customers/{customer}/entries'>
export type Entry = Entries['data'][number]
export type Prices = Answer<'get', '/v1/prices'>
export type Verification = Answer<'post', '/v1/verify'>

/** A refusal as the server sends it: application/problem+json, with the facts of its code beside the fixed fields. */
export interface Problem {
  type: string
  title: string
  status: number
  detail: string
  instance?: string
  code: string
  [fact: string]: unknown
}

/** The smallest pack that covers what is missing. */
export interface PackOffer {
  pack: string
  name: string
  credits: string
  price: Money
}
