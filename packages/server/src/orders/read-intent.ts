import type { Catalog, Pack } from '../catalog/catalog.ts'
import { unknownPack } from '../catalog/errors.ts'
import { type Credits, micros } from '../kernel/credits.ts'
import type { Money } from '../kernel/money.ts'
import type { Consent } from './consent-queries.ts'
import { invalidChosenAmount, invalidQuantity } from './errors.ts'
import { type Order, quantityMax } from './order.ts'

/** What someone wants to buy, and how they get there and back. */
export interface CheckoutIntent {
  readonly customer: string
  readonly pack: string
  /** One unless given. */
  readonly quantity: number | undefined
  /** What the customer chose to pay, before tax and discount, for packs that let them. */
  readonly amountMinor?: bigint | undefined
  /** In any case; the provider's discounts have upper case. */
  readonly discountCode?: string | undefined
  /** ISO 3166 alpha-2. */
  readonly billingCountry?: string | undefined
  /** To save the way to pay for later, as the customer was shown it and agreed. */
  readonly consent?: Consent | undefined
  readonly returnUrl: string
  readonly cancelUrl: string | undefined
  readonly idempotencyKey: string
}

/** What an intent comes to by a catalog. */
export interface Wanted extends Pick<Order, 'quantity' | 'credits' | 'price' | 'chosenBetween'> {
  readonly pack: Pack
}

/** @throws unknownPack, invalidQuantity, invalidChosenAmount */
export function readIntent(intent: CheckoutIntent, catalog: Catalog): Wanted {
  const { quantity = 1 } = intent
  const pack = catalog.packsById.get(intent.pack)
  if (pack === undefined) throw unknownPack({ name: intent.pack, known: [...catalog.packsById.keys()] })
  const max = pack.chosen === undefined ? quantityMax : 1
  if (!Number.isInteger(quantity) || quantity < 1 || quantity > max) throw invalidQuantity({ quantity, max })
  return { pack, quantity, ...priceOf(pack, quantity, intent.amountMinor) }
}

function priceOf(
  pack: Pack,
  quantity: number,
  amountMinor: bigint | undefined,
): Pick<Wanted, 'credits' | 'price' | 'chosenBetween'> {
  const { price, credits, chosen } = pack
  const { currency } = price
  const money = (minor: bigint): Money => ({ amountMinor: minor, currency })
  const amount = amountMinor === undefined ? undefined : money(amountMinor)
  if (chosen === undefined) {
    if (amount !== undefined)
      throw invalidChosenAmount({ pack: pack.id, amount, min: undefined, max: undefined })
    const times = BigInt(quantity)
    return {
      credits: micros(credits * times),
      price: money(price.amountMinor * times),
      chosenBetween: undefined,
    }
  }
  if (amount === undefined || amount.amountMinor < price.amountMinor || amount.amountMinor > chosen.maxMinor)
    throw invalidChosenAmount({ pack: pack.id, amount, min: price, max: money(chosen.maxMinor) })
  return {
    credits: creditsFor(chosen.creditsPerMinor, amount),
    price: amount,
    chosenBetween: { leastMinor: price.amountMinor, mostMinor: chosen.maxMinor },
  }
}

function creditsFor(creditsPerMinor: Credits, { amountMinor }: Money): Credits {
  return micros(creditsPerMinor * amountMinor)
}
