import type { Catalog } from '../catalog/catalog.ts'
import type { Transaction } from '../database/database.ts'
import { type Mode, type WalletOwner, walletId } from '../kernel/ids.ts'
import { applyOperations } from '../ledger/apply-operations.ts'
import type { LedgerContext } from '../ledger/context.ts'
import { internalKey } from '../ledger/keys.ts'
import * as queries from './queries.ts'

export interface EnsureCustomer {
  readonly mode: Mode
  readonly customer: string
  readonly catalog: Catalog
  readonly context: LedgerContext
}

/**
 * Makes the customer unless known, and grants the welcome credits to a new one. Safe to repeat. Call it before other wallets' rows are
 * locked: it locks the customer's row, then a wallet's.
 */
export async function ensureCustomer(tx: Transaction, input: EnsureCustomer): Promise<void> {
  const { mode, customer, catalog, context } = input
  const isNew = await queries.insertIfMissing(tx, { mode, customer })
  const { welcome } = catalog
  if (!isNew || welcome === undefined) return
  const owner: WalletOwner = { mode, customer, unit: welcome.unit }
  const [outcome] = await applyOperations(
    tx,
    [
      {
        kind: 'grant',
        walletId: walletId(owner),
        key: internalKey('welcome'),
        owner,
        credits: welcome.credits,
        source: 'promotion',
        name: welcome.name,
        priority: 0,
        effectiveAt: undefined,
        expiry: undefined,
        paid: undefined,
        orderId: undefined,
      },
    ],
    context,
  )
  if (outcome?.ok === false) throw outcome.refusal
}
