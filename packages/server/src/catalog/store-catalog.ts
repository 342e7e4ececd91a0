import type { Transaction } from '../database/database.ts'
import { invariant } from '../kernel/refusal.ts'
import type { Catalog } from './catalog.ts'

/** Keeps the catalog under its hash, once and for good, and answers the number by which charges, holds and orders name it. */
export async function storeCatalog(tx: Transaction, catalog: Catalog): Promise<number> {
  await tx.db
    .insertInto('catalogs')
    .values({ hash: catalog.hash, body: JSON.stringify(catalog.body), first_used_at: tx.now })
    .onConflict((conflict) => conflict.column('hash').doNothing())
    .execute()
  const stored = await tx.db
    .selectFrom('catalogs')
    .select('id')
    .where('hash', '=', catalog.hash)
    .executeTakeFirst()
  invariant(stored !== undefined, 'a catalog just stored is there')
  return stored.id
}
