import type { Page } from '../http/parse.ts'
import { parseDocument, type Transaction } from '../store/store.ts'
import type { DisputeDetails } from './dispute.ts'

export function insertDispute(tx: Transaction, dispute: DisputeDetails): void {
  tx.run(
    'insert into disputes (dispute_id, document) values (?, ?)',
    dispute.dispute_id,
    JSON.stringify(dispute),
  )
}

export function updateDisputeDocument(tx: Transaction, dispute: DisputeDetails): void {
  tx.run('update disputes set document = ? where dispute_id = ?', JSON.stringify(dispute), dispute.dispute_id)
}

export function findDispute(tx: Transaction, disputeId: string): DisputeDetails | undefined {
  const row = tx.get('select document from disputes where dispute_id = ?', disputeId)
  return row && (parseDocument(row) as DisputeDetails)
}

/** A payment's disputes, oldest first. */
export function listDisputesOf(tx: Transaction, paymentId: string): DisputeDetails[] {
  return tx
    .all('select document from disputes where payment_id = ? order by position', paymentId)
    .map((row) => parseDocument(row) as DisputeDetails)
}

/** The dispute that has been open longest. */
export function findOldestOpen(tx: Transaction): DisputeDetails | undefined {
  const row = tx.get(
    "select document from disputes where dispute_status = 'dispute_opened' order by created_at, position limit 1",
  )
  return row && (parseDocument(row) as DisputeDetails)
}

export interface ListDisputes extends Page {
  created_at_gte?: string | undefined
  created_at_lte?: string | undefined
  customer_id?: string | undefined
  dispute_stage?: string | undefined
  dispute_status?: string | undefined
}

export function listDisputes(tx: Transaction, input: ListDisputes): DisputeDetails[] {
  return tx
    .all(
      `select document from disputes
       where (?1 is null or created_at >= ?1) and (?2 is null or created_at <= ?2)
         and (?3 is null or document ->> '$.customer.customer_id' = ?3)
         and (?4 is null or document ->> '$.dispute_stage' = ?4) and (?5 is null or dispute_status = ?5)
       order by position desc limit ?6 offset ?7`,
      input.created_at_gte ?? null,
      input.created_at_lte ?? null,
      input.customer_id ?? null,
      input.dispute_stage ?? null,
      input.dispute_status ?? null,
      input.page_size,
      input.page_number * input.page_size,
    )
    .map((row) => parseDocument(row) as DisputeDetails)
}
