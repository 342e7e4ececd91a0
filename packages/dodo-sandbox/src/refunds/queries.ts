import type { Page } from '../http/parse.ts'
import { parseDocument, type Transaction } from '../store/store.ts'
import type { Refund, RefundedItem, RefundOutcome } from './refund.ts'

export interface InsertRefund {
  refund: Refund
  items: RefundedItem[]
  due: { at: string; outcome: RefundOutcome }
}

export function insertRefund(tx: Transaction, { refund, items, due }: InsertRefund): void {
  tx.run(
    'insert into refunds (refund_id, document, items, due_at, due_outcome) values (?, ?, ?, ?, ?)',
    refund.refund_id,
    JSON.stringify(refund),
    JSON.stringify(items),
    due.at,
    due.outcome,
  )
}

/** Gives a refund its new status; the clock has nothing to do with it any more. */
export function updateRefund(tx: Transaction, refund: Refund): void {
  tx.run(
    'update refunds set document = ?, due_at = null, due_outcome = null where refund_id = ?',
    JSON.stringify(refund),
    refund.refund_id,
  )
}

export function findRefund(tx: Transaction, refundId: string): Refund | undefined {
  const row = tx.get('select document from refunds where refund_id = ?', refundId)
  return row && (parseDocument(row) as Refund)
}

export function findRefundedItems(tx: Transaction, refundId: string): RefundedItem[] {
  const row = tx.get('select items from refunds where refund_id = ?', refundId)
  return row ? (parseDocument(row, 'items') as RefundedItem[]) : []
}

/** A payment's refunds, oldest first. */
export function listRefundsOf(tx: Transaction, paymentId: string): Refund[] {
  return tx
    .all('select document from refunds where payment_id = ? order by position', paymentId)
    .map((row) => parseDocument(row) as Refund)
}

/** The pending refund that comes to its end first. */
export function findFirstDue(
  tx: Transaction,
): { refund_id: string; due_at: string; outcome: RefundOutcome } | undefined {
  const row = tx.get(
    'select refund_id, due_at, due_outcome from refunds where due_at is not null order by due_at, position limit 1',
  )
  return (
    row && {
      refund_id: String(row['refund_id']),
      due_at: String(row['due_at']),
      outcome: String(row['due_outcome']) as RefundOutcome,
    }
  )
}

export interface ListRefunds extends Page {
  created_at_gte?: string | undefined
  created_at_lte?: string | undefined
  customer_id?: string | undefined
  status?: Refund['status'] | undefined
  subscription_id?: string | undefined
}

export function listRefunds(tx: Transaction, input: ListRefunds): Refund[] {
  return tx
    .all(
      `select r.document from refunds r join payments p using (payment_id)
       where (?1 is null or r.created_at >= ?1) and (?2 is null or r.created_at <= ?2)
         and (?3 is null or p.customer_id = ?3) and (?4 is null or r.status = ?4)
         and (?5 is null or exists (
           select 1 from json_each(p.document, '$.subscription_ids') item where item.value = ?5))
       order by r.position desc limit ?6 offset ?7`,
      input.created_at_gte ?? null,
      input.created_at_lte ?? null,
      input.customer_id ?? null,
      input.status ?? null,
      input.subscription_id ?? null,
      input.page_size,
      input.page_number * input.page_size,
    )
    .map((row) => parseDocument(row) as Refund)
}
