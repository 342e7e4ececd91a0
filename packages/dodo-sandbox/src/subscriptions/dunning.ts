import type { Payment } from '../payments/payment.ts'
import type { SaleLine } from '../pricing/price.ts'
import { loadBusiness } from '../store/settings.ts'
import type { Transaction } from '../store/store.ts'
import { recordEvent } from '../webhooks/record-event.ts'
import * as queries from './queries.ts'
import type { Dues, StoredSubscription } from './subscription.ts'
import { keepAndTell } from './tell.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

// Dodo's documented waits before each new charge of a failed renewal: 29.5 days in all, so 30 days hold all eight.
const retryWaitsHours = [12, 24, 48, 72, 96, 120, 168, 168]

/** What was to be paid was not: the subscription is on hold, or past due for a while, and is to be recovered. */
export function holdForDues(
  tx: Transaction,
  { subscription, state }: StoredSubscription,
  { payment, lines }: { payment: Payment; lines: SaleLine[] | null },
): void {
  const { gracePeriodDays } = tx.behaviour
  const status = gracePeriodDays > 0 ? 'past_due' : 'on_hold'
  const dues: Dues = {
    invoice_id: tx.newId('inv'),
    since: tx.now.toISOString(),
    lines,
    payment_id: payment.payment_id,
    dunning_id: tx.newId('dun'),
    retries: 0,
    next_retry_at: null,
    sends_used: 0,
    last_send_at: null,
  }
  const endsAt = gracePeriodDays > 0 ? new Date(tx.now.getTime() + gracePeriodDays * dayMs) : null
  keepAndTell(
    tx,
    {
      subscription: { ...subscription, status },
      state: {
        ...state,
        dues: { ...dues, next_retry_at: nextRetryAt(tx, dues) },
        past_due_ends_at: endsAt?.toISOString() ?? null,
      },
    },
    status,
  )
  queries.putDunning(tx, dues.dunning_id, {
    brand_id: loadBusiness(tx).brand_id,
    created_at: tx.now.toISOString(),
    customer_id: subscription.customer.customer_id,
    subscription_id: subscription.subscription_id,
    payment_id: payment.payment_id,
    status: 'recovering',
    trigger_state: status,
  })
  recordEvent(tx, { type: 'dunning.started', payloadType: 'DunningAttempt', resourceId: dues.dunning_id })
}

/** Another try at what is due has failed. The subscription stays as it is; the schedule may have one more. */
export function duesNotPaid(
  tx: Transaction,
  { subscription, state }: StoredSubscription,
  by: 'retry' | 'payment_method',
): void {
  const { dues } = state
  if (!dues || by === 'payment_method') return queries.putSubscription(tx, { subscription, state })
  const next = { ...dues, next_retry_at: nextRetryAt(tx, dues) }
  queries.putSubscription(tx, { subscription, state: { ...state, dues: next } })
  if (next.next_retry_at !== null || tx.behaviour.renewalRetryDays === 0) return
  const attempt = queries.findDunning(tx, dues.dunning_id)
  if (attempt) queries.putDunning(tx, dues.dunning_id, { ...attempt, status: 'exhausted' })
}

/** When what is due is charged again by itself, if it is. */
function nextRetryAt(tx: Transaction, { retries, since }: Pick<Dues, 'retries' | 'since'>): string | null {
  const waitHours = retryWaitsHours[retries]
  if (waitHours === undefined) return null
  const at = tx.now.getTime() + waitHours * hourMs
  const lastAt = new Date(since).getTime() + tx.behaviour.renewalRetryDays * dayMs
  return at > lastAt ? null : new Date(at).toISOString()
}

export function recoverDunning(tx: Transaction, dues: Dues, payment: Payment): void {
  const attempt = queries.findDunning(tx, dues.dunning_id)
  if (!attempt) return
  queries.putDunning(tx, dues.dunning_id, {
    ...attempt,
    status: 'recovered',
    payment_id: payment.payment_id,
  })
  recordEvent(tx, { type: 'dunning.recovered', payloadType: 'DunningAttempt', resourceId: dues.dunning_id })
}

/** The time to pay is over. */
export function endGracePeriod(tx: Transaction, { subscription, state }: StoredSubscription): void {
  keepAndTell(
    tx,
    { subscription: { ...subscription, status: 'on_hold' }, state: { ...state, past_due_ends_at: null } },
    'on_hold',
  )
}
