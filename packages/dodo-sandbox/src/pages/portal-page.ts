import { html } from 'hono/html'
import type { Customer } from '../customers/customer.ts'
import { formatMoney } from '../kernel/money.ts'
import type { Payment } from '../payments/payment.ts'
import type { PortalSession } from '../portal/queries.ts'
import { type Html, type Layout, ribbon } from './layout.ts'
import { day, pill, section } from './parts.ts'

export interface PortalPage {
  session: PortalSession
  customer: Customer
  payments: Payment[]
}

/** What the customer of a portal link sees. */
export function portalPage(page: PortalPage): Layout {
  const { session, customer } = page
  const body = html`<main>
${ribbon()}
<div class="control portal">
<header>
${session.return_url === null ? '' : html`<a class="back" href="${session.return_url}"><span aria-hidden="true">←</span> Back to the shop</a>`}
<h1>Your purchases</h1>
<p>${customer.name} · ${customer.email}</p>
</header>
${section('payments', 'Payments', 'Nothing was bought yet.', page.payments.map(payment))}
</div>
</main>`
  return { title: 'Your purchases · Local Dodo', body, display: 'control' }
}

function payment(item: Payment): Html {
  return html`<li><div class="row">${pill(item.status)} <strong>${formatMoney(item.total_amount, item.currency)}</strong> <span>${day(item.created_at)}</span> <span class="aside"><code>${item.payment_id}</code></span></div></li>`
}
