import * as credits from '../credit-entitlements/balance-queries.ts'
import { listTerms } from '../credit-entitlements/terms.ts'
import * as customers from '../customers/queries.ts'
import type { Discount } from '../discounts/discount.ts'
import * as discounts from '../discounts/queries.ts'
import type { Metadata } from '../http/parse.ts'
import { ceilCostMinor, creditsFromDecimal } from '../kernel/credits.ts'
import { currencyDigits } from '../kernel/money.ts'
import { Refusal } from '../kernel/refusal.ts'
import type { Instrument } from '../payment-methods/payment-method.ts'
import * as methods from '../payment-methods/queries.ts'
import { instrumentOf } from '../payment-methods/save-card.ts'
import type { ChargeOutcome, FinalOutcome, Payment } from '../payments/payment.ts'
import { recordPayment } from '../payments/record-payment.ts'
import { outcomeOffSession } from '../payments/test-cards.ts'
import type { Quote, SaleLine } from '../pricing/price.ts'
import { quoteSale } from '../pricing/quote-sale.ts'
import type { Transaction } from '../store/store.ts'
import * as queries from './queries.ts'
import type { Purpose, StoredSubscription } from './subscription.ts'

export interface ChargeSubscription {
  lines: readonly SaleLine[]
  purpose: Purpose
  /** Left out, the subscription's own. */
  metadata?: Metadata | undefined
  /** The currency that the lines are priced in; left out, the plan's. */
  currency?: string
  /** How long the charge is under way; left out, it ends at once. */
  delayMs?: number
  retryAttempt?: number
  /** Another card than the subscription's, which is to become its card. */
  instrument?: Instrument
  /** Whether the subscription's discounts are taken off. */
  discounted: boolean
}

const noCard: FinalOutcome = {
  status: 'failed',
  error_code: 'MANDATE_REQUIRED',
  error_message: 'There is no card to charge. The customer has to give one.',
}

/**
 * Charges the subscription's card while its owner is away. What follows from the outcome follows at once when it is known,
 * or when the payment ends: see `follow-payment.ts`. Afterwards the subscription has to be read again.
 */
export function chargeSubscription(
  tx: Transaction,
  stored: StoredSubscription,
  input: ChargeSubscription,
): Payment {
  const { subscription, state } = stored
  const quote = quoteCharge(tx, stored, input)
  const instrument = input.instrument ?? instrumentOfSubscription(tx, stored)
  queries.putSubscription(tx, { subscription, state: { ...state, awaiting: input.purpose } })
  const customer = customers.findCustomer(tx, subscription.customer.customer_id)
  if (!customer) throw new Error(`the customer of ${subscription.subscription_id} is not in the state`)
  return recordPayment(tx, {
    customer,
    billing: subscription.billing,
    price: quote,
    instrument: quote.total > 0 ? instrument : null,
    outcome: outcomeOf(tx, quote, instrument, input.delayMs),
    metadata: input.metadata ?? subscription.metadata,
    subscriptionIds: [subscription.subscription_id],
    retryAttempt: input.retryAttempt ?? 0,
    isUpdatePaymentMethod: input.purpose.kind === 'dues' && input.purpose.by === 'payment_method',
  })
}

export function instrumentOfSubscription(
  tx: Transaction,
  { subscription }: StoredSubscription,
): Instrument | null {
  const { payment_method_id: id } = subscription
  const method = id === null ? undefined : methods.findPaymentMethod(tx, id)
  return method ? instrumentOf(method) : null
}

function outcomeOf(
  tx: Transaction,
  quote: Quote,
  instrument: Instrument | null,
  delayMs: number | undefined,
): ChargeOutcome {
  if (quote.total === 0) return { status: 'succeeded' }
  if (instrument === null) return noCard
  const at = new Date(tx.now.getTime() + (delayMs ?? 0))
  const outcome = outcomeOffSession(instrument.card, { at, force3ds: false })
  if (delayMs !== undefined || outcome.status !== 'processing' || !outcome.comesTo) return outcome
  return outcome.comesTo.outcome
}

/** What the lines cost. */
export function quoteCharge(
  tx: Transaction,
  { subscription, state }: StoredSubscription,
  {
    lines,
    currency = state.plan.currency,
    discounted,
  }: Pick<ChargeSubscription, 'lines' | 'currency' | 'discounted'>,
): Quote {
  return quoteSale(tx, {
    lines,
    currency,
    billingCurrency: subscription.currency,
    country: subscription.billing.country,
    discounts: discounted ? discountsOf(tx, subscription.discounts ?? []) : [],
  })
}

/** The lines as they can be charged: an amount below the least that a card is charged is let go. */
export function chargeableLines(
  tx: Transaction,
  stored: StoredSubscription,
  lines: readonly SaleLine[],
  discounted: boolean,
): SaleLine[] {
  try {
    quoteCharge(tx, stored, { lines, discounted })
    return [...lines]
  } catch (error) {
    if (!(error instanceof Refusal) || !/MINIMUM/.test(error.code)) throw error
    return lines.map((line) => ({ ...line, unit_amount: 0 }))
  }
}

function discountsOf(
  tx: Transaction,
  details: readonly { discount_id: string; cycles_remaining: number | null }[],
): Discount[] {
  return details
    .filter(({ cycles_remaining: left }) => left === null || left > 0)
    .flatMap(({ discount_id: id }) => discounts.findDiscount(tx, id) ?? [])
}

/** What a renewal is for: the plan, less what is left over from plan changes, and the overage that is invoiced. */
export function renewalLines(tx: Transaction, { subscription, state }: StoredSubscription): SaleLine[] {
  const { plan } = state
  const full = plan.unit_amount * subscription.quantity
  const line = {
    product_id: plan.product_id,
    description: plan.description,
    tax_inclusive: plan.tax_inclusive,
  }
  const planLine =
    state.credit_minor > 0
      ? { ...line, name: plan.name, quantity: 1, unit_amount: Math.max(0, full - state.credit_minor) }
      : { ...line, name: plan.name, quantity: subscription.quantity, unit_amount: plan.unit_amount }
  const overage = listTerms(tx, subscription.subscription_id).flatMap((terms) => {
    if (terms.overage_behavior !== 'invoice_at_billing' || terms.price_per_unit === null) return []
    // Money of another currency cannot stand on the same bill.
    if (terms.currency !== plan.currency) return []
    const account = { customerId: terms.customer_id, entitlementId: terms.credit_entitlement_id }
    const used = creditsFromDecimal(credits.findBalance(tx, account)?.overage ?? '0')
    if (used === 0n) return []
    const cost = ceilCostMinor(used, terms.price_per_unit, currencyDigits(plan.currency))
    return [{ ...line, name: `${terms.credit_entitlement_name} overage`, quantity: 1, unit_amount: cost }]
  })
  return [planLine, ...overage]
}
