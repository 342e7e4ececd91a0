import { html } from 'hono/html'
import type { LedgerEntry } from '../credit-entitlements/balance.ts'
import type { Customer } from '../customers/customer.ts'
import { formatMoney } from '../kernel/money.ts'
import type { PaymentMethod } from '../payment-methods/payment-method.ts'
import type { Payment } from '../payments/payment.ts'
import type { PortalSession } from '../portal/queries.ts'
import { hasEnded, type StoredSubscription, type Subscription } from '../subscriptions/subscription.ts'
import { type Html, type Layout, ribbon } from './layout.ts'
import { day, formButton, frequency, pill, section } from './parts.ts'

/** A kind of credits that the customer has. */
export interface PortalCredits {
  name: string
  unit: string
  balance: string
  overage: string
  ledger: readonly LedgerEntry[]
}

export interface PortalPage {
  session: PortalSession
  customer: Customer
  subscriptions: readonly StoredSubscription[]
  payments: readonly Payment[]
  methods: readonly PaymentMethod[]
  credits: readonly PortalCredits[]
}

/** What the customer of a portal link sees. */
export function portalPage(page: PortalPage): Layout {
  const { session, customer, credits } = page
  const body = html`<main>
${ribbon()}
<div class="control portal">
<header>
${session.return_url === null ? '' : html`<a class="back" href="${session.return_url}"><span aria-hidden="true">←</span> Back to the shop</a>`}
<h1>Your purchases</h1>
<p>${customer.name} · ${customer.email}</p>
</header>
${credits.length === 0 ? '' : section('credits', 'Credits', '', credits.map(creditsItem))}
${
  page.subscriptions.length === 0
    ? ''
    : section(
        'subscriptions',
        'Subscriptions',
        '',
        page.subscriptions.map((stored) => subscription(page, stored)),
      )
}
${section('payments', 'Payments', 'Nothing was bought yet.', page.payments.map(payment))}
${section(
  'cards',
  'Saved cards',
  'None. Tick the box at a checkout to save one.',
  page.methods.map((method) => savedCard(session.token, method)),
)}
</div>
</main>`
  return { title: 'Your purchases · Local Dodo', body, display: 'control' }
}

function creditsItem({ name, unit, balance, overage, ledger }: PortalCredits): Html {
  return html`<li><details>
<summary><strong>${balance} ${unit}</strong> <span>${name}</span> ${overage === '0' ? '' : html`<span>${overage} used beyond it</span>`} <span class="aside">History</span></summary>
<div class="detail"><dl class="facts">
${ledger.map(
  (entry) =>
    html`<div><dt>${day(entry.created_at)} ${entry.description ?? entry.transaction_type.replaceAll('_', ' ')}</dt><dd>${entry.is_credit ? '+' : '−'}${entry.amount} <span class="muted">= ${entry.balance_after}</span></dd></div>`,
)}
</dl></div>
</details></li>`
}

function subscription(
  { session, methods }: PortalPage,
  { subscription: item, state }: StoredSubscription,
): Html {
  const path = `/portal/${session.token}/subscriptions/${item.subscription_id}`
  const amount = formatMoney(item.recurring_pre_tax_amount, item.currency)
  const every = frequency(item.payment_frequency_count, item.payment_frequency_interval)
  return html`<li><div class="row">${pill(item.status)} <strong>${state.plan.name}</strong> <span>${item.on_demand ? 'charged on demand' : `${amount} ${every}`}</span>
<span class="aside">${hasEnded(item) ? '' : html`${item.cancel_at_next_billing_date ? 'ends' : 'next payment'} ${day(item.next_billing_date)}`}</span></div>
${hasEnded(item) || item.status === 'pending' ? '' : html`<div class="row">${subscriptionForms(path, item, methods)}</div>`}</li>`
}

function subscriptionForms(path: string, item: Subscription, methods: readonly PaymentMethod[]): Html {
  return html`<form class="action" method="post" action="${path}/card"><label>Card <select name="payment_method_id">
${methods.map(({ payment_method_id, card }) => html`<option value="${payment_method_id}" ${payment_method_id === item.payment_method_id ? 'selected' : ''}>${card.card_network} ${card.last4_digits}</option>`)}
<option value="">another card</option></select></label><button class="button small quiet" type="submit">Pay with this card</button></form>
${item.cancel_at_next_billing_date ? formButton(`${path}/keep`, 'Keep the subscription') : formButton(`${path}/end`, 'Cancel the subscription')}`
}

function payment(item: Payment): Html {
  return html`<li><div class="row">${pill(item.status)} <strong>${formatMoney(item.total_amount, item.currency)}</strong> <span>${day(item.created_at)}</span> <span class="muted">${item.card_last_four === null ? '' : `${item.card_network} ${item.card_last_four}`}</span>
<span class="aside row-actions">${item.invoice_url === null ? html`<code>${item.payment_id}</code>` : html`<a href="/invoices/payments/${item.payment_id}">Invoice</a>`}</span></div>
${item.refunds.map(
  (refund) =>
    html`<div class="row">${pill(refund.status)} <span>Refund of ${formatMoney(refund.amount, refund.currency)}</span> <span>${day(refund.created_at)}</span> ${refund.status === 'succeeded' ? html`<span class="aside"><a href="/invoices/refunds/${refund.refund_id}">Credit note</a></span>` : ''}</div>`,
)}</li>`
}

function savedCard(token: string, { payment_method_id, card }: PaymentMethod): Html {
  return html`<li><div class="row"><strong>${card.card_network} ${card.last4_digits}</strong> <span>${card.card_holder_name}</span> <span class="muted">${card.expiry_month} / ${card.expiry_year}</span>
<span class="aside">${formButton(`/portal/${token}/cards/${payment_method_id}/remove`, 'Remove')}</span></div></li>`
}
