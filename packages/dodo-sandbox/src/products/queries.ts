import type { Page } from '../http/parse.ts'
import { parseDocument, type Transaction } from '../store/store.ts'
import type { Product } from './product.ts'

export function insertProduct(tx: Transaction, product: Product): void {
  tx.run(
    'insert into products (product_id, document) values (?, ?)',
    product.product_id,
    JSON.stringify(product),
  )
}

export function updateProductDocument(tx: Transaction, product: Product): void {
  tx.run('update products set document = ? where product_id = ?', JSON.stringify(product), product.product_id)
}

export function findProduct(
  tx: Transaction,
  productId: string,
): { product: Product; archived: boolean } | undefined {
  const row = tx.get('select document, archived from products where product_id = ?', productId)
  return row && { product: parseDocument(row) as Product, archived: row['archived'] === 1 }
}

export function setArchived(tx: Transaction, productId: string, archived: boolean): void {
  tx.run('update products set archived = ? where product_id = ?', archived ? 1 : 0, productId)
}

export interface ListProducts extends Page {
  archived: boolean
  brand_id?: string | undefined
  recurring?: boolean | undefined
}

export function listProducts(tx: Transaction, input: ListProducts): Product[] {
  const recurring = input.recurring === undefined ? null : Number(input.recurring)
  return tx
    .all(
      `select document from products
       where archived = ?1 and (?2 is null or brand_id = ?2) and (?3 is null or is_recurring = ?3)
       order by position desc limit ?4 offset ?5`,
      Number(input.archived),
      input.brand_id ?? null,
      recurring,
      input.page_size,
      input.page_number * input.page_size,
    )
    .map((row) => parseDocument(row) as Product)
}
