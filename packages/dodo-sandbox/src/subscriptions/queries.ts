import type { Page } from '../http/parse.ts'
import { parseDocument, type Row, type Transaction } from '../store/store.ts'
import { dueAt, type StoredSubscription, type Subscription, type SubscriptionState } from './subscription.ts'

/** Writes a subscription, new or known. */
export function putSubscription(tx: Transaction, stored: StoredSubscription): void {
  tx.run(
    `insert into subscriptions (subscription_id, document, state, due_at) values (?, ?, ?, ?)
     on conflict (subscription_id) do update set document = excluded.document, state = excluded.state,
       due_at = excluded.due_at`,
    stored.subscription.subscription_id,
    JSON.stringify(stored.subscription),
    JSON.stringify(stored.state),
    dueAt(stored),
  )
}

function storedOf(row: Row): StoredSubscription {
  return {
    subscription: parseDocument(row) as Subscription,
    state: parseDocument(row, 'state') as SubscriptionState,
  }
}

export function findSubscription(tx: Transaction, subscriptionId: string): StoredSubscription | undefined {
  const row = tx.get('select document, state from subscriptions where subscription_id = ?', subscriptionId)
  return row && storedOf(row)
}

/** The subscription that something is to be done about first. */
export function findFirstDue(tx: Transaction): { stored: StoredSubscription; dueAt: string } | undefined {
  const row = tx.get(
    'select document, state, due_at from subscriptions where due_at is not null order by due_at, position limit 1',
  )
  return row && { stored: storedOf(row), dueAt: String(row['due_at']) }
}

export interface ListSubscriptions extends Page {
  brand_id?: string | undefined
  cancel_at_next_billing_date?: boolean | undefined
  created_at_gte?: string | undefined
  created_at_lte?: string | undefined
  customer_id?: string | undefined
  product_id?: string | undefined
  status?: string | undefined
}

export function listSubscriptions(tx: Transaction, input: ListSubscriptions): StoredSubscription[] {
  const cancelling = input.cancel_at_next_billing_date
  return tx
    .all(
      `select document, state from subscriptions
       where (?1 is null or brand_id = ?1) and (?2 is null or cancel_at_next_billing_date = ?2)
         and (?3 is null or created_at >= ?3) and (?4 is null or created_at <= ?4)
         and (?5 is null or customer_id = ?5) and (?6 is null or product_id = ?6) and (?7 is null or status = ?7)
       order by position desc limit ?8 offset ?9`,
      input.brand_id ?? null,
      cancelling === undefined ? null : Number(cancelling),
      input.created_at_gte ?? null,
      input.created_at_lte ?? null,
      input.customer_id ?? null,
      input.product_id ?? null,
      input.status ?? null,
      input.page_size,
      input.page_number * input.page_size,
    )
    .map(storedOf)
}

/** An attempt to be paid after all, as its webhooks carry it. */
export interface DunningAttempt {
  brand_id: string
  created_at: string
  customer_id: string
  subscription_id: string
  payment_id: string | null
  status: 'recovering' | 'recovered' | 'exhausted'
  trigger_state: 'on_hold' | 'cancelled' | 'past_due'
}

export function putDunning(tx: Transaction, dunningId: string, attempt: DunningAttempt): void {
  tx.run(
    `insert into dunning_attempts (dunning_id, document) values (?, ?)
     on conflict (dunning_id) do update set document = excluded.document`,
    dunningId,
    JSON.stringify(attempt),
  )
}

export function findDunning(tx: Transaction, dunningId: string): DunningAttempt | undefined {
  const row = tx.get('select document from dunning_attempts where dunning_id = ?', dunningId)
  return row && (parseDocument(row) as DunningAttempt)
}
