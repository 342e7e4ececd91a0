import { z } from 'zod'
import { type DiscountDetail, discountDetail } from '../discounts/discount.ts'
import { redeemCodes } from '../discounts/redeem.ts'
import { metadataSchema, refuseUncovered } from '../http/parse.ts'
import { invalidBody } from '../kernel/refusal.ts'
import { linesIn } from '../pricing/quote-sale.ts'
import { roundedRatio } from '../pricing/rounding.ts'
import * as products from '../products/queries.ts'
import type { Transaction } from '../store/store.ts'
import { applyPlanChange, changedBy } from './apply-plan-change.ts'
import { chargeableLines, chargeSubscription, quoteCharge } from './charge.ts'
import * as errors from './errors.ts'
import { type Plan, planOf } from './plan.ts'
import * as queries from './queries.ts'
import type { PlanChange, StoredSubscription } from './subscription.ts'
import { keepAndTell } from './tell.ts'
import { subscriptionView } from './view.ts'

export const changePlanSchema = z
  .object({
    product_id: z.string().min(1),
    quantity: z.number().int().min(1).max(1_000_000),
    proration_billing_mode: z.enum([
      'prorated_immediately',
      'full_immediately',
      'difference_immediately',
      'do_not_bill',
    ]),
    addons: z.array(z.unknown()).nullish(),
    adaptive_currency_fees_inclusive: z.boolean().nullish(),
    cancel_scheduled_change_plan: z.boolean().default(false),
    collect_via_payment_link: z.boolean().default(false),
    discount_code: z.string().min(1).nullish(),
    discount_codes: z.array(z.string().min(1)).max(20).nullish(),
    effective_at: z.enum(['immediately', 'next_billing_date']).default('immediately'),
    metadata: metadataSchema.nullish(),
    on_payment_failure: z.enum(['prevent_change', 'apply_change']).nullish(),
  })
  .refine(
    (body) => !body.discount_code || !body.discount_codes,
    'discount_code: cannot stand beside discount_codes',
  )

type ChangePlanBody = z.output<typeof changePlanSchema>

/** How a bill of a plan change comes about, for the preview. */
interface Bill {
  change: PlanChange
  effectiveAt: string
  /** The part of each price that counts; 0 when nothing is billed. */
  factor: { paid: number; new: number }
  /** What the customer's left-over credit took off, or what was added to it: below zero it was used. */
  creditMovedMinor: number
}

/**
 * Changes the plan: at once, with what it costs charged to the subscription's card, or at the next billing date.
 *
 * @throws planChangeNotAllowed, inactive, previousPaymentPending, scheduledChangeExists
 */
export function changePlan(
  tx: Transaction,
  subscriptionId: string,
  body: ChangePlanBody,
): { payment_id: string | null } {
  refuseUncovered({ 'plan changes by payment link': body.collect_via_payment_link })
  const found = queries.findSubscription(tx, subscriptionId)
  const { stored, bill } = billFor(tx, found, subscriptionId, body)
  if (body.effective_at === 'next_billing_date') {
    schedule(tx, stored, bill.change)
    return { payment_id: null }
  }
  if (bill.change.lines.length === 0) {
    applyPlanChange(tx, stored, bill.change)
    return { payment_id: null }
  }
  const payment = chargeSubscription(tx, stored, {
    lines: chargeableLines(tx, stored, bill.change.lines, false),
    purpose: {
      kind: 'plan_change',
      change: bill.change,
      preventOnFailure: body.on_payment_failure === 'prevent_change',
    },
    metadata: body.metadata ?? undefined,
    discounted: false,
  })
  return { payment_id: payment.payment_id }
}

