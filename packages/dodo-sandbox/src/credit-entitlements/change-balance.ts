import type { Metadata } from '../http/parse.ts'
import { type Credits, creditsFromDecimal, decimalFromCredits, smallerOf } from '../kernel/credits.ts'
import { loadBusiness } from '../store/settings.ts'
import type { Transaction } from '../store/store.ts'
import { recordEvent } from '../webhooks/record-event.ts'
import type { CreditBalance, CreditGrant, LedgerEntry, TransactionType } from './balance.ts'
import type { Account } from './balance-queries.ts'
import * as queries from './balance-queries.ts'

/** What an entry says beside the amounts. */
export interface EntryFacts {
  description?: string | null
  metadata?: Metadata
  reference?: { id: string; type: 'payment' | 'subscription' }
  idempotencyKey?: string | null
  /** Where the entry is of another type than what it does. */
  type?: TransactionType
}

/** What a customer has of one kind, as numbers. */
interface Standing {
  balance: Credits
  overage: Credits
}

export function standingOf(tx: Transaction, account: Account): Standing {
  const balance = queries.findBalance(tx, account)
  return {
    balance: creditsFromDecimal(balance?.balance ?? '0'),
    overage: creditsFromDecimal(balance?.overage ?? '0'),
  }
}

export interface AddGrant extends Account {
  amount: Credits
  source: CreditGrant['source_type']
  sourceId: string | null
  subscriptionId: string | null
  expiresAt: Date | null
  metadata?: Metadata
  /** Where it goes on from, when it is a rest that was rolled over. */
  rolledOverFrom?: CreditGrant
  /** Whether what was used beyond the balance is paid back from it first. */
  repaysOverage: boolean
  entry: EntryFacts
}

/** Grants credits: a grant, an entry, and the event it is told by. */
export function addGrant(tx: Transaction, input: AddGrant): { grant: CreditGrant; entry: LedgerEntry } {
  const before = standingOf(tx, input)
  const repaid = input.repaysOverage ? smallerOf(before.overage, input.amount) : 0n
  const remaining = input.amount - repaid
  const now = tx.now.toISOString()
  const grant: CreditGrant = {
    id: tx.newId('cgr'),
    credit_entitlement_id: input.entitlementId,
    customer_id: input.customerId,
    initial_amount: decimalFromCredits(input.amount),
    remaining_amount: decimalFromCredits(remaining),
    source_type: input.source,
    source_id: input.sourceId,
    expires_at: input.expiresAt?.toISOString() ?? null,
    is_expired: false,
    is_rolled_over: false,
    rollover_count: (input.rolledOverFrom?.rollover_count ?? -1) + 1,
    parent_grant_id: input.rolledOverFrom?.id ?? null,
    metadata: input.metadata ?? {},
    created_at: now,
    updated_at: now,
  }
  queries.insertGrant(tx, grant, input.subscriptionId)
  const entry = writeEntry(tx, {
    account: input,
    before,
    // A rest that is rolled over was part of the balance already.
    after: input.rolledOverFrom
      ? before
      : { balance: before.balance + remaining, overage: before.overage - repaid },
    type: input.entry.type ?? (input.rolledOverFrom ? 'credit_rolled_over' : 'credit_added'),
    isCredit: true,
    amount: input.amount,
    grantId: grant.id,
    facts: input.entry,
  })
  return { grant, entry }
}

/**
 * Takes from the oldest grants first, and lets the rest, if any, become overage. The caller has seen that both are
 * allowed.
 */
export function deduct(
  tx: Transaction,
  input: Account & { fromBalance: Credits; asOverage: Credits; entry: EntryFacts },
): LedgerEntry {
  const before = standingOf(tx, input)
  let open = input.fromBalance
  const touched: CreditGrant[] = []
  for (const grant of queries.listActiveGrants(tx, input)) {
    if (open === 0n) break
    const taken = smallerOf(open, creditsFromDecimal(grant.remaining_amount))
    open -= taken
    touched.push(reduceGrant(tx, grant, taken))
  }
  if (open > 0n) throw new Error('a balance is the sum of its grants')
  return writeEntry(tx, {
    account: input,
    before,
    after: { balance: before.balance - input.fromBalance, overage: before.overage + input.asOverage },
    type: input.entry.type ?? 'credit_deducted',
    isCredit: false,
    amount: input.fromBalance + input.asOverage,
    grantId: touched.length === 1 ? (touched[0]?.id ?? null) : null,
    facts: input.entry,
  })
}

