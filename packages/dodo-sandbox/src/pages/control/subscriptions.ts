import { html } from 'hono/html'
import { formatMoney } from '../../kernel/money.ts'
import { hasEnded, type StoredSubscription, type Subscription } from '../../subscriptions/subscription.ts'
import type { Html } from '../layout.ts'
import { actionButton, actionForm, day, facts, frequency, pill, section, when } from '../parts.ts'

export function subscriptionsSection(subscriptions: readonly StoredSubscription[], links: Html): Html {
  return section(
    'subscriptions',
    'Subscriptions',
    'None yet. A checkout of a product that is charged again and again starts one.',
    subscriptions.map(subscriptionItem),
    links,
  )
}

function subscriptionItem({ subscription, state }: StoredSubscription): Html {
  const { subscription_id: id, customer, currency } = subscription
  const amount = formatMoney(subscription.recurring_pre_tax_amount, currency)
  const retryAt = state.dues?.next_retry_at ?? null
  const every = frequency(subscription.payment_frequency_count, subscription.payment_frequency_interval)
  return html`<li><details>
<summary>${pill(subscription.status)} <strong>${state.plan.name}</strong> <span>${subscription.on_demand ? 'on demand' : `${amount} ${every}`}</span> <code>${id}</code> <span>${customer.email}</span> <span class="aside">${hasEnded(subscription) ? 'ended' : html`next ${day(subscription.next_billing_date)}`}</span></summary>
<div class="detail">
${facts([
  ['Customer', html`${customer.name} <code>${customer.customer_id}</code>`],
  ['Product', html`<code>${subscription.product_id}</code>`],
  ['Charged last', when(subscription.previous_billing_date)],
  ['Charged next', hasEnded(subscription) ? null : when(subscription.next_billing_date)],
  ['Ends', subscription.cancel_at_next_billing_date ? 'at the next billing date' : null],
  ['Retried next', retryAt === null ? null : when(retryAt)],
  [
    'Card',
    subscription.payment_method_id === null ? null : html`<code>${subscription.payment_method_id}</code>`,
  ],
])}
<div class="actions">${actionsOf(subscription)}</div>
</div>
</details></li>`
}

function actionsOf(subscription: Subscription): Html {
  const { subscription_id: id, status, currency } = subscription
  const act = (label: string, what: string) => actionButton(`subscriptions/${id}/${what}`, label)
  if (hasEnded(subscription)) return html``
  return html`${subscription.on_demand && status === 'active' ? actionForm(`subscriptions/${id}/charge`, html`<label>Amount in ${currency} <input name="amount" inputmode="decimal" required></label>`, 'Charge') : ''}
${!subscription.on_demand && status === 'active' ? act('Renew now', 'renew') : ''}
${status === 'active' ? act('Pause', 'pause') : ''}
${status === 'paused' || status === 'on_hold' ? act('Resume', 'resume') : ''}
${subscription.cancel_at_next_billing_date ? act('Do not end it', 'keep') : act('End at the next date', 'end')}
${act('Cancel now', 'cancel')}`
}
