import type { Money } from '../../kernel/money.ts'
import { discountSentence } from '../dodo/discount-sentences.ts'
import { discountNotValid, providerRefused } from '../errors.ts'
import type { CheckoutRequest } from '../provider.ts'
import { productForSale } from './products.ts'
import type { FakeProduct, World } from './world.ts'

export type Priced = Pick<CheckoutRequest, 'productId' | 'quantity' | 'amountMinor' | 'discountCode'>

export interface Price {
  readonly subtotal: Money
  readonly discountMinor: bigint
  /** Upper case. */
  readonly discountCode: string | undefined
}

/**
 * @throws discountNotValid
 * @throws Fault product_gone, provider_refused
 */
export function priceOf(world: World, { productId, quantity, amountMinor, discountCode }: Priced): Price {
  const product = productForSale(world, productId)
  if (!Number.isInteger(quantity) || quantity < 1)
    throw providerRefused(`the quantity ${quantity} is no whole number above zero`, undefined)
  const { currency } = product.price
  const subtotal: Money = { amountMinor: priceOfOne(product, amountMinor) * BigInt(quantity), currency }
  if (discountCode === undefined) return { subtotal, discountMinor: 0n, discountCode: undefined }
  const code = discountCode.toUpperCase()
  return { subtotal, discountMinor: takenOff(world, code, productId, subtotal), discountCode: code }
}

function priceOfOne({ price, chosenAmount }: FakeProduct, amountMinor: bigint | undefined): bigint {
  if (chosenAmount === undefined || amountMinor === undefined) return price.amountMinor
  if (amountMinor < price.amountMinor)
    throw providerRefused(`${amountMinor} is below the product's minimum of ${price.amountMinor}`, undefined)
  return amountMinor
}

function takenOff(world: World, code: string, productId: string, subtotal: Money): bigint {
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
      ? takesOff.amountMinor
      : (subtotal.amountMinor * BigInt(takesOff.basisPoints)) / 10_000n
  return off < subtotal.amountMinor ? off : subtotal.amountMinor
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
