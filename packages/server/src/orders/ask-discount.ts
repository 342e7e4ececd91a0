import type { Catalog } from '../catalog/catalog.ts'
import type { Money } from '../kernel/money.ts'
import { discountNotValid } from '../providers/errors.ts'
import type { CheckoutCustomer, CheckoutPreview, PaymentProvider } from '../providers/provider.ts'
import { type Discount, productOfPack } from './order.ts'
import { type CheckoutIntent, readIntent } from './read-intent.ts'

export interface AskDiscount {
  readonly provider: PaymentProvider
  readonly catalog: Catalog
  readonly intent: CheckoutIntent & { readonly discountCode: string }
  readonly customer: CheckoutCustomer
  /** The product that is known to sell the pack. */
  findProductId(fingerprint: string): Promise<string | undefined>
}

/**
 * What the provider takes off for the code, asked before there is an order: a code that it refuses leaves nothing behind, and the customer can correct it.
 *
 * @throws discountNotValid, unknownPack, invalidQuantity, invalidChosenAmount, productMismatch
 * @throws Fault provider_unavailable, provider_key_refused, provider_refused
 */
export async function askDiscount(input: AskDiscount): Promise<Discount> {
  const { provider, intent, customer } = input
  const { pack, quantity, price, chosenBetween } = readIntent(intent, input.catalog)
  const product = productOfPack(pack, input.catalog)
  const knownId = await input.findProductId(provider.productFingerprint(product))
  const code = intent.discountCode.toUpperCase()
  const productId = await provider.ensureProduct(product, knownId)
  const previewWith = (discountCode: string | undefined) =>
    provider.previewCheckout({
      productId,
      quantity,
      amountMinor: chosenBetween && price.amountMinor,
      discountCode,
      billingCountry: intent.billingCountry,
      currency: price.currency,
      customer,
    })
  const amountMinor = await takenOff(price, await previewWith(code), () => previewWith(undefined))
  // The payment would not carry a code that takes nothing off.
  if (amountMinor === 0n)
    throw discountNotValid({ discountCode: code, reason: 'It takes nothing off this pack.' })
  return { code, amountMinor }
}

/**
 * In the currency of the price. A provider that previews in another one has converted subtotal and discount at one rate, so their ratio holds; payments
 * in the other currency are compared by the code alone.
 */
async function takenOff(
  { amountMinor: priceMinor, currency }: Money,
  { subtotal, discountMinor, totalMinor }: CheckoutPreview,
  previewWithout: () => Promise<CheckoutPreview>,
): Promise<bigint> {
  if (subtotal.amountMinor === priceMinor || subtotal.amountMinor === 0n) return discountMinor
  if (subtotal.currency === currency) {
    // Where the price contains its tax, subtotal and discount are without it, and each is rounded by itself. The totals are exact.
    const without = await previewWithout()
    if (without.totalMinor === priceMinor) return priceMinor - totalMinor
  }
  return (priceMinor * discountMinor * 2n + subtotal.amountMinor) / (subtotal.amountMinor * 2n)
}
