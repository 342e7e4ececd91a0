import { notFound, Refusal } from '../kernel/refusal.ts'
import type { Transaction } from '../store/store.ts'
import * as queries from './queries.ts'

const productIsDeleted = (productId: string) =>
  new Refusal(410, 'PRODUCT_IS_DELETED', `Product ${productId} is archived already.`)

/** Takes a product off sale; sessions made before can still be paid. */
export function archiveProduct(tx: Transaction, productId: string): void {
  const found = queries.findProduct(tx, productId)
  if (!found) throw notFound('product', productId)
  if (found.archived) throw productIsDeleted(productId)
  queries.setArchived(tx, productId, true)
}

/** Puts a product back on sale. Unarchiving one that is on sale changes nothing. */
export function unarchiveProduct(tx: Transaction, productId: string): void {
  if (!queries.findProduct(tx, productId)) throw notFound('product', productId)
  queries.setArchived(tx, productId, false)
}
