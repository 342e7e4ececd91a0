import type { Money } from '../../kernel/money.ts'
import { failureOf } from '../dodo/failure-sentences.ts'
import type { Walk } from '../provider.ts'
import type { ListedPayment, PaymentState, ProviderPayment, ProviderRefund } from '../told.ts'
import { grantBought } from './credits.ts'
import type { BarePayment, Purchase, World } from './world.ts'

export interface Attempt {
  readonly state: PaymentState
  /** The price with its tax, unless something else is charged. */
  readonly charged?: Money | undefined
  readonly failureCode?: string | undefined
  readonly methodId?: string | undefined
  /** Ours, where a payment link carries it. */
  readonly customer?: string | undefined
  readonly payerEmail?: string | undefined
}

export function addPayment(world: World, purchase: Purchase, attempt: Attempt): BarePayment {
  const { orderId, customerId, productId, quantity, discountCode } = purchase
  const { state, charged, failureCode, methodId, customer, payerEmail } = attempt
  const payment: BarePayment = {
    paymentId: world.nextId('pay'),
    state,
    orderId,
    customer,
    providerCustomerId: customerId,
    payerEmail,
    subscriptionId: undefined,
    cart: [{ productId, quantity }],
    charged: charged === undefined ? purchase.charged : { total: charged, taxMinor: 0n },
    settled: charged === undefined ? purchase.settled : undefined,
    discountCodes: discountCode === undefined ? [] : [discountCode],
    methodId,
    invoiceId: undefined,
    failure: state === 'failed' ? failureOf(failureCode) : undefined,
    createdAt: world.now(),
  }
  return keep(world, payment)
}

/** Ends a payment that is on its way: by a failure, where its code is given. */
export function endPayment(world: World, paymentId: string, failureCode: string | undefined): BarePayment {
  const payment = barePayment(world, paymentId)
  if (payment.state !== 'processing')
    throw new Error(`The payment ${paymentId} of the fake provider has ${payment.state} already.`)
  return keep(
    world,
    failureCode === undefined
      ? { ...payment, state: 'succeeded' }
      : { ...payment, state: 'failed', failure: failureOf(failureCode) },
  )
}

/** What has succeeded has an invoice, and the credits that its product brings. */
function keep(world: World, payment: BarePayment): BarePayment {
  const isPaid = payment.state === 'succeeded'
  const kept = isPaid ? { ...payment, invoiceId: world.nextId('inv') } : payment
  world.paymentsById.set(kept.paymentId, kept)
  if (isPaid) grantBought(world, kept)
  return kept
}

export function barePayment(world: World, paymentId: string): BarePayment {
  const payment = world.paymentsById.get(paymentId)
  if (payment === undefined) throw new Error(`The fake provider has no payment ${paymentId}.`)
  return payment
}

export function readPayment(world: World, paymentId: string): ProviderPayment | undefined {
  const payment = world.paymentsById.get(paymentId)
  if (payment === undefined) return undefined
  const refunds = [...world.refundsById.values()].filter((refund) => refund.paymentId === paymentId)
  const disputes = [...world.disputesById.values()].filter((dispute) => dispute.paymentId === paymentId)
  const { amountMinor } = payment.charged.total
  const refundedMinor = refunds
    .filter(({ state }) => state === 'succeeded')
    .reduce((sum, { amount }) => sum + amount.amountMinor, 0n)
  return {
    ...payment,
    isFullyRefunded: refundedMinor > 0n && refundedMinor >= amountMinor,
    refunds: refunds.map(inBrief),
    disputes,
  }
}

/** Lists, and payments, leave out what a refund was given to carry, as Dodo's do. */
function inBrief(refund: ProviderRefund): ProviderRefund {
  return { ...refund, refundRequestId: undefined }
}

export function listPayments(world: World, walk: Walk, customerId: string | undefined): ListedPayment[] {
  return within(walk, [...world.paymentsById.values()])
    .filter(({ providerCustomerId }) => customerId === undefined || providerCustomerId === customerId)
    .map(({ paymentId, state, orderId, providerCustomerId, charged, createdAt }) => {
      const follows = [...world.refundsById.values(), ...world.disputesById.values()]
      const isTroubled = follows.some((one) => one.paymentId === paymentId)
      return { paymentId, state, orderId, providerCustomerId, charged: charged.total, createdAt, isTroubled }
    })
}

export function listRefunds(world: World, walk: Walk): ProviderRefund[] {
  return within(walk, [...world.refundsById.values()]).map(inBrief)
}

/** Newest first. Ends are included. */
export function within<T extends { readonly createdAt: Date }>(
  { from, to }: Walk,
  rows: readonly T[],
): readonly T[] {
  return rows
    .filter(({ createdAt }) => createdAt >= from && (to === undefined || createdAt <= to))
    .toReversed()
}

/** The invoice of a payment that has succeeded: the smallest PDF that says what it is of. */
export function invoiceOf(world: World, paymentId: string): Uint8Array | undefined {
  const payment = world.paymentsById.get(paymentId)
  if (payment?.invoiceId === undefined) return undefined
  return new TextEncoder().encode(
    `%PDF-1.4\n% Invoice ${payment.invoiceId} of the payment ${paymentId}\n%%EOF\n`,
  )
}
