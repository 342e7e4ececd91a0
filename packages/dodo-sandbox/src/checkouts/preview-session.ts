import type { Discount } from '../discounts/discount.ts'
import { isEligible } from '../pricing/discount-amounts.ts'
import type { Quote, QuoteLine } from '../pricing/price.ts'
import type { Transaction } from '../store/store.ts'
import { type CreateSession, draftSession } from './create-session.ts'
import { quoteOrRefuse } from './quote-session.ts'
import type { CartLine } from './session.ts'

/** What a session of this request would cost. Nothing is kept. */
export function previewSession(tx: Transaction, input: CreateSession) {
  const session = draftSession(tx, input)
  const quote = quoteOrRefuse(tx, session)
  return {
    billing_country: quote.country,
    currency: quote.currency,
    current_breakup: {
      subtotal: quote.subtotal,
      discount: quote.discount,
      tax: quote.tax,
      total_amount: quote.total,
    },
    is_byop: false,
    payment_method_required: quote.total > 0,
    product_cart: quote.lines.map((line, index) =>
      previewLine(line, session.cart.lines[index], session.cart.currency, quote),
    ),
    total_price: quote.total,
    total_tax: quote.tax,
    recurring_breakup: null,
    next_billing_date: null,
    subscriptions: null,
    trial_amount: null,
    trial_period_days: null,
    tax_id_business_name: null,
    tax_id_err_msg: null,
    tax_id_format_name: null,
  }
}

function previewLine(line: QuoteLine, sold: CartLine | undefined, currency: string, quote: Quote) {
  return {
    product_id: line.product_id,
    name: line.name,
    description: line.description,
    quantity: line.quantity,
    currency: quote.currency,
    og_currency: currency,
    og_price: sold?.unit_amount ?? line.unit_amount,
    // Without the tax, as the breakup is, for all that are bought.
    discounted_price: line.subtotal - line.discount,
    discount_amount: percentageOf(line.product_id, quote),
    discount_cycle: null,
    is_subscription: false,
    is_usage_based: false,
    tax: line.tax,
    tax_rate: line.tax_rate_bps,
    tax_category: sold?.tax_category,
    tax_inclusive: line.tax_inclusive,
    meters: [],
    addons: null,
    credit_entitlements: [],
  }
}

/** In basis points, of the first percentage that applies; a flat code is seen in the prices alone. */
function percentageOf(productId: string, { discounts }: Quote): number | null {
  const applies = (discount: Pick<Discount, 'type' | 'restricted_to'>) =>
    discount.type === 'percentage' && isEligible(discount, productId)
  return discounts.find(applies)?.amount ?? null
}
