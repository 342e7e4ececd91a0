import { type Credits, creditsFromDecimal, floorPercentage, floorShare } from '../kernel/credits.ts'
import { addPeriods } from '../kernel/period.ts'
import type { Transaction } from '../store/store.ts'
import type { Account } from './balance-queries.ts'
import * as balances from './balance-queries.ts'
import { addGrant, clearOverage, loseRest, rollOver } from './change-balance.ts'
import { expiryOf } from './grant-purchase.ts'
import * as queries from './queries.ts'
import { type CreditTerms, listTerms } from './terms.ts'

/**
 * What a paid renewal does to the credits of a subscription, in the order that Dodo documents: what is left rolls over
 * or is forfeited, what expires now expires, overage is charged or forgiven, and then the new cycle's credits come.
 */
export function closeCycle(tx: Transaction, subscriptionId: string, cycle: { wasTrial: boolean }): void {
  for (const terms of listTerms(tx, subscriptionId)) {
    // What a trial gave was for the trial.
    if (terms.rollover_enabled && !cycle.wasTrial) rollOverRests(tx, terms)
    expireDue(tx, accountOf(terms))
    settleOverage(tx, terms)
    grantTerms(tx, terms, creditsFromDecimal(terms.credits_amount))
  }
}

/** The credits of the first cycle that was paid. */
export function grantFirstCycle(tx: Transaction, subscriptionId: string): void {
  for (const terms of listTerms(tx, subscriptionId))
    grantTerms(tx, terms, creditsFromDecimal(terms.credits_amount))
}

/** The credits of a trial: those the product has for it, and no others. */
export function grantTrial(tx: Transaction, subscriptionId: string, trialEndsAt: Date): void {
  for (const terms of listTerms(tx, subscriptionId)) {
    if (terms.trial_credits === null) continue
    const expiresAt = terms.trial_credits_expire_after_trial
      ? trialEndsAt
      : expiryOf(tx.now, terms.expires_after_days)
    grantTerms(tx, terms, creditsFromDecimal(terms.trial_credits), expiresAt)
  }
}

/** The credits of another plan, in the middle of a cycle: in full, or the share of the cycle that is left. */
export function grantPlanChange(
  tx: Transaction,
  subscriptionId: string,
  share: { numerator: number; denominator: number },
): void {
  for (const terms of listTerms(tx, subscriptionId)) {
    const amount = creditsFromDecimal(terms.credits_amount)
    const exact = { numerator: BigInt(share.numerator), denominator: BigInt(share.denominator) }
    grantTerms(
      tx,
      terms,
      terms.proration_behavior === 'prorate' ? floorShare(amount, exact, precisionOf(tx, terms)) : amount,
    )
  }
}

function rollOverRests(tx: Transaction, terms: CreditTerms): void {
  const { subscription_id: subscriptionId } = terms
  const entry = { reference: { id: subscriptionId, type: 'subscription' as const } }
  for (const grant of balances.listActiveGrantsOfSubscription(tx, { ...accountOf(terms), subscriptionId })) {
    const mayRoll = terms.max_rollover_count === null || grant.rollover_count < terms.max_rollover_count
    const rolled = mayRoll
      ? floorPercentage(
          creditsFromDecimal(grant.remaining_amount),
          terms.rollover_percentage ?? 100,
          precisionOf(tx, terms),
        )
      : 0n
    const rest =
      rolled > 0n
        ? rollOver(tx, grant, { amount: rolled, expiresAt: rolloverExpiry(tx.now, terms), subscriptionId })
        : grant
    if (rest.remaining_amount !== '0') loseRest(tx, rest, { type: 'rollover_forfeited', entry })
  }
}

/** A rest that was rolled over lives for the rollover's time, or as long as other credits of these terms. */
function rolloverExpiry(now: Date, terms: CreditTerms): Date | null {
  const { rollover_timeframe_count: count, rollover_timeframe_interval: interval } = terms
  if (count === null || interval === null) return expiryOf(now, terms.expires_after_days)
  return addPeriods(now, 1, { count, interval })
}

function expireDue(tx: Transaction, account: Account): void {
  for (const grant of balances.listActiveGrants(tx, account))
    if (grant.expires_at !== null && grant.expires_at <= tx.now.toISOString())
      loseRest(tx, grant, { type: 'credit_expired' })
}

function settleOverage(tx: Transaction, terms: CreditTerms): void {
  const entry = { reference: { id: terms.subscription_id, type: 'subscription' as const } }
  if (terms.overage_behavior === 'forgive_at_reset')
    clearOverage(tx, accountOf(terms), { type: 'overage_reset', entry })
  if (terms.overage_behavior === 'invoice_at_billing')
    clearOverage(tx, accountOf(terms), { type: 'overage_charged', entry })
}

function grantTerms(
  tx: Transaction,
  terms: CreditTerms,
  amountForOne: Credits,
  expiresAt: Date | null = expiryOf(tx.now, terms.expires_after_days),
): void {
  const amount = amountForOne * (tx.behaviour.multiplyCreditsByQuantity ? BigInt(terms.quantity) : 1n)
  if (amount === 0n || !queries.findEntitlement(tx, terms.credit_entitlement_id)) return
  addGrant(tx, {
    ...accountOf(terms),
    amount,
    source: 'subscription',
    sourceId: terms.subscription_id,
    subscriptionId: terms.subscription_id,
    expiresAt,
    repaysOverage: terms.overage_behavior === 'carry_deficit_auto_repay',
    entry: { reference: { id: terms.subscription_id, type: 'subscription' } },
  })
}

function accountOf(terms: CreditTerms): Account {
  return { customerId: terms.customer_id, entitlementId: terms.credit_entitlement_id }
}

function precisionOf(tx: Transaction, terms: CreditTerms): number {
  return queries.findAnyEntitlement(tx, terms.credit_entitlement_id)?.entitlement.precision ?? 0
}
