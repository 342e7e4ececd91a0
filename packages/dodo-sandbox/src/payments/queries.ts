import type { Page } from '../http/parse.ts'
import type { Price } from '../pricing/price.ts'
import { parseDocument, type Transaction } from '../store/store.ts'
import type { BillingAddress, FinalOutcome, IntentStatus, Payment, PaymentLineItems } from './payment.ts'

export interface WritePayment {
  payment: Payment
  lineItems: PaymentLineItems
  session: { sessionId: string; attempt: string } | undefined
  due: { at: string; outcome: FinalOutcome } | undefined
  settlement: Price['settlement']
}

/** Writes a payment; one that waited for a card is written anew. */
export function writePayment(tx: Transaction, input: WritePayment): void {
  tx.run(
    `insert into payments (payment_id, session_id, attempt, document, line_items, due_at, due_outcome, settlement)
     values (?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (payment_id) do update set attempt = excluded.attempt, document = excluded.document,
       line_items = excluded.line_items, due_at = excluded.due_at, due_outcome = excluded.due_outcome,
       settlement = excluded.settlement`,
    input.payment.payment_id,
    input.session?.sessionId ?? null,
    input.session?.attempt ?? null,
    JSON.stringify(input.payment),
    JSON.stringify(input.lineItems),
    input.due?.at ?? null,
    input.due ? JSON.stringify(input.due.outcome) : null,
    JSON.stringify(input.settlement),
  )
}

/** Gives a payment its new state; it waits for nothing any more. */
export function updatePayment(tx: Transaction, payment: Payment): void {
  tx.run(
    'update payments set document = ?, due_at = null, due_outcome = null where payment_id = ?',
    JSON.stringify(payment),
    payment.payment_id,
  )
}

export function updateLineItems(tx: Transaction, paymentId: string, lineItems: PaymentLineItems): void {
  tx.run('update payments set line_items = ? where payment_id = ?', JSON.stringify(lineItems), paymentId)
}

/** The payment under way that comes to its end first. */
export function findFirstDue(
  tx: Transaction,
): { payment_id: string; due_at: string; outcome: FinalOutcome } | undefined {
  const row = tx.get(
    'select payment_id, due_at, due_outcome from payments where due_at is not null order by due_at, position limit 1',
  )
  return (
    row && {
      payment_id: String(row['payment_id']),
      due_at: String(row['due_at']),
      outcome: parseDocument(row, 'due_outcome') as FinalOutcome,
    }
  )
}

export function findPayment(tx: Transaction, paymentId: string): Payment | undefined {
  const row = tx.get('select document from payments where payment_id = ?', paymentId)
  return row && (parseDocument(row) as Payment)
}

/** Where a customer last paid from. */
export function findLatestBilling(tx: Transaction, customerId: string): BillingAddress | undefined {
  const row = tx.get(
    "select document from payments where customer_id = ? and status = 'succeeded' order by position desc limit 1",
    customerId,
  )
  return row && (parseDocument(row) as Payment).billing
}

export function findPaymentByAttempt(
  tx: Transaction,
  sessionId: string,
  attempt: string,
): Payment | undefined {
  const row = tx.get('select document from payments where session_id = ? and attempt = ?', sessionId, attempt)
  return row && (parseDocument(row) as Payment)
}

export function findLineItems(tx: Transaction, paymentId: string): PaymentLineItems | undefined {
  const row = tx.get('select line_items from payments where payment_id = ?', paymentId)
  return row && (parseDocument(row, 'line_items') as PaymentLineItems)
}

/** How many payments a customer has: those that went well, or those under way as well, of one discount or of all. */
export function countPaymentsOf(
  tx: Transaction,
  customerId: string,
  filter: { standing: 'paid' | 'open_or_paid'; discountId?: string },
): number {
  const row = tx.get(
    `select count(*) as count from payments
     where customer_id = ?1 and iif(?2 = 'paid', status = 'succeeded', status not in ('failed', 'cancelled', 'requires_payment_method'))
       and (?3 is null or exists (
         select 1 from json_each(document, '$.discounts') item where item.value ->> '$.discount_id' = ?3))`,
    customerId,
    filter.standing,
    filter.discountId ?? null,
  )
  return Number(row?.['count'])
}

/** What an invoice lists, in the settlement currency: before the discount and without tax. */
export function findSettledLines(
  tx: Transaction,
  paymentId: string,
): { lines: { name: string; quantity: number | null; amount: number }[]; discount: number } {
  const row = tx.get('select document, settlement from payments where payment_id = ?', paymentId)
  if (!row) return { lines: [], discount: 0 }
  const payment = parseDocument(row) as Payment
  const settlement =
    row['settlement'] === null ? undefined : (parseDocument(row, 'settlement') as Price['settlement'])
  if (settlement?.lines) return { lines: settlement.lines, discount: settlement.discount ?? 0 }
  const net = payment.settlement_amount - payment.settlement_tax
  return { lines: [{ name: 'Payment', quantity: null, amount: net }], discount: 0 }
}

/** Gives every invoice its address at the origin where the API listens now. */
export function moveInvoices(tx: Transaction, apiOrigin: string): void {
  tx.run(
    `update payments set document = json_set(document, '$.invoice_url', ? || '/invoices/payments/' || payment_id)
     where document ->> '$.invoice_id' is not null`,
    apiOrigin,
  )
}

export interface ListPayments extends Page {
  brand_id?: string | undefined
  created_at_gte?: string | undefined
  created_at_lte?: string | undefined
  currency?: string | undefined
  customer_id?: string | undefined
  product_id?: string | undefined
  status?: IntentStatus | undefined
  subscription_id?: string | undefined
}

export function listPayments(tx: Transaction, input: ListPayments): Payment[] {
  return tx
    .all(
      `select document from payments
       where (?1 is null or brand_id = ?1) and (?2 is null or created_at >= ?2) and (?3 is null or created_at <= ?3)
         and (?4 is null or currency = ?4) and (?5 is null or customer_id = ?5) and (?6 is null or status = ?6)
         and (?7 is null or subscription_id = ?7)
         and (?8 is null or exists (
           select 1 from json_each(document, '$.product_cart') item where item.value ->> '$.product_id' = ?8))
       order by position desc limit ?9 offset ?10`,
      input.brand_id ?? null,
      input.created_at_gte ?? null,
      input.created_at_lte ?? null,
      input.currency ?? null,
      input.customer_id ?? null,
      input.status ?? null,
      input.subscription_id ?? null,
      input.product_id ?? null,
      input.page_size,
      input.page_number * input.page_size,
    )
    .map((row) => parseDocument(row) as Payment)
}
