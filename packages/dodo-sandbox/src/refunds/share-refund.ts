import type { LineItem } from '../payments/payment.ts'
import { roundedRatio } from '../pricing/rounding.ts'
import * as errors from './errors.ts'
import type { RefundedItem } from './refund.ts'

export interface AskedItem {
  item_id: string
  amount?: number | null | undefined
  tax_inclusive: boolean
}

/** All that is left of every line item. */
export function wholeRefund(items: readonly LineItem[]): RefundedItem[] {
  return items.flatMap((item) => (item.refundable_amount > 0 ? [refunded(item, item.refundable_amount)] : []))
}

/**
 * The items that were asked for, each in whole or in part; an amount without its tax has the tax put on.
 *
 * @throws duplicateItems, itemNotFound, itemRefunded, itemTooLow, itemTooHigh
 */
export function itemsRefund(items: readonly LineItem[], asked: readonly AskedItem[]): RefundedItem[] {
  const seen = new Set<string>()
  return asked.map(({ item_id: id, amount, tax_inclusive }) => {
    if (seen.has(id)) throw errors.duplicateItems(id)
    seen.add(id)
    const item = items.find(({ items_id }) => items_id === id)
    if (!item) throw errors.itemNotFound(id)
    if (item.refundable_amount === 0) throw errors.itemRefunded(id)
    if (amount === undefined || amount === null) return refunded(item, item.refundable_amount)
    if (amount < 1) throw errors.itemTooLow(id, amount)
    const net = item.amount - item.tax
    const gross = tax_inclusive || net === 0 ? amount : amount + roundedRatio(amount, item.tax, net)
    if (gross > item.refundable_amount) throw errors.itemTooHigh(id, gross, item.refundable_amount)
    return refunded(item, gross)
  })
}

/** An amount taken from the line items in their order, as somebody at the dashboard asks who names none. */
export function amountRefund(items: readonly LineItem[], amount: number): RefundedItem[] {
  let left = amount
  return items.flatMap((item) => {
    const part = Math.min(left, item.refundable_amount)
    left -= part
    return part > 0 ? [refunded(item, part)] : []
  })
}

function refunded(item: LineItem, amount: number): RefundedItem {
  const tax = item.amount === 0 ? 0 : roundedRatio(amount, item.tax, item.amount)
  return { items_id: item.items_id, amount, tax }
}
