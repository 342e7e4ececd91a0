import { formatMoney } from '../kernel/money.ts'
import { netPrice, type Order } from '../orders/order.ts'
import type { Charged } from '../providers/told.ts'
import type { Payment } from './payment.ts'

type Ordered = Pick<Order, 'quantity' | 'productId' | 'price' | 'discount'>

/** In what a payment is not what was ordered: product, quantity, discount, or the price without tax. Undefined when it is. */
export function differenceFromOrder(order: Ordered, payment: Payment): string | undefined {
  return cartDifference(order, payment) ?? priceDifference(order, payment)
}

function cartDifference(order: Ordered, { cart }: Payment): string | undefined {
  const ordered = `${order.quantity} × ${order.productId ?? '(no product yet)'}`
  if (cart === undefined || cart.length === 0) return `it has no cart, and ${ordered} was ordered`
  const paid = cart.map(({ quantity, productId }) => `${quantity} × ${productId}`).join(', ')
  const quantity = cart.reduce((sum, line) => sum + line.quantity, 0)
  const isSame = quantity === order.quantity && cart.every(({ productId }) => productId === order.productId)
  return isSame ? undefined : `it is for ${paid}, and ${ordered} was ordered`
}

/**
 * In another currency the provider converted the price (adaptive pricing) at a rate that is not known here. Then nothing but product, quantity and discount
 * are held against the order.
 */
function priceDifference(order: Ordered, { charged, discountCodes }: Payment): string | undefined {
  const wanted = `the price of the order is ${formatMoney(netPrice(order))}`
  const discount = discountDifference(order, discountCodes)
  if (discount !== undefined) return `${discount}, and ${wanted}`
  if (charged === undefined) return `it does not say what was charged, and ${wanted}`
  if (charged.total.currency !== order.price.currency || isPriceOf(order, charged)) return undefined
  const [total, net] = [charged.total.amountMinor, netMinor(charged)].map((amountMinor) =>
    formatMoney({ amountMinor, currency: charged.total.currency }),
  )
  return `${total} were charged, ${net} without tax, and ${wanted}`
}

function discountDifference({ discount }: Ordered, codes: readonly string[] | undefined): string | undefined {
  if (codes === undefined) return 'it has a discount'
  const other = codes.find((code) => code !== discount?.code)
  if (other !== undefined) return `it has the discount ${other}`
  return discount !== undefined && codes.length === 0 ? `it lacks the discount ${discount.code}` : undefined
}

/**
 * Tax is added to a price or contained in it, as the product says at the provider; the payment does not tell which. So either the net or the total
 * is the price.
 */
function isPriceOf(order: Ordered, charged: Charged): boolean {
  const { amountMinor } = netPrice(order)
  return netMinor(charged) === amountMinor || charged.total.amountMinor === amountMinor
}

function netMinor({ total, taxMinor }: Charged): bigint {
  return total.amountMinor - taxMinor
}
