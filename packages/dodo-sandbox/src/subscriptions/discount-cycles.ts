import type { DiscountDetail } from '../discounts/discount.ts'

/** The discounts after one more charge; one whose cycles are used up is gone. */
export function withoutOneCycle(discounts: readonly DiscountDetail[]): DiscountDetail[] {
  return discounts
    .map((discount) => ({
      ...discount,
      cycles_remaining: discount.cycles_remaining === null ? null : discount.cycles_remaining - 1,
    }))
    .filter(({ cycles_remaining: left }) => left === null || left > 0)
}

/** What a subscription shows of its discounts. */
export function discountFields(discounts: readonly DiscountDetail[]) {
  return {
    discounts: discounts.length > 0 ? [...discounts] : null,
    discount_id: discounts[0]?.discount_id ?? null,
    discount_cycles_remaining: discounts[0]?.cycles_remaining ?? null,
  }
}
