import type { z } from 'zod'
import { type CreditAttachment, withSessionAmounts } from '../credit-entitlements/attachment.ts'
import { refuseUncovered } from '../http/parse.ts'
import { invalidBody, notCovered, Refusal } from '../kernel/refusal.ts'
import type { OneTimePrice, Product } from '../products/product.ts'
import * as products from '../products/queries.ts'
import type { Transaction } from '../store/store.ts'
import { firstUnitAmount, type PlanOffer, planOf } from '../subscriptions/plan.ts'
import type { Cart, CartLine, createSessionSchema } from './session.ts'

type CartItem = z.output<typeof createSessionSchema>['product_cart'][number]
type SubscriptionData = z.output<typeof createSessionSchema>['subscription_data']

const emptyCart = () => new Refusal(422, 'PRODUCT_CART_EMTPY', 'product_cart: holds no product')

const productIsDeleted = (productId: string) =>
  new Refusal(422, 'PRODUCT_IS_DELETED', `product_cart: product ${productId} is archived and not for sale`)

const mixedCurrencies = () =>
  new Refusal(422, 'UNSUPPORTED_CURRENCY', 'product_cart: holds products of more than one currency')

/** What is bought, at the prices of now. */
export function priceCart(
  tx: Transaction,
  items: readonly CartItem[],
  subscriptionData?: SubscriptionData,
): Cart {
  if (items.length === 0) throw emptyCart()
  const priced = items.map((item) => priceItem(tx, item, subscriptionData))
  const currency = priced[0]?.currency ?? ''
  if (priced.some((line) => line.currency !== currency)) throw mixedCurrencies()
  if (subscriptionData && !priced.some(({ line }) => line.offer))
    throw invalidBody('subscription_data: product_cart holds no product with a recurring price')
  return { currency, lines: priced.map(({ line }) => line) }
}

function priceItem(
  tx: Transaction,
  item: CartItem,
  subscriptionData: SubscriptionData,
): { currency: string; line: CartLine } {
  refuseUncovered({ 'add-ons in a cart': item.addons })
  const found = products.findProduct(tx, item.product_id)
  if (!found) throw invalidBody(`product_cart: there is no product ${item.product_id}`)
  if (found.archived) throw productIsDeleted(item.product_id)
  const { price, name, description, tax_category } = found.product
  const credits = withSessionAmounts(tx, found.product.credit_entitlements, item.credit_entitlements ?? [])
  const offer = offerOf(found.product, credits, subscriptionData)
  return {
    currency: price.currency,
    line: {
      product_id: item.product_id,
      name,
      description,
      quantity: item.quantity,
      unit_amount: offer
        ? firstUnitAmount(offer)
        : unitPrice(price as OneTimePrice, item.amount ?? undefined),
      tax_inclusive: price.tax_inclusive ?? false,
      tax_category,
      credits,
      ...(offer ? { offer } : {}),
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

/** The product as something to subscribe to; `undefined` where it is bought once. */
function offerOf(
  product: Product,
  credits: CreditAttachment[],
  data: SubscriptionData,
): PlanOffer | undefined {
  const { price } = product
  if (price.type === 'one_time_price') return undefined
  const plan = planOf(product, credits)
  if (!plan || price.type !== 'recurring_price') throw notCovered('checkouts of usage-based prices')
  const onDemand = data?.on_demand
  if (onDemand?.product_currency && onDemand.product_currency !== plan.currency)
    throw invalidBody(`subscription_data: on_demand.product_currency is not the product's ${plan.currency}`)
  const trialDays = data?.trial_period_days ?? price.trial_period_days
  return {
    ...plan,
    trial_days: trialDays,
    trial_amount: trialDays > 0 ? (price.trial_amount ?? null) : null,
    on_demand: onDemand
      ? {
          mandate_only: onDemand.mandate_only,
          product_price: onDemand.product_price ?? null,
          product_description: onDemand.product_description ?? null,
        }
      : null,
    card_optional:
      !onDemand &&
      (trialDays > 0 ? price.trial_payment_method_optional : price.zero_amount_payment_method_optional),
  }
}
