import type { Discount } from '../discounts/discount.ts'
import { addPeriods } from '../kernel/period.ts'
import { isEligible } from '../pricing/discount-amounts.ts'
import type { Quote, QuoteLine } from '../pricing/price.ts'
import type { Transaction } from '../store/store.ts'
import { type CreateSession, draftSession } from './create-session.ts'
import { quoteOrRefuse, quoteSession } from './quote-session.ts'
import { type CartLine, type CheckoutSession, needsCard } from './session.ts'

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
    payment_method_required: needsCard(session, quote.total),
    product_cart: quote.lines.map((line, index) =>
      previewLine(line, session.cart.lines[index], session.cart.currency, quote),
    ),
    total_price: quote.total,
    total_tax: quote.tax,
    ...recurringPreview(tx, session, quote),
    subscriptions: null,
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
    is_subscription: sold?.offer !== undefined,
    is_usage_based: false,
    tax: line.tax,
    tax_rate: line.tax_rate_bps,
    tax_category: sold?.tax_category,
    tax_inclusive: line.tax_inclusive,
    meters: [],
    addons: null,
    credit_entitlements: (sold?.credits ?? []).map((credit) => ({
      credit_entitlement_id: credit.credit_entitlement_id,
      credit_entitlement_name: credit.credit_entitlement_name,
      credit_entitlement_unit: credit.credit_entitlement_unit,
      credits_amount: credit.credits_amount,
    })),
  }
}

/** In basis points, of the first percentage that applies; a flat code is seen in the prices alone. */
function percentageOf(productId: string, { discounts }: Quote): number | null {
  const applies = (discount: Pick<Discount, 'type' | 'restricted_to'>) =>
    discount.type === 'percentage' && isEligible(discount, productId)
  return discounts.find(applies)?.amount ?? null
}

/** What comes after the first payment, when the cart holds subscriptions. */
function recurringPreview(tx: Transaction, session: CheckoutSession, first: Quote) {
  const lines = session.cart.lines.flatMap((line) =>
    line.offer ? [{ ...line, unit_amount: line.offer.unit_amount }] : [],
  )
  const offer = lines[0]?.offer
  if (!offer)
    return { recurring_breakup: null, next_billing_date: null, trial_amount: null, trial_period_days: null }
  const quote = quoteSession(tx, { ...session, cart: { ...session.cart, lines } }).quote
  const anchor = addPeriods(tx.now, 1, { count: offer.trial_days, interval: 'Day' })
  return {
    recurring_breakup: {
      subtotal: quote.subtotal,
      discount: quote.discount,
      tax: quote.tax,
      total_amount: quote.total,
    },
    next_billing_date: addPeriods(anchor, offer.trial_days > 0 ? 0 : 1, offer.frequency).toISOString(),
    trial_amount: offer.trial_days > 0 ? first.total : null,
    trial_period_days: offer.trial_days > 0 ? offer.trial_days : null,
  }
}
