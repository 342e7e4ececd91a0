import type { Page } from '../http/parse.ts'
import { parseDocument, type Transaction } from '../store/store.ts'
import type { BalanceLow, CreditBalance, CreditGrant, grantStatuses, LedgerEntry } from './balance.ts'

/** Whose credits, and of which kind. */
export interface Account {
  customerId: string
  entitlementId: string
}

export function findBalance(tx: Transaction, account: Account): CreditBalance | undefined {
  const row = tx.get(
    'select document from credit_balances where credit_entitlement_id = ? and customer_id = ?',
    account.entitlementId,
    account.customerId,
  )
  return row && (parseDocument(row) as CreditBalance)
}

/** Writes a balance, new or known. */
export function putBalance(tx: Transaction, balance: CreditBalance): void {
  tx.run(
    `insert into credit_balances (balance_id, document) values (?, ?)
     on conflict (balance_id) do update set document = excluded.document`,
    balance.id,
    JSON.stringify(balance),
  )
}

export function listBalances(
  tx: Transaction,
  input: Page & { entitlementId: string; customer_id?: string | undefined },
): CreditBalance[] {
  return tx
    .all(
      `select document from credit_balances where credit_entitlement_id = ?1 and (?2 is null or customer_id = ?2)
       order by position desc limit ?3 offset ?4`,
      input.entitlementId,
      input.customer_id ?? null,
      input.page_size,
      input.page_number * input.page_size,
    )
    .map((row) => parseDocument(row) as CreditBalance)
}

/** Balances of every kind that was not deleted, newest first. */
export function listBalancesOfAll(tx: Transaction, { page_size, page_number }: Page): CreditBalance[] {
  return tx
    .all(
      `select b.document from credit_balances b join credit_entitlements e on e.entitlement_id = b.credit_entitlement_id
       where e.deleted = 0 order by b.position desc limit ? offset ?`,
      page_size,
      page_number * page_size,
    )
    .map((row) => parseDocument(row) as CreditBalance)
}

/** A customer's balances of every kind that was not deleted, oldest first. */
export function listBalancesOfCustomer(tx: Transaction, customerId: string): CreditBalance[] {
  return tx
    .all(
      `select b.document from credit_balances b join credit_entitlements e on e.entitlement_id = b.credit_entitlement_id
       where b.customer_id = ? and e.deleted = 0 order by b.position`,
      customerId,
    )
    .map((row) => parseDocument(row) as CreditBalance)
}

export function insertGrant(tx: Transaction, grant: CreditGrant, subscriptionId: string | null): void {
  tx.run(
    'insert into credit_grants (grant_id, subscription_id, document) values (?, ?, ?)',
    grant.id,
    subscriptionId,
    JSON.stringify(grant),
  )
}

export function updateGrantDocument(tx: Transaction, grant: CreditGrant): void {
  tx.run('update credit_grants set document = ? where grant_id = ?', JSON.stringify(grant), grant.id)
}

/** Grants that can still pay, oldest first. */
export function listActiveGrants(tx: Transaction, account: Account): CreditGrant[] {
  return tx
    .all(
      `select document from credit_grants where credit_entitlement_id = ? and customer_id = ? and status = 'active'
       order by position`,
      account.entitlementId,
      account.customerId,
    )
    .map((row) => parseDocument(row) as CreditGrant)
}

/** What a subscription granted and is not used up, rolled-over rests included, oldest first. */
export function listActiveGrantsOfSubscription(
  tx: Transaction,
  input: Account & { subscriptionId: string },
): CreditGrant[] {
  return tx
    .all(
      `select document from credit_grants
       where credit_entitlement_id = ? and customer_id = ? and subscription_id = ? and status = 'active' order by position`,
      input.entitlementId,
      input.customerId,
      input.subscriptionId,
    )
    .map((row) => parseDocument(row) as CreditGrant)
}

/** The grant that expires first. A depleted one has nothing to lose and never expires. */
export function findFirstExpiring(tx: Transaction): CreditGrant | undefined {
  const row = tx.get(
    `select document from credit_grants where status = 'active' and expires_at is not null
     order by expires_at, position limit 1`,
  )
  return row && (parseDocument(row) as CreditGrant)
}

export function listGrants(
  tx: Transaction,
  input: Page & Account & { status?: (typeof grantStatuses)[number] | undefined },
): CreditGrant[] {
  return tx
    .all(
      `select document from credit_grants
       where credit_entitlement_id = ?1 and customer_id = ?2 and (?3 is null or status = ?3)
       order by position desc limit ?4 offset ?5`,
      input.entitlementId,
      input.customerId,
      input.status ?? null,
      input.page_size,
      input.page_number * input.page_size,
    )
    .map((row) => parseDocument(row) as CreditGrant)
}

export function insertLedgerEntry(tx: Transaction, entry: LedgerEntry, idempotencyKey: string | null): void {
  tx.run(
    'insert into credit_ledger (entry_id, idempotency_key, document) values (?, ?, ?)',
    entry.id,
    idempotencyKey,
    JSON.stringify(entry),
  )
}

export function findLedgerEntry(tx: Transaction, entryId: string): LedgerEntry | undefined {
  const row = tx.get('select document from credit_ledger where entry_id = ?', entryId)
  return row && (parseDocument(row) as LedgerEntry)
}

export function hasIdempotencyKey(tx: Transaction, account: Account, key: string): boolean {
  return (
    tx.get(
      'select 1 from credit_ledger where credit_entitlement_id = ? and customer_id = ? and idempotency_key = ?',
      account.entitlementId,
      account.customerId,
      key,
    ) !== undefined
  )
}

export interface ListLedger extends Page, Account {
  transaction_type?: string | undefined
  start_date?: string | undefined
  end_date?: string | undefined
}

export function listLedger(tx: Transaction, input: ListLedger): LedgerEntry[] {
  return tx
    .all(
      `select document from credit_ledger
       where credit_entitlement_id = ?1 and customer_id = ?2 and (?3 is null or transaction_type = ?3)
         and (?4 is null or created_at >= ?4) and (?5 is null or created_at <= ?5)
       order by position desc limit ?6 offset ?7`,
      input.entitlementId,
      input.customerId,
      input.transaction_type ?? null,
      input.start_date ?? null,
      input.end_date ?? null,
      input.page_size,
      input.page_number * input.page_size,
    )
    .map((row) => parseDocument(row) as LedgerEntry)
}

export function insertBalanceLow(tx: Transaction, id: string, low: BalanceLow): void {
  tx.run('insert into credit_balances_low (low_id, document) values (?, ?)', id, JSON.stringify(low))
}

export function findBalanceLow(tx: Transaction, id: string): BalanceLow | undefined {
  const row = tx.get('select document from credit_balances_low where low_id = ?', id)
  return row && (parseDocument(row) as BalanceLow)
}
