import type { Mode, Uuid } from '../kernel/ids.ts'
import type { Money } from '../kernel/money.ts'

/** What the provider sells for one pack. */
export interface PackProduct {
  readonly pack: string
  readonly name: string
  readonly price: Money
  /** A product that was made in the provider's dashboard, to be used as it is. */
  readonly adopted: string | undefined
}

export interface CheckoutRequest {
  readonly orderId: Uuid
  readonly productId: string
  readonly quantity: number
  readonly customer: CheckoutCustomer
  readonly returnUrl: string
  readonly cancelUrl: string | undefined
}

export interface CheckoutCustomer {
  readonly email: string | undefined
  readonly name: string | undefined
  /** What the provider calls this customer, when it is known from an earlier payment. */
  readonly providerCustomerId: string | undefined
}

export interface CheckoutSession {
  readonly sessionId: string
  readonly checkoutUrl: string
}

export interface ProviderPayment {
  readonly paymentId: string
  /** From what we put into the checkout; undefined for payments that were not started here. */
  readonly orderId: Uuid | undefined
  readonly providerCustomerId: string | undefined
  /** In part or in full. */
  readonly isRefunded: boolean
  /** What was bought; undefined where the provider does not say, as for subscriptions. */
  readonly cart: readonly CartLine[] | undefined
  /** What the customer was charged; undefined where the provider does not say, or says what makes no sense. */
  readonly charged: Charged | undefined
  /** Whether a discount code or the like made it cheaper. */
  readonly isDiscounted: boolean
}

/** In the currency that the customer paid in, which need not be the price's, and not in the one that the merchant is paid out in. */
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

/** What happened, in words that all providers share. */
export type ProviderEvent =
  | { readonly type: 'payment.succeeded'; readonly payment: ProviderPayment }
  | { readonly type: 'payment.failed'; readonly payment: ProviderPayment; readonly failure: PaymentFailure }

/** A message as far as it is understood. All are kept; only events have consequences. */
export type MessageReading =
  | { readonly kind: 'event'; readonly eventType: string; readonly event: ProviderEvent }
  /** Nothing to do about it. */
  | { readonly kind: 'ignored'; readonly eventType: string; readonly note: string }
  /** A person must look at it. */
  | { readonly kind: 'unreadable'; readonly eventType: string; readonly note: string }

export interface VerifiedMessage {
  /** The same for every delivery of one message. */
  readonly messageId: string
  readonly reading: MessageReading
}

/** Kept with every order and message: two providers' ids never meet. */
export type ProviderName = 'dodo' | 'fake'

/** What `orders/` needs of a payment provider. No call keeps anything of ours, and every call may be repeated. */
export interface PaymentProvider {
  readonly name: ProviderName
  readonly mode: Mode
  /** Changes when the product for a pack has to be another one. */
  productFingerprint(product: PackProduct): string
  /**
   * The id of a product that sells exactly this: the adopted one, the known one, one found again, or a new one.
   *
   * @throws productMismatch when an adopted product sells something else
   * @throws Fault provider_unavailable …
   */
  ensureProduct(product: PackProduct, knownId: string | undefined): Promise<string>
  /** @throws Fault provider_unavailable … */
  startCheckout(request: CheckoutRequest): Promise<CheckoutSession>
  /**
   * Believes a message only when the provider signed these very bytes within the last five minutes.
   *
   * @throws invalidSignature
   */
  verifyWebhook(headers: Headers, rawBody: string): VerifiedMessage
  /** Reads a body that was verified when it arrived. */
  readMessage(rawBody: string): MessageReading
}
