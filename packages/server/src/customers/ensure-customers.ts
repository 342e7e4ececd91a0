import type { Catalog, Welcome } from '../catalog/catalog.ts'
import type { Transaction } from '../database/database.ts'
import { type Mode, type WalletOwner, walletId } from '../kernel/ids.ts'
import { applyOperations } from '../ledger/apply-operations.ts'
import type { LedgerContext } from '../ledger/context.ts'
import { internalKey } from '../ledger/keys.ts'
import type { Operation } from '../ledger/operations.ts'
import * as queries from './queries.ts'

export interface EnsureCustomers {
  readonly mode: Mode
  readonly customers: readonly string[]
  readonly catalog: Catalog
  readonly context: LedgerContext
}

/**
 * Makes the customers unless known, and grants the welcome credits to new ones. Safe to repeat. Call it before other wallets' rows are
 * locked: it locks the customers' rows, then wallets.
 */
export async function ensureCustomers(tx: Transaction, input: EnsureCustomers): Promise<void> {
  const { mode, customers, catalog, context } = input
  const made = await queries.insertMissing(tx, { mode, customers })
  const { welcome } = catalog
  if (made.length === 0 || welcome === undefined) return
  const outcomes = await applyOperations(
    tx,
    made.map((customer) => welcomeGrant({ mode, customer, unit: welcome.unit }, welcome)),
    context,
  )
  for (const outcome of outcomes) if (!outcome.ok) throw outcome.refusal
}

/** Of the lot that a customer's first mention brought. */
export const welcomeKey = internalKey('welcome')

function welcomeGrant(owner: WalletOwner, { name, credits }: Welcome): Operation {
  return {
    kind: 'grant',
    walletId: walletId(owner),
    key: welcomeKey,
    owner,
    credits,
    source: 'promotion',
    name,
    priority: 0,
    effectiveAt: undefined,
    expiry: undefined,
    paid: undefined,
    orderId: undefined,
  }
}
