import { type Credits, creditsFromDecimal, decimalFromCredits, smallerOf } from '../kernel/credits.ts'
import { loadBusiness } from '../store/settings.ts'
import type { Transaction } from '../store/store.ts'
import { recordEvent } from '../webhooks/record-event.ts'
import type { BalanceLow, LedgerEntry } from './balance.ts'
import type { Account } from './balance-queries.ts'
import * as queries from './balance-queries.ts'
import { deduct, type EntryFacts, standingOf } from './change-balance.ts'
import { listTermsOfAccount, overageAllowed } from './terms.ts'

/**
 * Uses credits as a meter does: from the balance, and beyond it as overage where that is enabled, up to its limit.
 * What goes beyond even that is not deducted, and nobody is told. Answers with the entry, if anything was deducted.
 */
export function useCredits(
  tx: Transaction,
  input: Account & { amount: Credits; entry: EntryFacts },
): LedgerEntry | undefined {
  const { balance, overage } = standingOf(tx, input)
  const fromBalance = smallerOf(balance, input.amount)
  const allowed = overageAllowed(tx, input)
  const beyond = input.amount - fromBalance
  const asOverage =
    allowed === 'none'
      ? 0n
      : allowed === 'unlimited'
        ? beyond
        : smallerOf(beyond, allowed > overage ? allowed - overage : 0n)
  if (fromBalance + asOverage === 0n) return undefined
  return takeCredits(tx, { ...input, fromBalance, asOverage })
}

/** Deducts, and tells when a subscription's credits fell under the share that its owner wants to hear of. */
export function takeCredits(
  tx: Transaction,
  input: Account & { fromBalance: Credits; asOverage: Credits; entry: EntryFacts },
): LedgerEntry {
  const entry = deduct(tx, input)
  tellBalanceLow(tx, input, entry)
  return entry
}

function tellBalanceLow(tx: Transaction, account: Account, entry: LedgerEntry): void {
  for (const terms of listTermsOfAccount(tx, account)) {
    const percent = terms.low_balance_threshold_percent
    if (percent === null) continue
    const granted = creditsFromDecimal(terms.credits_amount) * BigInt(terms.quantity)
    const threshold = (granted * BigInt(percent)) / 100n
    const wasLow = creditsFromDecimal(entry.balance_before) < threshold
    if (wasLow || creditsFromDecimal(entry.balance_after) >= threshold) continue
    const low: BalanceLow = {
      credit_entitlement_id: account.entitlementId,
      credit_entitlement_name: terms.credit_entitlement_name,
      customer_id: account.customerId,
      subscription_id: terms.subscription_id,
      brand_id: loadBusiness(tx).brand_id,
      available_balance: entry.balance_after,
      subscription_credits_amount: decimalFromCredits(granted),
      threshold_amount: decimalFromCredits(threshold),
      threshold_percent: percent,
    }
    const id = tx.newId('cbl')
    queries.insertBalanceLow(tx, id, low)
    recordEvent(tx, { type: 'credit.balance_low', payloadType: 'CreditBalanceLow', resourceId: id })
  }
}
