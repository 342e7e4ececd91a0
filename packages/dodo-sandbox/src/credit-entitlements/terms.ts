import { creditsFromDecimal } from '../kernel/credits.ts'
import { parseDocument, type Transaction } from '../store/store.ts'
import type { CreditAttachment } from './attachment.ts'
import type { Account } from './balance-queries.ts'
import * as queries from './queries.ts'

/** What a subscription says of one kind of credits: how many each cycle, and by which policy. */
export interface CreditTerms extends CreditAttachment {
  subscription_id: string
  customer_id: string
  product_id: string
  quantity: number
}

/** Writes a subscription's terms in place of those it had. */
export function replaceTerms(tx: Transaction, subscriptionId: string, terms: readonly CreditTerms[]): void {
  tx.run('delete from credit_terms where subscription_id = ?', subscriptionId)
  for (const one of terms)
    tx.run(
      'insert into credit_terms (subscription_id, document) values (?, ?)',
      subscriptionId,
      JSON.stringify(one),
    )
}

export function listTerms(tx: Transaction, subscriptionId: string): CreditTerms[] {
  return tx
    .all('select document from credit_terms where subscription_id = ? order by position', subscriptionId)
    .map((row) => parseDocument(row) as CreditTerms)
}

/** A subscription that is over has no say any more; what it said stays readable. */
export function endTerms(tx: Transaction, subscriptionId: string): void {
  tx.run('update credit_terms set ended = 1 where subscription_id = ?', subscriptionId)
}

/** The terms of every subscription that goes on and speaks of these credits, newest first. */
export function listTermsOfAccount(tx: Transaction, account: Account): CreditTerms[] {
  return tx
    .all(
      `select document from credit_terms where credit_entitlement_id = ? and customer_id = ? and ended = 0
       order by position desc`,
      account.entitlementId,
      account.customerId,
    )
    .map((row) => parseDocument(row) as CreditTerms)
}

/** How far usage may go beyond the balance: nowhere, to a limit, or without one. */
export function overageAllowed(tx: Transaction, account: Account): 'none' | 'unlimited' | bigint {
  const entitlement = queries.findAnyEntitlement(tx, account.entitlementId)?.entitlement
  // The newest subscription's word stands over the entitlement's own.
  const policy = listTermsOfAccount(tx, account)[0] ?? entitlement
  if (!policy?.overage_enabled) return 'none'
  return policy.overage_limit === null ? 'unlimited' : creditsFromDecimal(String(policy.overage_limit))
}
