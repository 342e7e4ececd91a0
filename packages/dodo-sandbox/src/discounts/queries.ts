import type { Page } from '../http/parse.ts'
import { parseDocument, type Transaction } from '../store/store.ts'
import type { Discount } from './discount.ts'

export function insertDiscount(tx: Transaction, discount: Discount): void {
  tx.run(
    'insert into discounts (discount_id, document) values (?, ?)',
    discount.discount_id,
    JSON.stringify(discount),
  )
}

export function updateDiscountDocument(tx: Transaction, discount: Discount): void {
  tx.run(
    'update discounts set document = ? where discount_id = ?',
    JSON.stringify(discount),
    discount.discount_id,
  )
}

/** Marks it deleted: payments that it made cheaper still name it, and its code is free again. */
export function deleteDiscount(tx: Transaction, discountId: string): void {
  tx.run('update discounts set deleted = 1 where discount_id = ?', discountId)
}

export function findDiscount(tx: Transaction, discountId: string): Discount | undefined {
  const row = tx.get('select document from discounts where discount_id = ? and deleted = 0', discountId)
  return row && (parseDocument(row) as Discount)
}

export function findDiscountByCode(tx: Transaction, code: string): Discount | undefined {
  const row = tx.get('select document from discounts where code = upper(?) and deleted = 0', code)
  return row && (parseDocument(row) as Discount)
}

/** Adds to how often it was used; a deleted one is counted too. */
export function addUse(tx: Transaction, discountId: string, uses: 1 | -1): void {
  tx.run(
    `update discounts set document = json_set(document, '$.times_used', max(0, (document ->> '$.times_used') + ?))
     where discount_id = ?`,
    uses,
    discountId,
  )
}

export interface ListDiscounts extends Page {
  active?: boolean | undefined
  code?: string | undefined
  discount_type?: Discount['type'] | undefined
  product_id?: string | undefined
}

/** Active are those that can be redeemed now: begun, not over, not used up. */
export function listDiscounts(tx: Transaction, input: ListDiscounts): Discount[] {
  return tx
    .all(
      `select document from discounts
       where deleted = 0 and (?1 is null or instr(code, upper(?1)) > 0)
         and (?2 is null or document ->> '$.type' = ?2)
         and (?3 is null or json_array_length(document, '$.restricted_to') = 0
           or exists (select 1 from json_each(document, '$.restricted_to') item where item.value = ?3))
         and (?4 is null or ?4 = (
           ifnull(document ->> '$.starts_at' <= ?5, 1) and ifnull(document ->> '$.expires_at' > ?5, 1)
           and ifnull((document ->> '$.times_used') < (document ->> '$.usage_limit'), 1)))
       order by position desc limit ?6 offset ?7`,
      input.code ?? null,
      input.discount_type ?? null,
      input.product_id ?? null,
      input.active === undefined ? null : Number(input.active),
      tx.now.toISOString(),
      input.page_size,
      input.page_number * input.page_size,
    )
    .map((row) => parseDocument(row) as Discount)
}