/** What a change would cost, and what the subscription would be. Nothing is kept. */
export function previewChangePlan(tx: Transaction, subscriptionId: string, body: ChangePlanBody) {
  const found = queries.findSubscription(tx, subscriptionId)
  const { stored, bill } = billFor(tx, found, subscriptionId, body)
  const { subscription, state } = stored
  const { change, factor } = bill
  const quote = quoteCharge(tx, stored, {
    lines: chargeableLines(tx, stored, change.lines, false),
    discounted: false,
  })
  const line = (plan: Plan, quantity: number, prorationFactor: number) => ({
    id: plan.product_id,
    type: 'subscription' as const,
    product_id: plan.product_id,
    name: plan.name,
    description: plan.description,
    quantity,
    unit_price: linesIn({ lines: [{ ...plan, quantity }], currency: plan.currency }, quote.currency)[0]
      ?.unit_amount,
    currency: quote.currency,
    proration_factor: prorationFactor,
    tax_inclusive: plan.tax_inclusive,
    tax: null,
    tax_rate: quote.lines[0]?.tax_rate_bps ?? null,
  })
  return {
    immediate_charge: {
      effective_at: bill.effectiveAt,
      line_items: [
        line(change.plan, change.quantity, factor.new),
        ...(factor.paid === 0 ? [] : [line(state.plan, subscription.quantity, -factor.paid)]),
      ],
      summary: {
        currency: quote.currency,
        customer_credits: bill.creditMovedMinor,
        total_amount: quote.total,
        tax: quote.tax,
        settlement_amount: quote.settlement.total,
        settlement_currency: quote.settlement.currency,
        settlement_tax: quote.settlement.tax,
      },
    },
    new_plan: subscriptionView(tx, changedBy(tx.now, stored, change)),
  }
}

/** Takes a scheduled change back. */
export function cancelScheduledChange(tx: Transaction, stored: StoredSubscription): void {
  if (!stored.state.scheduled) throw errors.noScheduledChange()
  keepAndTell(tx, {
    subscription: { ...stored.subscription, scheduled_change: null },
    state: { ...stored.state, scheduled: null },
  })
}

function schedule(tx: Transaction, { subscription, state }: StoredSubscription, change: PlanChange): void {
  keepAndTell(tx, {
    subscription: {
      ...subscription,
      scheduled_change: {
        id: tx.newId('spc'),
        product_id: change.plan.product_id,
        product_name: change.plan.name,
        product_description: change.plan.description,
        quantity: change.quantity,
        addons: [],
        created_at: tx.now.toISOString(),
        effective_at: subscription.next_billing_date,
      },
    },
    state: { ...state, scheduled: change },
  })
}

function billFor(
  tx: Transaction,
  found: StoredSubscription | undefined,
  subscriptionId: string,
  body: ChangePlanBody,
): { stored: StoredSubscription; bill: Bill } {
  const stored = changeable(found, subscriptionId, body)
  const plan = newPlan(tx, stored, body)
  const discounts = newDiscounts(tx, stored, plan, body)
  const bill =
    body.effective_at === 'next_billing_date'
      ? laterBill(stored, { plan, discounts, body })
      : immediateBill(tx.now, stored, { plan, discounts, body })
  return { stored, bill }
}

interface NewPlan {
  plan: Plan
  discounts: DiscountDetail[]
  body: ChangePlanBody
}

/** Nothing falls on now: the renewal is of the new plan, and brings its credits. */
function laterBill({ subscription, state }: StoredSubscription, { plan, discounts, body }: NewPlan): Bill {
  return {
    effectiveAt: subscription.next_billing_date,
    factor: { paid: 0, new: 0 },
    creditMovedMinor: 0,
    change: {
      plan,
      quantity: body.quantity,
      discounts,
      lines: [],
      restartsCycle: false,
      grantsCredits: false,
      share: { numerator: 0, denominator: 1 },
      creditLeftMinor: state.credit_minor,
    },
  }
}

