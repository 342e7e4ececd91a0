import type { z } from 'zod'
import { withSessionAmounts } from '../credit-entitlements/attachment.ts'
import { refuseUncovered } from '../http/parse.ts'
import { invalidBody, notCovered, Refusal } from '../kernel/refusal.ts'
import type { OneTimePrice } from '../products/product.ts'
import * as products from '../products/queries.ts'
import type { Transaction } from '../store/store.ts'
import type { Cart, CartLine, createSessionSchema } from './session.ts'

type CartItem = z.output<typeof createSessionSchema>['product_cart'][number]

const emptyCart = () => new Refusal(422, 'PRODUCT_CART_EMTPY', 'product_cart: holds no product')

const productIsDeleted = (productId: string) =>
  new Refusal(422, 'PRODUCT_IS_DELETED', `product_cart: product ${productId} is archived and not for sale`)

const mixedCurrencies = () =>
  new Refusal(422, 'UNSUPPORTED_CURRENCY', 'product_cart: holds products of more than one currency')

/** What is bought, at the prices of now. */
export function priceCart(tx: Transaction, items: readonly CartItem[]): Cart {
  if (items.length === 0) throw emptyCart()
  const priced = items.map((item) => priceItem(tx, item))
  const currency = priced[0]?.currency ?? ''
  if (priced.some((line) => line.currency !== currency)) throw mixedCurrencies()
  return { currency, lines: priced.map(({ line }) => line) }
}

function priceItem(tx: Transaction, item: CartItem): { currency: string; line: CartLine } {
  refuseUncovered({ 'add-ons in a cart': item.addons })
  const found = products.findProduct(tx, item.product_id)
  if (!found) throw invalidBody(`product_cart: there is no product ${item.product_id}`)
  if (found.archived) throw productIsDeleted(item.product_id)
  const { price, name, description, tax_category } = found.product
  if (price.type !== 'one_time_price') throw notCovered('checkouts of subscriptions')
  return {
    currency: price.currency,
    line: {
      product_id: item.product_id,
      name,
      description,
      quantity: item.quantity,
      unit_amount: unitPrice(price, item.amount ?? undefined),
      tax_inclusive: price.tax_inclusive ?? false,
      tax_category,
      credits: withSessionAmounts(tx, found.product.credit_entitlements, item.credit_entitlements ?? []),
    },
  }
}

/** What one costs. An amount counts only where customers pay what they want, and never below the price. */
function unitPrice(price: OneTimePrice, amount: number | undefined): number {
  if (price.pay_what_you_want) {
    const chosen = amount ?? price.suggested_price ?? price.price
    if (chosen < price.price)
      throw invalidBody(`product_cart: amount ${chosen} is below the product's minimum of ${price.price}`)
    return chosen
  }
  const discountBps = price.discount_bps ?? price.discount * 100
  return price.price - Math.floor((price.price * discountBps) / 10_000)
}
