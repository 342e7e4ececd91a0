import { invalidBody, Refusal } from '../kernel/refusal.ts'
import { countPaymentsOf } from '../payments/queries.ts'
import { currencyOption, isEligible } from '../pricing/discount-amounts.ts'
import type { SaleLine } from '../pricing/price.ts'
import type { Transaction } from '../store/store.ts'
import type { Discount } from './discount.ts'
import * as errors from './errors.ts'
import * as queries from './queries.ts'

export interface RedeemCodes {
  codes: readonly string[]
  /** In the currency that is billed. */
  lines: readonly SaleLine[]
  currency: string
  /** Undefined while nobody knows who pays: what depends on the customer is then not checked. */
  customerId?: string | undefined
}

export interface Redeemed {
  /** Those that hold, in the order of their codes. */
  discounts: Discount[]
  /** Why the others do not. */
  refused: { code: string; refusal: Refusal }[]
}

/** Which of the codes hold for this cart and customer, now. */
export function redeemCodes(tx: Transaction, input: RedeemCodes): Redeemed {
  const redeemed: Redeemed = { discounts: [], refused: [] }
  for (const code of input.codes) {
    try {
      const discount = redeemCode(tx, code, input)
      if (redeemed.discounts.some(({ discount_id }) => discount_id === discount.discount_id))
        throw invalidBody(`discount_codes: ${discount.code} stands there twice`)
      redeemed.discounts.push(discount)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      redeemed.refused.push({ code, refusal: error })
    }
  }
  return redeemed
}

function redeemCode(tx: Transaction, code: string, input: RedeemCodes): Discount {
  const discount = queries.findDiscountByCode(tx, code.trim())
  if (!discount) throw errors.invalidCode(code)
  const at = tx.now.toISOString()
  if (discount.starts_at !== null && discount.starts_at > at) throw errors.notYetActive(discount.code)
  if (discount.expires_at !== null && discount.expires_at <= at) throw errors.codeExpired(discount.code)
  if (discount.usage_limit !== null && discount.times_used >= discount.usage_limit)
    throw errors.usedUp(discount.code)
  checkProducts(discount, input)
  if (input.customerId !== undefined) checkCustomer(tx, discount, input.customerId)
  return discount
}

/** The minimum counts prices before any discount, so the order of a stack does not decide whether it is met. */
function checkProducts(discount: Discount, { lines, currency }: RedeemCodes): void {
  const eligible = lines.filter((line) => isEligible(discount, line.product_id))
  if (eligible.length === 0) throw errors.notForProducts(discount.code)
  const option = currencyOption(discount, currency)
  if (!option && discount.type === 'flat') throw errors.notForProducts(discount.code)
  const subtotal = eligible.reduce((sum, line) => sum + line.unit_amount * line.quantity, 0)
  if (option && subtotal < option.minimum_subtotal) throw errors.belowMinimumSubtotal(discount.code)
}

function checkCustomer(tx: Transaction, discount: Discount, customerId: string): void {
  const limit = discount.per_customer_usage_limit
  if (
    limit !== null &&
    countPaymentsOf(tx, customerId, { standing: 'open_or_paid', discountId: discount.discount_id }) >= limit
  )
    throw errors.usedUpByCustomer(discount.code)
  const isKnown = countPaymentsOf(tx, customerId, { standing: 'paid' }) > 0
  const isFor = { any: true, first_time: !isKnown, existing: isKnown, specific: false }
  if (!isFor[discount.customer_eligibility]) throw errors.notForCustomer(discount.code)
}
