import { html } from 'hono/html'
import type { CheckoutSession } from '../../checkouts/session.ts'
import type { Customer } from '../../customers/customer.ts'
import type { Payment } from '../../payments/payment.ts'
import type { Product } from '../../products/product.ts'
import type { StoredSubscription } from '../../subscriptions/subscription.ts'
import type { Delivery } from '../../webhooks/delivery.ts'
import { type Layout, ribbon } from '../layout.ts'
import { customersSection, productsSection, sessionsSection } from './catalogue.ts'
import { type ClockState, clockSection, type FaultState, faultsSection } from './clock-and-faults.ts'
import { type Connection, connectSection } from './connect.ts'
import { creditsSection, type ShownBalance } from './credits.ts'
import { deliveriesSection } from './deliveries.ts'
import { type PagedPart, type Pages, pageLinks } from './paging.ts'
import { paymentsSection } from './payments.ts'
import { subscriptionsSection } from './subscriptions.ts'

export interface ControlPage {
  pages: Pages
  /** The parts of which there is more than what is shown. */
  older: ReadonlySet<PagedPart>
  connection: Connection
  clock: ClockState
  faults: FaultState
  sessions: readonly CheckoutSession[]
  payments: readonly Payment[]
  subscriptions: readonly StoredSubscription[]
  balances: readonly ShownBalance[]
  customers: readonly Customer[]
  products: readonly Product[]
  archivedProducts: readonly Product[]
  deliveries: readonly Delivery[]
}

/** A part of the page, by its id. */
export type Anchor = keyof typeof parts

const parts = {
  deliveries: 'Deliveries',
  payments: 'Payments',
  subscriptions: 'Subscriptions',
  credits: 'Credits',
  sessions: 'Sessions',
  products: 'Products',
  customers: 'Customers',
  clock: 'Clock',
  faults: 'Faults',
  connect: 'Connect',
}

/** What the sandbox knows, newest first, and what can be done to it: what Dodo's dashboard would be. */
export function controlPage(page: ControlPage): Layout {
  const links = (part: PagedPart) => pageLinks(part, page.pages, page.older.has(part))
  const body = html`<main>
${ribbon()}
<div class="control">
<header>
<h1>Local Dodo</h1>
<p>Dodo Payments on this machine. <a href="/">Refresh</a></p>
<nav aria-label="On this page">
${Object.entries(parts).map(([id, name]) => html`<a href="#${id}">${name}</a> `)}
</nav>
</header>
${deliveriesSection(page.deliveries, links('deliveries'))}
${paymentsSection(page.payments, links('payments'))}
${subscriptionsSection(page.subscriptions, links('subscriptions'))}
${creditsSection(page.balances, links('credits'))}
${sessionsSection(page.sessions, page.clock.now, links('sessions'))}
${productsSection(page.products, page.archivedProducts, links('products'))}
${customersSection(page.customers, links('customers'))}
${clockSection(page.clock)}
${faultsSection(page.faults)}
${connectSection(page.connection)}
</div>
</main>`
  return { title: 'Local Dodo', body, display: 'control' }
}
