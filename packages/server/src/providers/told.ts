/** What a provider tells: payments and what may follow, as they are now. Amounts are minor units; all times are the provider's. */
import type { Uuid } from '../kernel/ids.ts'
import type { Money } from '../kernel/money.ts'

export type PaymentState = 'processing' | 'failed' | 'cancelled' | 'succeeded'

export interface ProviderPayment {
  readonly paymentId: string
  readonly state: PaymentState
  /** From what we put into the checkout; undefined for payments that were not started here. */
  readonly orderId: Uuid | undefined
  /** Ours, from what a payment link carries; undefined where it carries none. */
  readonly customer: string | undefined
  readonly providerCustomerId: string | undefined
  /** What the payer gave as theirs: anybody may type anybody's. Never stored. */
  readonly payerEmail: string | undefined
  readonly subscriptionId: string | undefined
  /** What was bought; undefined where the provider does not say, as for subscriptions. */
  readonly cart: readonly CartLine[] | undefined
  /** What the customer was charged; undefined where the provider does not say, or says what makes no sense. */
  readonly charged: Charged | undefined
  /** What the merchant is paid out for it; undefined until known. */
  readonly settled: Charged | undefined
  /** Upper case, in the order in which they were applied. Undefined: it is discounted, and by what is not said. */
  readonly discountCodes: readonly string[] | undefined
  readonly methodId: string | undefined
  readonly invoiceId: string | undefined
  /** Why it failed; undefined unless it did. */
  readonly failure: PaymentFailure | undefined
  /** Whether all of the money has gone back, where the provider says so of the payment itself. */
  readonly isFullyRefunded: boolean
  readonly createdAt: Date | undefined
  /** Those that the provider tells with the payment. */
  readonly refunds: readonly ProviderRefund[]
  readonly disputes: readonly ProviderDispute[]
}

/** A payment as a list shows it: enough to tell whether more has to be asked. */
export interface ListedPayment
  extends Pick<ProviderPayment, 'paymentId' | 'state' | 'orderId' | 'providerCustomerId' | 'createdAt'> {
  /** Tax included; undefined where the provider does not say. */
  readonly charged: Money | undefined
  /** Whether money has gone back for it, or may. */
  readonly isTroubled: boolean
}

/** In the currency that the customer paid in, which need not be the price's, or in the one that the merchant is paid out in. */
export interface Charged {
  /** Tax included. */
  readonly total: Money
  /** The part of the total that is tax. */
  readonly taxMinor: bigint
}

export interface CartLine {
  readonly productId: string
  readonly quantity: number
}

export interface PaymentFailure {
  /** The provider's own: `INSUFFICIENT_FUNDS`. */
  readonly code: string
  /** A sentence for the customer. */
  readonly message: string
}

/** `pending` also where it is of a part and the provider does not say of how much: it has not ended before that is told. */
export type RefundState = 'pending' | 'review' | 'succeeded' | 'failed'

export interface ProviderRefund {
  readonly refundId: string
  readonly paymentId: string
  readonly state: RefundState
  /** Tax included, in the payment's currency; undefined where the provider does not say. Of one that succeeded it is all of it then. */
  readonly amount: Money | undefined
  readonly reason: string | undefined
  /** Of a refund that was asked for here. */
  readonly refundRequestId: Uuid | undefined
  readonly createdAt: Date | undefined
}

/**
 * `open`: the money is held back, and nobody has decided. `expired`: the time to answer has passed, and nobody has decided. `lost` also where it was accepted
 * or resolved by giving the money back.
 */
export type DisputeState = 'open' | 'expired' | 'won' | 'lost'

export interface ProviderDispute {
  readonly disputeId: string
  readonly paymentId: string
  readonly state: DisputeState
  /** How far it has gone: a later one may be lost after an earlier one was won. */
  readonly stage: 'pre_dispute' | 'dispute' | 'pre_arbitration'
  /** Settled by the card network by giving the money back, with no refund of its own. */
  readonly isRapidlyResolved: boolean
  /** Undefined where the provider does not say: then all of it. */
  readonly amount: Money | undefined
  readonly reason: string | undefined
  readonly createdAt: Date | undefined
}

/** Credits that the provider's own credit system granted. */
export interface CreditGrant {
  readonly grantId: string
  readonly providerCustomerId: string
  readonly entitlementId: string
  /** A decimal as text. */
  readonly credits: string
  /** What it was granted for, where the provider says: a payment, a subscription. */
  readonly referenceId: string | undefined
  readonly createdAt: Date | undefined
}

export type SubscriptionState =
  | 'pending'
  | 'active'
  | 'on_hold'
  | 'paused'
  | 'cancelled'
  | 'failed'
  | 'expired'

export interface ProviderSubscription {
  readonly subscriptionId: string
  readonly state: SubscriptionState
  readonly providerCustomerId: string | undefined
  readonly productId: string | undefined
  readonly createdAt: Date | undefined
}

/** A way to pay that the customer saved. */
export interface PaymentMethod {
  readonly methodId: string
  /** `card`, `upi` … */
  readonly kind: string
  readonly network: string | undefined
  readonly lastFour: string | undefined
  /** Two digits and four. */
  readonly expiry: { readonly month: string; readonly year: string } | undefined
  /** Whether it can be charged without the customer being there. */
  readonly isRecurring: boolean
}
