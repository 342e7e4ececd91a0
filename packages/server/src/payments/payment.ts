import type { Credits } from '../kernel/credits.ts'
import type { Mode, Uuid } from '../kernel/ids.ts'
import type { Money } from '../kernel/money.ts'
import type {
  CartLine,
  Charged,
  DisputeState,
  PaymentState,
  ProviderDispute,
  RefundState,
} from '../providers/told.ts'

/**
 * What became of a payment that succeeded: `awaiting_credits` where the provider's own credit system grants; `unassigned` where it is not known whose it is;
 * `flagged` where it is not what was ordered; `dismissed` where a person has decided that nothing follows.
 */
export type Standing = 'none' | 'awaiting_credits' | 'credited' | 'unassigned' | 'flagged' | 'dismissed'

export interface PaymentKey {
  readonly provider: string
  readonly paymentId: string
}

/** A payment as it was told last, and what it did here. */
export interface Payment extends PaymentKey {
  readonly mode: Mode
  readonly state: PaymentState
  readonly orderId: Uuid | undefined
  /** Ours: of the order, or from what a payment link carried. */
  readonly customer: string | undefined
  readonly providerCustomerId: string | undefined
  readonly subscriptionId: string | undefined
  readonly cart: readonly CartLine[] | undefined
  readonly charged: Charged | undefined
  readonly settled: Charged | undefined
  readonly discountCodes: readonly string[] | undefined
  readonly methodId: string | undefined
  readonly invoiceId: string | undefined
  readonly failureCode: string | undefined
  /** Whether the provider says so of the payment as a whole, whatever refunds are known. */
  readonly isFullyRefunded: boolean
  readonly createdAt: Date | undefined
  readonly standing: Standing
  readonly note: string | undefined
  /** What it bought; undefined until it is credited. */
  readonly bought: Bought | undefined
  readonly receivedAt: Date
  /** Who assigned or dismissed it, and when; undefined where nobody did. */
  readonly decided: { readonly by: string; readonly at: Date } | undefined
}

export interface Bought {
  readonly walletId: Uuid
  readonly lotId: Uuid
  readonly granted: Credits
  /** Taken back, or owed, for money that went back: of refunds and disputes together, never more than was granted. */
  readonly revoked: Credits
  readonly isFrozen: boolean
  /** How often it was frozen and unfrozen: what tells one freeze's key from the next. */
  readonly freezes: number
}

export interface Refund extends PaymentKey {
  readonly refundId: string
  readonly state: RefundState
  readonly amount: Money | undefined
  readonly reason: string | undefined
  readonly requestId: Uuid | undefined
  readonly createdAt: Date | undefined
}

/** A refund that was asked for here, as far as the credits of its payment are concerned. */
export interface AskedRefund {
  readonly requestId: Uuid
  /** The provider's refund; undefined until it is known. */
  readonly refundId: string | undefined
  /** What it stands for, where exactly that was asked to be given back; undefined where its money says. */
  readonly credits: Credits | undefined
  /** Whether the provider has refused it. */
  readonly isRefused: boolean
}

export interface Dispute extends PaymentKey {
  readonly disputeId: string
  readonly state: DisputeState
  readonly stage: ProviderDispute['stage']
  readonly isRapidlyResolved: boolean
  readonly amount: Money | undefined
  readonly reason: string | undefined
  readonly createdAt: Date | undefined
}
