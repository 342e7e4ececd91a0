import { type Redeemed, redeemCodes } from '../discounts/redeem.ts'
import type { Quote } from '../pricing/price.ts'
import { billedCurrency, linesIn, quoteSale } from '../pricing/quote-sale.ts'
import type { Transaction } from '../store/store.ts'
import { takesCurrency } from './payment-form.ts'
import type { CheckoutSession } from './session.ts'

/** What the customer decides at the checkout, as far as the price depends on it. */
export interface BuyerChoices {
  /** Left out, it is the billing address's, or else the United States. */
  country?: string | undefined
  /** The currency picked on the page; what the shop asked for, or the country's, when left out. */
  currency?: string | undefined
  /** A code typed on the page; it comes behind those of the session. */
  code?: string | undefined
  /** Known when somebody pays. */
  customerId?: string | undefined
}

export interface SessionQuote extends Pick<Redeemed, 'refused'> {
  quote: Quote
}

/**
 * What a session costs for these choices, and which codes do not hold.
 *
 * @throws unsupportedCurrency, belowMinimum
 */
export function quoteSession(
  tx: Transaction,
  session: CheckoutSession,
  choices: BuyerChoices = {},
): SessionQuote {
  const sale = {
    lines: session.cart.lines,
    currency: session.cart.currency,
    country: choices.country ?? countryOf(session),
    billingCurrency: choices.currency ?? session.billing_currency,
  }
  const currency = billedCurrency(tx, sale)
  const { discounts, refused } = redeemCodes(tx, {
    codes: [...session.discount_codes, ...(choices.code ? [choices.code] : [])],
    lines: linesIn(sale, currency),
    currency,
    customerId: choices.customerId ?? knownCustomerId(session),
  })
  return { quote: quoteSale(tx, { ...sale, discounts }), refused }
}

/** The same, where a code that does not hold is a refusal: to a program nothing is left out in silence. */
export function quoteOrRefuse(tx: Transaction, session: CheckoutSession, choices?: BuyerChoices): Quote {
  const { quote, refused } = quoteSession(tx, session, choices)
  const [first] = refused
  if (first) throw first.refusal
  return quote
}

/** The currencies that the page offers: the country's and the products' own, where the customer may choose. */
export function currencyChoices(tx: Transaction, session: CheckoutSession, country?: string): string[] {
  const own = session.cart.currency
  if (!takesCurrency(session) || session.billing_currency !== null) return [own]
  const local = billedCurrency(tx, { currency: own, country: country ?? countryOf(session) })
  return local === own ? [own] : [local, own]
}

function countryOf(session: CheckoutSession): string {
  return session.billing_address?.country ?? 'US'
}

function knownCustomerId({ customer }: CheckoutSession): string | undefined {
  return customer && 'customer_id' in customer ? customer.customer_id : undefined
}
