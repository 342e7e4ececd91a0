import type { Catalog, Pack } from '../catalog/catalog.ts'
import { type Credits, micros } from '../kernel/credits.ts'
import type { IdInWallet, Mode, Uuid } from '../kernel/ids.ts'
import type { Money } from '../kernel/money.ts'
import type { PackProduct } from '../providers/provider.ts'
import type { Charged, ProviderDispute } from '../providers/told.ts'

/** `paid`: the payment is there, and the credits come from the provider's own credit system. */
type OrderState = 'created' | 'open' | 'paid' | 'credited'

/** Where an order comes from: a checkout of ours, or a payment that was made without one. */
type OrderOrigin = 'checkout' | 'payment'

/** What brings the credits: the payment itself, or the provider's credit system. Never both. */
export type GrantOn = 'payment' | 'entitlement'

/** Why the last attempt to pay came to nothing. The customer may try again. */
export interface OrderFailure {
  readonly code: string
  /** A sentence for the customer. */
  readonly message: string
}

/** What is known of the payment of an order. */
export interface OrderPayment {
  readonly paymentId: string
  /** What became of it here: `flagged` where a person must look at it. */
  readonly standing: 'none' | 'awaiting_credits' | 'credited' | 'unassigned' | 'flagged' | 'dismissed'
  /** For people: why it is not credited. */
  readonly note: string | undefined
  readonly charged: Charged | undefined
  /** What the merchant is paid out for it; undefined until known. */
  readonly settled: Charged | undefined
  /** In all; undefined where the provider does not say what was charged. */
  readonly refunded: Money | undefined
  /** Or owed, for money that went back. */
  readonly creditsTakenBack: Credits
  readonly dispute: Pick<ProviderDispute, 'state' | 'stage' | 'amount' | 'reason'> | undefined
}

/** One purchase. What is bought is frozen when it is created: a catalog edited since changes nothing. */
export interface Order {
  readonly id: Uuid
  readonly mode: Mode
  readonly customer: string
  readonly pack: string
  readonly packName: string
  readonly quantity: number
  readonly unit: string
  /** In all: the pack's × quantity. */
  readonly credits: Credits
  /** In all, before tax and discount: the pack's × quantity, or what the customer chose. */
  readonly price: Money
  readonly discount: Discount | undefined
  readonly origin: OrderOrigin
  readonly grantOn: GrantOn
  readonly billingCountry: string | undefined
  /** Between what the customer could choose; undefined where the price was fixed. */
  readonly chosenBetween: { readonly leastMinor: bigint; readonly mostMinor: bigint } | undefined
  /** The product of the provider's dashboard that the pack was sold as; undefined where one is made. */
  readonly adopted: string | undefined
  readonly state: OrderState
  readonly provider: string
  readonly productId: string | undefined
  readonly sessionId: string | undefined
  readonly checkoutUrl: string | undefined
  readonly paymentId: string | undefined
  readonly lot: IdInWallet | undefined
  readonly failure: OrderFailure | undefined
  readonly createdAt: Date
  readonly paidAt: Date | undefined
  readonly creditedAt: Date | undefined
}

export interface PaidOrder extends Order {
  /** Undefined until it is paid. */
  readonly payment: OrderPayment | undefined
}

export interface Discount {
  /** Upper case. */
  readonly code: string
  /** Off the price, in its currency. */
  readonly amountMinor: bigint
}

/** More is a typing error, or somebody else's card. */
export const quantityMax = 100

/** What is to be paid, before tax. */
export function netPrice({ price, discount }: Pick<Order, 'price' | 'discount'>): Money {
  return { amountMinor: price.amountMinor - (discount?.amountMinor ?? 0n), currency: price.currency }
}

/** One of what the order is of, as the provider sells it. */
export function productOf(order: Order, catalog: Catalog): PackProduct {
  const { pack, packName: name, unit, chosenBetween, grantOn, adopted } = order
  return {
    pack,
    name,
    price: leastPrice(order),
    chosenAmount: chosenBetween && { maxMinor: chosenBetween.mostMinor },
    entitlement:
      grantOn === 'payment' ? undefined : { ...unitNamed(catalog, unit), credits: leastCredits(order) },
    adopted,
  }
}

/** What the provider sells for a pack of the catalog. */
export function productOfPack(pack: Pack, catalog: Catalog): PackProduct {
  const { id, name, price, chosen, unit, credits, grantOn, dodoProduct } = pack
  return {
    pack: id,
    name,
    price,
    chosenAmount: chosen && { maxMinor: chosen.maxMinor },
    entitlement: grantOn === 'payment' ? undefined : { ...unitNamed(catalog, unit), credits },
    adopted: dodoProduct,
  }
}

function unitNamed({ unitsById }: Catalog, unit: string) {
  return { unit, unitName: unitsById.get(unit)?.name ?? unit }
}

/** The price of one; where the customer chose it, the least that they could. */
export function leastPrice({ price, quantity, chosenBetween }: Order): Money {
  const amountMinor = chosenBetween?.leastMinor ?? price.amountMinor / BigInt(quantity)
  return { amountMinor, currency: price.currency }
}

/** The credits for that. Exact: what a chosen amount brings is so for each smallest unit of it. */
export function leastCredits(order: Order): Credits {
  const { credits, price } = order
  return price.amountMinor === 0n
    ? credits
    : micros((credits * leastPrice(order).amountMinor) / price.amountMinor)
}
