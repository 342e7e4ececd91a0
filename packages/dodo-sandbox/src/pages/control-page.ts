import { html } from 'hono/html'
import { type CheckoutSession, listPriceOf, sessionState } from '../checkouts/session.ts'
import type { Customer } from '../customers/customer.ts'
import { formatMoney } from '../kernel/money.ts'
import type { Payment } from '../payments/payment.ts'
import type { Product } from '../products/product.ts'
import type { Delivery, DeliveryAttempt } from '../webhooks/delivery.ts'
import type { WebhookEndpoint } from '../webhooks/endpoint.ts'
import { type Html, type Layout, ribbon } from './layout.ts'
import { pill, section, when } from './parts.ts'

export interface ControlPage {
  origin: string
  apiKey: string
  /** Of the oldest endpoint; `undefined` when there is none. */
  webhookSecret: string | undefined
  now: Date
  sessions: CheckoutSession[]
  payments: Payment[]
  customers: Customer[]
  products: Product[]
  endpoints: WebhookEndpoint[]
  deliveries: Delivery[]
}

/** What the sandbox knows, newest first: a window for the developer, not a dashboard. */
export function controlPage(page: ControlPage): Layout {
  const body = html`<main>
${ribbon()}
<div class="control">
<header>
<h1>Local Dodo</h1>
<p>Dodo Payments on this machine. <a href="/">Refresh</a></p>
<nav aria-label="On this page">
<a href="#deliveries">Deliveries</a> <a href="#payments">Payments</a> <a href="#sessions">Sessions</a> <a href="#products">Products</a> <a href="#customers">Customers</a> <a href="#connect">Connect</a>
</nav>
</header>
${section('deliveries', 'Webhook deliveries', 'None yet. A payment makes the first.', page.deliveries.map(delivery))}
${section('payments', 'Payments', 'None yet. Open a checkout and pay with a test card.', page.payments.map(payment))}
${section(
  'sessions',
  'Checkout sessions',
  'None yet. The shop makes one with checkoutSessions.create().',
  page.sessions.map((session) => sessionItem(session, page.now)),
)}
${section('products', 'Products', 'None yet. The shop makes one with products.create().', page.products.map(product))}
${section('customers', 'Customers', 'None yet.', page.customers.map(customer))}
${connect(page)}
</div>
</main>`
  return { title: 'Local Dodo', body, display: 'control' }
}

function delivery(item: Delivery): Html {
  const tries = item.attempts.length === 1 ? '1 attempt' : `${item.attempts.length} attempts`
  return html`<li><details>
<summary>${pill(item.state)} <strong>${item.event_type}</strong> <code>${item.resource_id}</code> <span class="aside">${tries} · ${when(item.occurred_at)}</span></summary>
<div class="detail">
<dl class="facts">
<div><dt>webhook-id</dt><dd><code>${item.webhook_id}</code></dd></div>
<div><dt>To</dt><dd><code>${item.endpoint_url}</code></dd></div>
${item.next_attempt_at ? html`<div><dt>Next attempt</dt><dd>${when(item.next_attempt_at)}</dd></div>` : ''}
</dl>
<form method="post" action="/_sandbox/deliveries/${item.delivery_id}/resend"><button class="button small" type="submit">Send again</button></form>
${item.attempts.toReversed().map(attempt)}
</div>
</details></li>`
}

function attempt(item: DeliveryAttempt): Html {
  const answer = item.response_status === null ? (item.error ?? 'no answer') : `HTTP ${item.response_status}`
  return html`<article class="attempt">
<h3>Attempt ${item.attempt_number}${item.trigger === 'resend' ? ', sent again by hand' : ''} <span class="aside">${answer} · ${item.duration_ms} ms · ${when(item.attempted_at)}</span></h3>
<h4>Headers</h4>
<pre>${Object.entries(item.request_headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n')}</pre>
<h4>Body</h4>
<pre>${item.body}</pre>
<h4>Response</h4>
<pre>${item.response_body === null || item.response_body === '' ? answer : `${answer}\n\n${item.response_body}`}</pre>
</article>`
}

function payment(item: Payment): Html {
  return html`<li><div class="row">${pill(item.status)} <strong>${formatMoney(item.total_amount, item.currency)}</strong> <code>${item.payment_id}</code> <span>${item.customer.email}</span> <span class="aside">${item.error_code ?? `${item.card_network} ${item.card_last_four}`} · ${when(item.created_at)}</span></div></li>`
}

function sessionItem(item: CheckoutSession, now: Date): Html {
  const names = item.cart.lines.map((line) =>
    line.quantity === 1 ? line.name : `${line.name} × ${line.quantity}`,
  )
  return html`<li><div class="row">${pill(sessionState(item, now))} <strong>${formatMoney(listPriceOf(item), item.cart.currency)}</strong> <span>${names.join(', ')}</span> <a href="/session/${item.session_id}"><code>${item.session_id}</code></a> <span class="aside">${when(item.created_at)}</span></div></li>`
}

function product(item: Product): Html {
  const amount = item.price.type === 'usage_based_price' ? item.price.fixed_price : item.price.price
  return html`<li><div class="row"><strong>${item.name}</strong> <span>${formatMoney(amount, item.price.currency)}</span> <code>${item.product_id}</code> <span class="aside">${when(item.created_at)}</span></div></li>`
}

function customer(item: Customer): Html {
  return html`<li><div class="row"><strong>${item.name}</strong> <span>${item.email}</span> <code>${item.customer_id}</code> <span class="aside">${when(item.created_at)}</span></div></li>`
}

function connect(page: ControlPage): Html {
  const endpoints = page.endpoints.map(
    (endpoint) =>
      html`<li><div class="row">${pill(endpoint.disabled ? 'disabled' : 'enabled')} <code>${endpoint.url}</code> <code>${endpoint.id}</code></div></li>`,
  )
  return html`<section id="connect" aria-labelledby="connect-title">
<h2 id="connect-title">Connect</h2>
<p>The official SDK reads these. Leave its <code>environment</code> option unset.</p>
<pre>DODO_PAYMENTS_BASE_URL=${page.origin}</pre>
<details class="keys">
<summary>Show the keys</summary>
<pre>DODO_PAYMENTS_API_KEY=${page.apiKey}${page.webhookSecret === undefined ? '' : `\nDODO_PAYMENTS_WEBHOOK_KEY=${page.webhookSecret}`}</pre>
</details>
<h3>Webhook endpoints</h3>
${endpoints.length === 0 ? html`<p class="empty">None. Give one at start-up, or make one with webhooks.create().</p>` : html`<ul class="items">${endpoints}</ul>`}
</section>`
}
