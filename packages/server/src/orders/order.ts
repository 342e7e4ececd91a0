import type { Credits } from '../kernel/credits.ts'
import type { IdInWallet, Mode, Uuid } from '../kernel/ids.ts'
import type { Money } from '../kernel/money.ts'

type OrderState = 'created' | 'open' | 'credited'

/** Why the last attempt to pay came to nothing. The customer may try again. */
export interface OrderFailure {
  readonly code: string
  /** A sentence for the customer. */
  readonly message: string
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
  /** In all, before tax: the pack's × quantity. */
  readonly price: Money
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

/** More is a typing error, or somebody else's card. */
export const quantityMax = 100

/** The price of one pack of the order. */
export function packPrice({ price, quantity }: Order): Money {
  return { amountMinor: price.amountMinor / BigInt(quantity), currency: price.currency }
}
