import { html } from 'hono/html'
import { type CheckoutSession, listPriceOf, sessionState } from '../../checkouts/session.ts'
import type { Customer } from '../../customers/customer.ts'
import { formatMoney } from '../../kernel/money.ts'
import type { Product } from '../../products/product.ts'
import type { Html } from '../layout.ts'
import { actionButton, frequency, pill, section, when } from '../parts.ts'

export function sessionsSection(sessions: readonly CheckoutSession[], now: Date, links: Html): Html {
  return section(
    'sessions',
    'Checkout sessions',
    'None yet. The shop makes one with checkoutSessions.create().',
    sessions.map((session) => sessionItem(session, now)),
    links,
  )
}

function sessionItem(item: CheckoutSession, now: Date): Html {
  const names = item.cart.lines.map((line) =>
    line.quantity === 1 ? line.name : `${line.name} × ${line.quantity}`,
  )
  return html`<li><div class="row">${pill(sessionState(item, now))} <strong>${formatMoney(listPriceOf(item), item.cart.currency)}</strong> <span>${names.join(', ')}</span> <a href="/session/${item.session_id}"><code>${item.session_id}</code></a> <span class="aside">${when(item.created_at)}</span></div></li>`
}

export function productsSection(
  products: readonly Product[],
  archived: readonly Product[],
  links: Html,
): Html {
  return html`${section(
    'products',
    'Products',
    'None yet. Make one here or with products.create().',
    [
      ...products.map((product) => productItem(product, false)),
      ...archived.map((product) => productItem(product, true)),
    ],
    links,
  )}
<p class="actions"><a class="button small" href="/_sandbox/page/products/new">New product</a></p>`
}

function productItem(item: Product, isArchived: boolean): Html {
  const { price } = item
  const amount = price.type === 'usage_based_price' ? price.fixed_price : price.price
  const every =
    price.type === 'one_time_price'
      ? ''
      : ` ${frequency(price.payment_frequency_count, price.payment_frequency_interval)}`
  const credits = item.credit_entitlements.map(
    (credit) => `${credit.credits_amount} ${credit.credit_entitlement_name}`,
  )
  return html`<li><div class="row">${isArchived ? pill('archived') : ''} <strong>${item.name}</strong> <span>${formatMoney(amount, price.currency)}${every}</span> ${credits.length === 0 ? '' : html`<span>${credits.join(', ')}</span>`} <code>${item.product_id}</code>
<span class="aside row-actions"><a href="/_sandbox/page/products/${item.product_id}">Edit</a> ${actionButton(`products/${item.product_id}/${isArchived ? 'unarchive' : 'archive'}`, isArchived ? 'Put back on sale' : 'Archive')}</span></div></li>`
}

export function customersSection(customers: readonly Customer[], links: Html): Html {
  return section('customers', 'Customers', 'None yet. Who pays becomes one.', customers.map(customer), links)
}

function customer(item: Customer): Html {
  return html`<li><div class="row"><strong>${item.name}</strong> <span>${item.email}</span> <code>${item.customer_id}</code> <span class="aside row-actions">${when(item.created_at)} ${actionButton(`customers/${item.customer_id}/portal`, 'Open portal')}</span></div></li>`
}
