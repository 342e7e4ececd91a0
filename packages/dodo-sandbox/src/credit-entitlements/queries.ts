import type { Page } from '../http/parse.ts'
import { parseDocument, type Transaction } from '../store/store.ts'
import type { CreditEntitlement } from './credit-entitlement.ts'

export function insertEntitlement(tx: Transaction, entitlement: CreditEntitlement): void {
  tx.run(
    'insert into credit_entitlements (entitlement_id, document) values (?, ?)',
    entitlement.id,
    JSON.stringify(entitlement),
  )
}

export function updateEntitlementDocument(tx: Transaction, entitlement: CreditEntitlement): void {
  tx.run(
    'update credit_entitlements set document = ? where entitlement_id = ?',
    JSON.stringify(entitlement),
    entitlement.id,
  )
}

export function setDeleted(tx: Transaction, entitlementId: string, deleted: boolean): void {
  tx.run(
    'update credit_entitlements set deleted = ? where entitlement_id = ?',
    deleted ? 1 : 0,
    entitlementId,
  )
}

/** An entitlement, deleted or not; grants of a deleted one still expire. */
export function findAnyEntitlement(
  tx: Transaction,
  entitlementId: string,
): { entitlement: CreditEntitlement; deleted: boolean } | undefined {
  const row = tx.get(
    'select document, deleted from credit_entitlements where entitlement_id = ?',
    entitlementId,
  )
  return row && { entitlement: parseDocument(row) as CreditEntitlement, deleted: row['deleted'] === 1 }
}

export function findEntitlement(tx: Transaction, entitlementId: string): CreditEntitlement | undefined {
  const found = findAnyEntitlement(tx, entitlementId)
  return found && !found.deleted ? found.entitlement : undefined
}

export function findEntitlementByName(tx: Transaction, name: string): CreditEntitlement | undefined {
  const row = tx.get('select document from credit_entitlements where name = ? and deleted = 0', name)
  return row && (parseDocument(row) as CreditEntitlement)
}

export function listEntitlements(tx: Transaction, input: Page & { deleted: boolean }): CreditEntitlement[] {
  return tx
    .all(
      'select document from credit_entitlements where deleted = ? order by position desc limit ? offset ?',
      input.deleted ? 1 : 0,
      input.page_size,
      input.page_number * input.page_size,
    )
    .map((row) => parseDocument(row) as CreditEntitlement)
}