/** Takes from a grant what is left of it, which is lost. */
export function loseRest(
  tx: Transaction,
  grant: CreditGrant,
  loss: { type: 'credit_expired' | 'rollover_forfeited'; entry?: EntryFacts },
): void {
  const account = accountOf(grant)
  const rest = creditsFromDecimal(grant.remaining_amount)
  const before = standingOf(tx, account)
  reduceGrant(tx, grant, rest, { is_expired: loss.type === 'credit_expired' })
  writeEntry(tx, {
    account,
    before,
    after: { ...before, balance: before.balance - rest },
    type: loss.type,
    isCredit: false,
    amount: rest,
    grantId: grant.id,
    facts: loss.entry ?? {},
  })
}

/** Moves a part of what is left of a grant to a new grant. The balance stays as it is. */
export function rollOver(
  tx: Transaction,
  grant: CreditGrant,
  input: { amount: Credits; expiresAt: Date | null; subscriptionId: string },
): CreditGrant {
  const reduced = reduceGrant(tx, grant, input.amount, { is_rolled_over: true })
  addGrant(tx, {
    ...accountOf(grant),
    amount: input.amount,
    source: 'rollover',
    sourceId: input.subscriptionId,
    subscriptionId: input.subscriptionId,
    expiresAt: input.expiresAt,
    rolledOverFrom: grant,
    repaysOverage: false,
    entry: { reference: { id: input.subscriptionId, type: 'subscription' } },
  })
  return reduced
}

/** Sets the overage back to nothing, because it was forgiven or charged. */
export function clearOverage(
  tx: Transaction,
  account: Account,
  clearing: { type: 'overage_reset' | 'overage_charged'; entry?: EntryFacts },
): void {
  const before = standingOf(tx, account)
  if (before.overage === 0n) return
  writeEntry(tx, {
    account,
    before,
    after: { ...before, overage: 0n },
    type: clearing.type,
    isCredit: true,
    amount: before.overage,
    grantId: null,
    facts: clearing.entry ?? {},
  })
}

function reduceGrant(
  tx: Transaction,
  grant: CreditGrant,
  taken: Credits,
  ended: Partial<Pick<CreditGrant, 'is_expired' | 'is_rolled_over'>> = {},
): CreditGrant {
  const reduced: CreditGrant = {
    ...grant,
    ...ended,
    remaining_amount: decimalFromCredits(creditsFromDecimal(grant.remaining_amount) - taken),
    updated_at: tx.now.toISOString(),
  }
  queries.updateGrantDocument(tx, reduced)
  return reduced
}

function accountOf(grant: CreditGrant): Account {
  return { customerId: grant.customer_id, entitlementId: grant.credit_entitlement_id }
}

interface WriteEntry {
  account: Account
  before: Standing
  after: Standing
  type: TransactionType
  isCredit: boolean
  amount: Credits
  grantId: string | null
  facts: EntryFacts
}

/** `credit_added` is told as `credit.added`; the types that do not say `credit_` are told by their whole name. */
const eventOf = (type: TransactionType) => `credit.${type.replace(/^credit_/, '')}`

function writeEntry(tx: Transaction, input: WriteEntry): LedgerEntry {
  const { account, before, after, facts } = input
  const now = tx.now.toISOString()
  const known = queries.findBalance(tx, account)
  const balance: CreditBalance = {
    id: known?.id ?? tx.newId('ccb'),
    credit_entitlement_id: account.entitlementId,
    customer_id: account.customerId,
    balance: decimalFromCredits(after.balance),
    overage: decimalFromCredits(after.overage),
    created_at: known?.created_at ?? now,
    updated_at: now,
    last_transaction_at: now,
  }
  queries.putBalance(tx, balance)
  const entry: LedgerEntry = {
    id: tx.newId('cle'),
    ...loadBusiness(tx),
    credit_entitlement_id: account.entitlementId,
    customer_id: account.customerId,
    transaction_type: input.type,
    is_credit: input.isCredit,
    amount: decimalFromCredits(input.amount),
    balance_before: decimalFromCredits(before.balance),
    balance_after: balance.balance,
    overage_before: decimalFromCredits(before.overage),
    overage_after: balance.overage,
    description: facts.description ?? null,
    grant_id: input.grantId,
    reference_id: facts.reference?.id ?? null,
    reference_type: facts.reference?.type ?? null,
    metadata: facts.metadata ?? {},
    created_at: now,
  }
  queries.insertLedgerEntry(tx, entry, facts.idempotencyKey ?? null)
  recordEvent(tx, { type: eventOf(input.type), payloadType: 'CreditLedgerEntry', resourceId: entry.id })
  return entry
}
