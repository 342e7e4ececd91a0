import type { Uuid } from '../../kernel/ids.ts'
import type { Money } from '../../kernel/money.ts'
import type { CheckoutRequest, CreditPosting, PackProduct } from '../provider.ts'
import type {
  Charged,
  CreditGrant,
  PaymentMethod,
  ProviderDispute,
  ProviderPayment,
  ProviderRefund,
} from '../told.ts'

/** What the provider has on sale. */
export interface FakeProduct extends Pick<PackProduct, 'name' | 'price' | 'chosenAmount' | 'entitlement'> {
  readonly productId: string
  /** Whether its price contains the tax, which is added to it otherwise. */
  readonly isTaxInclusive: boolean
  readonly isArchived: boolean
  readonly madeFor: { readonly pack: string; readonly fingerprint: string } | undefined
}

export interface FakeDiscount {
  /** Upper case. */
  readonly code: string
  /** Hundredths of a percent of the subtotal, or minor units of its currency. */
  readonly takesOff: { readonly basisPoints: number } | { readonly amountMinor: bigint }
  /** From then on it is refused. */
  readonly expiresAt?: Date | undefined
  /** How many payments may be made with it. */
  readonly usageLimit?: number | undefined
  /** All unless given. */
  readonly productIds?: readonly string[] | undefined
}

/** What is particular about buying in a country. */
export interface FakeCountry {
  /** Hundredths of a percent; none unless given. */
  readonly taxBasisPoints?: bigint | undefined
  /** What its customers are billed in: so many minor units of this for so many of the price's. The price's own unless given. */
  readonly billedIn?:
    | { readonly currency: string; readonly minor: bigint; readonly forMinor: bigint }
    | undefined
}

/** What is bought, by whom, at what price. */
export interface Purchase {
  /** Undefined where it was bought by a payment link. */
  readonly orderId: Uuid | undefined
  readonly customerId: string
  readonly productId: string
  readonly quantity: number
  /** The discount is taken off, and the tax is in it. */
  readonly charged: Charged
  /** The same in the currency of the product. */
  readonly settled: Charged
  /** Upper case. */
  readonly discountCode: string | undefined
}

export interface Checkout {
  readonly sessionId: string
  readonly request: CheckoutRequest
  readonly purchase: Purchase
}

/** A payment by itself: what follows it is kept on its own. */
export type BarePayment = Omit<ProviderPayment, 'refunds' | 'disputes' | 'isFullyRefunded'> & {
  readonly createdAt: Date
  readonly charged: NonNullable<ProviderPayment['charged']>
}

export type FakeRefund = ProviderRefund & { readonly amount: Money; readonly createdAt: Date }
export type FakeDispute = ProviderDispute & { readonly amount: Money; readonly createdAt: Date }
export type FakeGrant = CreditGrant & { readonly createdAt: Date }

/** All that the provider knows. Maps keep the order in which things were made. */
export interface World {
  now(): Date
  /** `pay_1`, `pay_2` … */
  nextId(prefix: string): string
  readonly productsById: Map<string, FakeProduct>
  readonly discountsByCode: Map<string, FakeDiscount>
  readonly countries: Map<string, FakeCountry>
  readonly customerIds: Set<string>
  readonly checkoutsBySession: Map<string, Checkout>
  /** An order's last session is the one that is shown. */
  readonly checkoutsByOrder: Map<Uuid, Checkout>
  readonly paymentsBySession: Map<string, string>
  readonly paymentsById: Map<string, BarePayment>
  readonly refundsById: Map<string, FakeRefund>
  readonly disputesById: Map<string, FakeDispute>
  readonly entitlementsByUnit: Map<string, string>
  readonly grants: FakeGrant[]
  readonly postingsByKey: Map<string, CreditPosting>
  readonly methodsByCustomer: Map<string, readonly PaymentMethod[]>
}

/** Starts empty. */
export function createWorld(now: () => Date): World {
  const counts = new Map<string, number>()
  return {
    now,
    nextId(prefix) {
      const count = (counts.get(prefix) ?? 0) + 1
      counts.set(prefix, count)
      return `${prefix}_${count}`
    },
    productsById: new Map(),
    discountsByCode: new Map(),
    countries: new Map(),
    customerIds: new Set(),
    checkoutsBySession: new Map(),
    checkoutsByOrder: new Map(),
    paymentsBySession: new Map(),
    paymentsById: new Map(),
    refundsById: new Map(),
    disputesById: new Map(),
    entitlementsByUnit: new Map(),
    grants: [],
    postingsByKey: new Map(),
    methodsByCustomer: new Map(),
  }
}
