import type { z } from 'zod'
import * as customers from '../customers/queries.ts'
import { creditsFromDecimal } from '../kernel/credits.ts'
import { invalidBody, notFound, Refusal } from '../kernel/refusal.ts'
import type { Transaction } from '../store/store.ts'
import { checkPrecision } from './attachment.ts'
import type { createLedgerEntrySchema, LedgerEntry } from './balance.ts'
import type { Account } from './balance-queries.ts'
import * as balances from './balance-queries.ts'
import { addGrant, type EntryFacts, standingOf } from './change-balance.ts'
import * as queries from './queries.ts'
import { listTermsOfAccount } from './terms.ts'
import { takeCredits } from './use-credits.ts'

export type CreateLedgerEntry = Account & { body: z.output<typeof createLedgerEntrySchema> }

const insufficientCredits = (available: string, asked: string) =>
  new Refusal(
    400,
    'INSUFFICIENT_CREDIT_BALANCE',
    `amount: the balance is ${available} and ${asked} were to be debited`,
  )

const duplicateKey = (key: string) =>
  new Refusal(
    409,
    'DUPLICATE_IDEMPOTENCY_KEY',
    `idempotency_key: "${key}" made an entry already; list the ledger to see it`,
  )

/**
 * Credits or debits a customer by hand. A key that was used is refused, not answered with what it made: so Dodo has it.
 *
 * @throws a 404 when there is no such entitlement or customer
 * @throws insufficientCredits, duplicateKey
 */
export function createLedgerEntry(tx: Transaction, { body, ...account }: CreateLedgerEntry) {
  const entitlement = queries.findEntitlement(tx, account.entitlementId)
  if (!entitlement) throw notFound('credit entitlement', account.entitlementId)
  if (!customers.findCustomer(tx, account.customerId)) throw notFound('customer', account.customerId)
  checkPrecision('amount', body.amount, entitlement.precision)
  const key = body.idempotency_key ?? null
  if (key !== null && balances.hasIdempotencyKey(tx, account, key)) throw duplicateKey(key)

  const amount = creditsFromDecimal(body.amount)
  const facts: EntryFacts = {
    description: body.reason ?? null,
    metadata: body.metadata ?? {},
    idempotencyKey: key,
    ...(tx.behaviour.ledgerEntryEvents === 'manual_adjustment' ? { type: 'manual_adjustment' } : {}),
  }
  const expiresAt = typeof body.expires_at === 'string' ? new Date(body.expires_at) : null
  if (body.entry_type === 'debit') {
    if (expiresAt) throw invalidBody('expires_at: only credits expire, a debit does not')
    const balance = balances.findBalance(tx, account)?.balance ?? '0'
    if (creditsFromDecimal(balance) < amount) throw insufficientCredits(balance, body.amount)
    return createdEntry(takeCredits(tx, { ...account, fromBalance: amount, asOverage: 0n, entry: facts }))
  }
  if (expiresAt && expiresAt <= tx.now) throw invalidBody('expires_at: is not in the future')
  // The integer part of Dodo's column has fewer than 11 digits, and a balance is kept in the same.
  if (standingOf(tx, account).balance + amount >= creditsFromDecimal('10000000000'))
    throw invalidBody('amount: the balance would reach 10^10')
  const { entry } = addGrant(tx, {
    ...account,
    amount,
    source: 'api',
    sourceId: null,
    subscriptionId: null,
    expiresAt,
    metadata: body.metadata ?? {},
    repaysOverage: repaysOverage(tx, account, entitlement.overage_behavior),
    entry: facts,
  })
  return createdEntry(entry)
}

/** Whether new credits pay back overage first: the newest subscription's word stands over the entitlement's own. */
function repaysOverage(tx: Transaction, account: Account, own: string): boolean {
  return (listTermsOfAccount(tx, account)[0]?.overage_behavior ?? own) === 'carry_deficit_auto_repay'
}

/** The answer to a creation, which is not the entry as lists have it. */
function createdEntry(entry: LedgerEntry) {
  return {
    id: entry.id,
    amount: entry.amount,
    balance_before: entry.balance_before,
    balance_after: entry.balance_after,
    overage_before: entry.overage_before,
    overage_after: entry.overage_after,
    created_at: entry.created_at,
    credit_entitlement_id: entry.credit_entitlement_id,
    customer_id: entry.customer_id,
    entry_type: entry.is_credit ? ('credit' as const) : ('debit' as const),
    is_credit: entry.is_credit,
    grant_id: entry.grant_id,
    metadata: entry.metadata,
    reason: entry.description,
  }
}
