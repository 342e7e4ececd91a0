import type { z } from 'zod'
import { notFound, Refusal } from '../kernel/refusal.ts'
import { loadBusiness } from '../store/settings.ts'
import type { Transaction } from '../store/store.ts'
import {
  type CreditEntitlement,
  checkPolicy,
  type createEntitlementSchema,
  type updateEntitlementSchema,
} from './credit-entitlement.ts'
import * as queries from './queries.ts'

const nameExists = (name: string) =>
  new Refusal(
    422,
    'CREDIT_ENTITLEMENT_NAME_ALREADY_EXISTS',
    `name: there is a credit entitlement called "${name}" already`,
  )

/** Makes a kind of credits. */
export function createEntitlement(
  tx: Transaction,
  input: z.output<typeof createEntitlementSchema>,
): CreditEntitlement {
  if (queries.findEntitlementByName(tx, input.name)) throw nameExists(input.name)
  const now = tx.now.toISOString()
  const entitlement: CreditEntitlement = {
    id: tx.newId('cde'),
    business_id: loadBusiness(tx).business_id,
    name: input.name,
    description: input.description ?? null,
    unit: input.unit,
    precision: input.precision,
    expires_after_days: input.expires_after_days ?? null,
    rollover_enabled: input.rollover_enabled,
    rollover_percentage: input.rollover_percentage ?? null,
    rollover_timeframe_count: input.rollover_timeframe_count ?? null,
    rollover_timeframe_interval: input.rollover_timeframe_interval ?? null,
    max_rollover_count: input.max_rollover_count ?? null,
    overage_enabled: input.overage_enabled,
    overage_behavior: input.overage_behavior ?? 'forgive_at_reset',
    overage_limit: input.overage_limit ?? null,
    currency: input.currency ?? null,
    price_per_unit: input.price_per_unit ?? null,
    created_at: now,
    updated_at: now,
  }
  checkPolicy(entitlement)
  queries.insertEntitlement(tx, entitlement)
  return entitlement
}

export interface UpdateEntitlement {
  entitlementId: string
  changes: z.output<typeof updateEntitlementSchema>
}

/** Changes what is given, `null` clears; the whole that results is checked. Grants made before stay as they are. */
export function updateEntitlement(tx: Transaction, { entitlementId, changes }: UpdateEntitlement): void {
  const entitlement = queries.findEntitlement(tx, entitlementId)
  if (!entitlement) throw notFound('credit entitlement', entitlementId)
  const named = queries.findEntitlementByName(tx, changes.name ?? entitlement.name)
  if (named && named.id !== entitlementId) throw nameExists(named.name)
  const { precision: _, ...given } = changes
  const updated: CreditEntitlement = {
    ...entitlement,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    // These cannot be cleared.
    name: changes.name ?? entitlement.name,
    unit: changes.unit ?? entitlement.unit,
    overage_enabled: changes.overage_enabled ?? entitlement.overage_enabled,
    overage_behavior: changes.overage_behavior ?? entitlement.overage_behavior,
    rollover_enabled: changes.rollover_enabled ?? entitlement.rollover_enabled,
    updated_at: tx.now.toISOString(),
  }
  checkPolicy(updated)
  queries.updateEntitlementDocument(tx, updated)
}

/** Takes a kind of credits out of use: nothing is granted of it any more, and what was granted stays until it expires. */
export function deleteEntitlement(tx: Transaction, entitlementId: string): void {
  if (!queries.findEntitlement(tx, entitlementId)) throw notFound('credit entitlement', entitlementId)
  queries.setDeleted(tx, entitlementId, true)
}

const notDeleted = (entitlementId: string) =>
  // Dodo documents a 500 for this.
  new Refusal(500, 'INTERNAL_SERVER_ERROR', `There is no deleted credit entitlement ${entitlementId}.`)

/**
 * Brings a deleted one back.
 *
 * @throws notDeleted when it is not deleted, or not there at all
 */
export function undeleteEntitlement(tx: Transaction, entitlementId: string): void {
  const found = queries.findAnyEntitlement(tx, entitlementId)
  if (!found?.deleted) throw notDeleted(entitlementId)
  if (queries.findEntitlementByName(tx, found.entitlement.name)) throw nameExists(found.entitlement.name)
  queries.setDeleted(tx, entitlementId, false)
  queries.updateEntitlementDocument(tx, { ...found.entitlement, updated_at: tx.now.toISOString() })
}
