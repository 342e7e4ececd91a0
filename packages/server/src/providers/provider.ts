/** The port to payment providers. What they tell about payments is in `told.ts`, in words that all share. */
import type { Credits } from '../kernel/credits.ts'
import type { Mode, Uuid } from '../kernel/ids.ts'
import type { Money } from '../kernel/money.ts'
import type {
  CreditGrant,
  ListedPayment,
  PaymentMethod,
  ProviderDispute,
  ProviderPayment,
  ProviderRefund,
  ProviderSubscription,
} from './told.ts'

/** What the provider sells for one pack. */
export interface PackProduct {
  readonly pack: string
  readonly name: string
  /** Where the customer chooses the amount, the least of it. */
  readonly price: Money
  /** Undefined where the price is fixed. */
  readonly chosenAmount: { readonly maxMinor: bigint } | undefined
  /** Where the provider's own credit system grants: how many of which unit one brings. Undefined where the payment does. */
  readonly entitlement?: SoldEntitlement | undefined
  /** A product that was made in the provider's dashboard, to be used as it is. */
  readonly adopted: string | undefined
}

export interface SoldEntitlement {
  readonly unit: string
  readonly unitName: string
  readonly credits: Credits
}

export interface CheckoutRequest {
  readonly orderId: Uuid
  readonly productId: string
  readonly quantity: number
  /** What the customer chose to pay for one, where the pack lets them. */
  readonly amountMinor: bigint | undefined
  readonly discountCode: string | undefined
  /** ISO 3166 alpha-2. */
  readonly billingCountry: string | undefined
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

export interface PreviewRequest extends Omit<CheckoutRequest, 'orderId' | 'returnUrl' | 'cancelUrl'> {
  /** Of the price: to be previewed in, where the provider would convert it. */
  readonly currency: string
}

/** What a checkout would cost now. */
export interface CheckoutPreview {
  readonly subtotal: Money
  /** Taken off the subtotal, before tax; in the subtotal's currency. */
  readonly discountMinor: bigint
  readonly taxMinor: bigint
  readonly totalMinor: bigint
}

/** Charged without the customer being there, with a method they saved for that. */
export interface SavedMethodCharge extends Omit<CheckoutRequest, 'returnUrl' | 'cancelUrl' | 'customer'> {
  readonly providerCustomerId: string
  readonly methodId: string
}

export interface RefundRequest {
  readonly paymentId: string
  /** Travels with the refund, so that it is found again when the answer is lost. */
  readonly refundRequestId: Uuid
  /** Tax included, in the payment's currency; undefined for all that is left. */
  readonly amountMinor: bigint | undefined
  readonly reason: string | undefined
}

/** A window of time over what was made at the provider. Ends are included. */
export interface Walk {
  readonly from: Date
  readonly to: Date | undefined
}

/** A product as the provider has it, as far as a pack is concerned. */
export interface ListedProduct {
  readonly productId: string
  readonly name: string
  readonly price: Money
  /** Whether the customer chooses what to pay, from the price on. */
  readonly isChosen: boolean
  readonly isArchived: boolean
  /** Where it was made by us: for which pack, and from what. */
  readonly madeFor: { readonly pack: string; readonly fingerprint: string } | undefined
  /** Why no pack can be sold as this: another kind of price, a discount in it. */
  readonly unusable: string | undefined
}

/** As far as the provider knows; a person writes the rest. */
export interface DescribedProduct {
  /** A decimal as text. */
  readonly credits: string | undefined
  readonly unit: string | undefined
}

export interface CreditPosting {
  readonly entitlementId: string
  readonly providerCustomerId: string
  /** Above zero. */
  readonly credits: Credits
  readonly kind: 'debit' | 'credit'
  readonly key: string
  readonly reason: string
}

/** What happened, in words that all providers share. State as of the message, whatever the event was. */
export type ProviderEvent =
  | { readonly type: 'payment'; readonly payment: ProviderPayment }
  | { readonly type: 'refund'; readonly refund: ProviderRefund }
  | { readonly type: 'dispute'; readonly dispute: ProviderDispute }
  | { readonly type: 'credits'; readonly grant: CreditGrant }
  | { readonly type: 'subscription'; readonly subscription: ProviderSubscription }

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

/**
 * What the server needs of a payment provider. Calls that read may be repeated; of those that make something, each says what a repeat does. Every
 * call to the provider may throw Fault provider_unavailable, provider_key_refused or provider_refused.
 */
export interface PaymentProvider {
  readonly name: ProviderName
  readonly mode: Mode

