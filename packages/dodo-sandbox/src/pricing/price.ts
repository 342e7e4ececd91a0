import type { DiscountDetail } from '../discounts/discount.ts'

/** What is to be paid, worked out in full. Amounts are in the currency's smallest unit and include the tax. */
export interface Price {
  currency: string
  total: number
  tax: number
  lines: PriceLine[]
  /** What reaches the shop's balance, in the currency that the products are priced in. */
  settlement: { currency: string; total: number; tax: number }
  /** In the order they were taken off. */
  discounts: DiscountDetail[]
}

export interface PriceLine {
  product_id: string
  quantity: number
  name: string
  description: string | null
  amount: number
  tax: number
}
