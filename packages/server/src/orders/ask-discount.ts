import type { Catalog } from '../catalog/catalog.ts'
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
  const preview = await provider.previewCheckout({
    productId: await provider.ensureProduct(product, knownId),
    quantity,
    amountMinor: chosenBetween && price.amountMinor,
    discountCode: code,
    billingCountry: intent.billingCountry,
    currency: price.currency,
    customer,
  })
  const amountMinor = takenOff(preview, price.amountMinor)
  // The payment would not carry a code that takes nothing off.
  if (amountMinor === 0n)
    throw discountNotValid({ discountCode: code, reason: 'It takes nothing off this pack.' })
  return { code, amountMinor }
}

/**
 * In the currency of the price. A provider that previews in another one has converted subtotal and discount at one rate, so their ratio holds; payments
 * in the other currency are compared by the code alone.
 */
function takenOff({ subtotal, discountMinor }: CheckoutPreview, priceMinor: bigint): bigint {
  if (subtotal.amountMinor === priceMinor || subtotal.amountMinor === 0n) return discountMinor
  return (priceMinor * discountMinor * 2n + subtotal.amountMinor) / (subtotal.amountMinor * 2n)
}