  // Products

  /** Changes when the product for a pack has to be another one. */
  productFingerprint(product: PackProduct): string
  /**
   * The id of a product that sells exactly this: the adopted one, the known one, one found again, or a new one. May be repeated.
   *
   * @throws productMismatch when an adopted product sells something else
   */
  ensureProduct(product: PackProduct, knownId: string | undefined): Promise<string>
  listProducts(): AsyncIterable<ListedProduct>
  /** No more for sale; what was bought stays. May be repeated. */
  archiveProduct(productId: string): Promise<void>

  /** What one of a product brings by the provider's own credit system, or what its metadata says: for packs that are to be written. */
  describeProduct(productId: string): Promise<DescribedProduct | undefined>

  // The provider's own credits

  /** Those that one customer was granted of one kind. */
  listCreditGrants(entitlementId: string, providerCustomerId: string): AsyncIterable<CreditGrant>
  /** The provider's id for a unit's credits, made unless it is there. May be repeated. */
  ensureEntitlement(unit: Pick<SoldEntitlement, 'unit' | 'unitName'>): Promise<string>
  /** Posts what was spent, or given back, to the provider's ledger. The same key posts once. */
  postCredits(posting: CreditPosting): Promise<void>

  // Selling

  /**
   * A repeat makes a second session, of which only the one that is kept is ever shown to anyone.
   *
   * @throws discountNotValid
   */
  startCheckout(request: CheckoutRequest): Promise<CheckoutSession>
  /** @throws discountNotValid */
  previewCheckout(request: PreviewRequest): Promise<CheckoutPreview>
  /** The payment that a session has led to, if any; undefined also where the session is unknown. */
  findSessionPayment(sessionId: string): Promise<string | undefined>
  /** A repeat charges again: look for a payment of the order first (`listPayments`). The outcome comes as a message. */
  chargeSavedMethod(charge: SavedMethodCharge): Promise<{ readonly paymentId: string }>

  // Payments and what may follow

  getPayment(paymentId: string): Promise<ProviderPayment | undefined>
  getRefund(refundId: string): Promise<ProviderRefund | undefined>
  getDispute(disputeId: string): Promise<ProviderDispute | undefined>
  /** In brief; of one customer where given. */
  listPayments(walk: Walk, providerCustomerId?: string): AsyncIterable<ListedPayment>
  listRefunds(walk: Walk): AsyncIterable<ProviderRefund>
  listDisputes(walk: Walk): AsyncIterable<ProviderDispute>
  listSubscriptions(walk: Walk): AsyncIterable<ProviderSubscription>
  /** A repeat may give money back twice: look for the request among the payment's refunds first. */
  refund(request: RefundRequest): Promise<ProviderRefund>
  /** The invoice as a PDF; undefined where there is none. */
  getInvoice(paymentId: string): Promise<Uint8Array | undefined>

  // Customers

  listPaymentMethods(providerCustomerId: string): Promise<readonly PaymentMethod[]>
  deletePaymentMethod(providerCustomerId: string, methodId: string): Promise<void>
  /** Where the customer sees their payments and methods at the provider, for a day. */
  portalLink(providerCustomerId: string, returnUrl: string | undefined): Promise<string>

  // Messages

  /**
   * Believes a message only when the provider signed these very bytes within the last five minutes.
   *
   * @throws invalidSignature
   */
  verifyWebhook(headers: Headers, rawBody: string): VerifiedMessage
  /** Reads a body that was verified when it arrived. */
  readMessage(rawBody: string): MessageReading
}
