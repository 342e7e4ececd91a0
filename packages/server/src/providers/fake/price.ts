import { discountSentence } from '../dodo/discount-sentences.ts'
import { discountNotValid, providerRefused } from '../errors.ts'
import type { CheckoutPreview, CheckoutRequest } from '../provider.ts'
import { productForSale } from './products.ts'
import type { FakeProduct, World } from './world.ts'

export type Priced = Pick<
  CheckoutRequest,
  'productId' | 'quantity' | 'amountMinor' | 'discountCode' | 'billingCountry'
>

/**
 * What it costs now: in the currency that the country is billed in where that one is asked for, and in the product's own otherwise. Halves are rounded up,
 * as the local Dodo does.
 *
 * @throws discountNotValid
 * @throws Fault product_gone, provider_refused
 */
export function priceOf(world: World, priced: Priced, currency?: string): CheckoutPreview {
  const { productId, quantity, amountMinor, discountCode, billingCountry } = priced
  const product = productForSale(world, productId)
  if (!Number.isInteger(quantity) || quantity < 1)
    throw providerRefused(`the quantity ${quantity} is no whole number above zero`, undefined)
  const { billedIn, taxBasisPoints = 0n } = world.countries.get(billingCountry ?? '') ?? {}
  const rate =
    billedIn !== undefined && billedIn.currency === currency
      ? billedIn
      : { currency: product.price.currency, minor: 1n, forMinor: 1n }
  const convert = (minor: bigint) => roundedRatio(minor, rate.minor, rate.forMinor)
  const beforeMinor = convert(priceOfOne(product, amountMinor)) * BigInt(quantity)
  const code = discountCode?.toUpperCase()
  const offMinor = code === undefined ? 0n : takenOff(world, { code, productId, beforeMinor, convert })
  const before = taxed(beforeMinor, taxBasisPoints, product)
  const left = taxed(beforeMinor - offMinor, taxBasisPoints, product)
  return {
    subtotal: { amountMinor: before.netMinor, currency: rate.currency },
    discountMinor: before.netMinor - left.netMinor,
    taxMinor: left.taxMinor,
    totalMinor: left.netMinor + left.taxMinor,
  }
}

/** Where the price contains the tax, it is no part of the net either. */
function taxed(minor: bigint, basisPoints: bigint, { isTaxInclusive }: FakeProduct) {
  if (!isTaxInclusive) return { netMinor: minor, taxMinor: roundedRatio(minor, basisPoints, 10_000n) }
  const taxMinor = roundedRatio(minor, basisPoints, 10_000n + basisPoints)
  return { netMinor: minor - taxMinor, taxMinor }
}

function roundedRatio(minor: bigint, numerator: bigint, denominator: bigint): bigint {
  return (2n * minor * numerator + denominator) / (2n * denominator)
}

function priceOfOne({ price, chosenAmount }: FakeProduct, amountMinor: bigint | undefined): bigint {
  if (chosenAmount === undefined || amountMinor === undefined) return price.amountMinor
  if (amountMinor < price.amountMinor)
    throw providerRefused(`${amountMinor} is below the product's minimum of ${price.amountMinor}`, undefined)
  return amountMinor
}

interface DiscountUse {
  readonly code: string
  readonly productId: string
  readonly beforeMinor: bigint
  /** From the currency of the product. */
  readonly convert: (minor: bigint) => bigint
}

function takenOff(world: World, { code, productId, beforeMinor, convert }: DiscountUse): bigint {
  const discount = world.discountsByCode.get(code)
  if (discount === undefined) return refuse(code, 'INVALID_DISCOUNT_CODE')
  const { expiresAt, usageLimit, productIds, takesOff } = discount
  if (expiresAt !== undefined && expiresAt <= world.now()) return refuse(code, 'DISCOUNT_CODE_EXPIRED')
  if (usageLimit !== undefined && usesOf(world, code) >= usageLimit)
    return refuse(code, 'DISCOUNT_CODE_USAGE_LIMIT_EXCEEDED')
  if (productIds !== undefined && !productIds.includes(productId))
    return refuse(code, 'DISCOUNT_NOT_AVAILABLE_FOR_PRODUCT')
  const off =
    'amountMinor' in takesOff
      ? convert(takesOff.amountMinor)
      : roundedRatio(beforeMinor, BigInt(takesOff.basisPoints), 10_000n)
  return off < beforeMinor ? off : beforeMinor
}

function refuse(discountCode: string, dodoCode: string): never {
  throw discountNotValid({ discountCode, reason: discountSentence(dodoCode) })
}

function usesOf(world: World, code: string): number {
  let uses = 0
  for (const payment of world.paymentsById.values())
    if (payment.state === 'succeeded' && payment.discountCodes?.includes(code) === true) uses += 1
  return uses
}
