import { html } from 'hono/html'
import type { WebhookEndpoint } from '../../webhooks/endpoint.ts'
import { eventTypes } from '../../webhooks/event-types.ts'
import type { Html } from '../layout.ts'
import { actionButton, actionForm, options, pill } from '../parts.ts'

export interface Connection {
  origin: string
  apiKey: string
  /** Of the oldest endpoint; `undefined` when there is none. */
  webhookSecret: string | undefined
  endpoints: readonly WebhookEndpoint[]
}

export function connectSection({ origin, apiKey, webhookSecret, endpoints }: Connection): Html {
  return html`<section id="connect" aria-labelledby="connect-title">
<h2 id="connect-title">Connect</h2>
<p>The official SDK reads these. Leave its <code>environment</code> option unset.</p>
<pre>DODO_PAYMENTS_BASE_URL=${origin}</pre>
<details class="keys">
<summary>Show the keys</summary>
<pre>DODO_PAYMENTS_API_KEY=${apiKey}${webhookSecret === undefined ? '' : `\nDODO_PAYMENTS_WEBHOOK_KEY=${webhookSecret}`}</pre>
</details>
<h3>Webhook endpoints</h3>
${endpoints.length === 0 ? html`<p class="empty">None. Give one at start-up, or make one with webhooks.create().</p>` : html`<ul class="items">${endpoints.map(endpoint)}</ul>`}
</section>`
}

function endpoint({ id, url, disabled, filter_types, rate_limit }: WebhookEndpoint): Html {
  const limits = [
    filter_types === null || filter_types.length === 0 ? 'every event' : filter_types.join(', '),
    rate_limit === null ? '' : `${rate_limit} a second`,
  ]
  return html`<li><details>
<summary>${pill(disabled ? 'disabled' : 'enabled')} <code>${url}</code> <span class="aside">${limits.filter(Boolean).join(' · ')}</span></summary>
<div class="detail">
<p><code>${id}</code></p>
<div class="actions">
${actionForm(`webhooks/${id}/test`, html`<label>Event <select name="event_type">${options(eventTypes, 'payment.succeeded')}</select></label>`, 'Send a test')}
${actionButton(`webhooks/${id}/rotate-secret`, 'Rotate the secret')}
${actionButton(`webhooks/${id}/${disabled ? 'enable' : 'disable'}`, disabled ? 'Enable' : 'Disable')}
</div>
</div>
</details></li>`
}