/** The new plan's price less what was paid for the old one, both for the part of the cycle that the mode bills. */
function immediateBill(now: Date, stored: StoredSubscription, { plan, discounts, body }: NewPlan): Bill {
  const { subscription, state } = stored
  const isFull = body.proration_billing_mode === 'full_immediately'
  // In a trial nothing was paid, and the plan is paid for when it ends.
  const isFree = body.proration_billing_mode === 'do_not_bill' || (state.in_trial && !isFull)
  const share = shareBilled(now, stored, body)
  const part = (amount: number) => roundedRatio(amount, share.numerator, share.denominator)
  const cost = isFree ? 0 : part(plan.unit_amount * body.quantity)
  const paid = isFree || isFull ? 0 : part(state.plan.unit_amount * subscription.quantity)
  const used = Math.min(state.credit_minor, Math.max(0, cost - paid))
  const added = Math.max(0, paid - cost)
  const toCharge = Math.max(0, cost - paid - used)
  const ratio = share.numerator / share.denominator
  return {
    effectiveAt: now.toISOString(),
    factor: { new: isFree ? 0 : ratio, paid: isFree || isFull ? 0 : ratio },
    creditMovedMinor: added - used,
    change: {
      plan,
      quantity: body.quantity,
      discounts,
      lines: toCharge > 0 ? [changeLine(plan, toCharge)] : [],
      restartsCycle: isFull,
      grantsCredits: !isFree,
      share,
      creditLeftMinor: state.credit_minor + added - used,
    },
  }
}

function changeLine(plan: Plan, amount: number) {
  return {
    product_id: plan.product_id,
    name: plan.name,
    description: 'Plan change',
    quantity: 1,
    unit_amount: amount,
    tax_inclusive: plan.tax_inclusive,
  }
}

/** The part of the cycle that a mode bills: what is left of it, or all. */
function shareBilled(now: Date, { subscription }: StoredSubscription, body: ChangePlanBody) {
  if (body.proration_billing_mode !== 'prorated_immediately') return { numerator: 1, denominator: 1 }
  const from = new Date(subscription.previous_billing_date).getTime()
  const to = new Date(subscription.next_billing_date).getTime()
  return { numerator: Math.max(0, to - now.getTime()), denominator: Math.max(1, to - from) }
}

function changeable(
  stored: StoredSubscription | undefined,
  subscriptionId: string,
  body: ChangePlanBody,
): StoredSubscription {
  if (!stored) throw errors.subscriptionNotFound(subscriptionId)
  const { subscription, state } = stored
  if (subscription.status === 'expired') throw errors.expired()
  if (subscription.on_demand) throw errors.planChangeNotAllowed()
  if (subscription.status !== 'active') throw errors.inactive(subscription.status)
  if (state.awaiting) throw errors.previousPaymentPending()
  if (state.scheduled && !body.cancel_scheduled_change_plan) throw errors.scheduledChangeExists()
  return stored
}

function newPlan(tx: Transaction, { state }: StoredSubscription, body: ChangePlanBody): Plan {
  refuseUncovered({ 'add-ons of subscriptions': body.addons })
  const found = products.findProduct(tx, body.product_id)
  if (!found) throw invalidBody(`product_id: there is no product ${body.product_id}`)
  if (found.archived) throw invalidBody(`product_id: product ${body.product_id} is archived and not for sale`)
  const plan = planOf(found.product, found.product.credit_entitlements)
  if (!plan) throw invalidBody(`product_id: product ${body.product_id} has no recurring price`)
  if (plan.currency !== state.plan.currency)
    throw invalidBody(
      `product_id: ${body.product_id} is priced in ${plan.currency}, the subscription in ${state.plan.currency}`,
    )
  return plan
}

/** The codes that are given; without any, the discounts that are to outlive a plan change. */
function newDiscounts(
  tx: Transaction,
  { subscription }: StoredSubscription,
  plan: Plan,
  body: ChangePlanBody,
) {
  const codes = body.discount_codes ?? (body.discount_code ? [body.discount_code] : undefined)
  if (!codes) return (subscription.discounts ?? []).filter((discount) => discount.preserve_on_plan_change)
  const { discounts, refused } = redeemCodes(tx, {
    codes,
    lines: linesIn(
      { lines: [{ ...plan, quantity: body.quantity }], currency: plan.currency },
      subscription.currency,
    ),
    currency: subscription.currency,
    customerId: subscription.customer.customer_id,
  })
  if (refused[0]) throw refused[0].refusal
  return discounts.map((discount, position) => ({
    ...discountDetail(discount, position),
    cycles_remaining: discount.subscription_cycles,
  }))
}
