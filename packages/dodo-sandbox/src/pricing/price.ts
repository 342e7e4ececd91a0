import type { DiscountDetail } from '../discounts/discount.ts'

/** What is to be paid, worked out in full. Amounts are in the currency's smallest unit and include the tax. */
export interface Price {
  currency: string
  total: number
  tax: number
  lines: PriceLine[]
  /** What reaches the shop's balance, in the currency that the products are priced in. */
  settlement: {
    currency: string
    total: number
    tax: number
    /** Before discounts and without tax, for the invoice; left out, it has one line. */
    lines?: { name: string; quantity: number; amount: number }[]
    discount?: number
  }
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

/** A price with how it came about. `subtotal - discount + tax` is the total: both are without tax. */
export interface Quote extends Price {
  country: string
  subtotal: number
  discount: number
  lines: QuoteLine[]
}

export interface QuoteLine extends PriceLine {
  /** As the product has it, before discounts. */
  unit_amount: number
  subtotal: number
  discount: number
  tax_rate_bps: number
  tax_inclusive: boolean
}

/** One position of what is bought, in the product's own currency. */
export interface SaleLine {
  product_id: string
  name: string
  description: string | null
  quantity: number
  unit_amount: number
  tax_inclusive: boolean
}
