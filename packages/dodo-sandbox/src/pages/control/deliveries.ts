import { html } from 'hono/html'
import type { Delivery, DeliveryAttempt } from '../../webhooks/delivery.ts'
import type { Html } from '../layout.ts'
import { actionButton, facts, pill, section, when } from '../parts.ts'

export function deliveriesSection(deliveries: readonly Delivery[], links: Html): Html {
  return section(
    'deliveries',
    'Webhook deliveries',
    'None yet. A payment makes the first.',
    deliveries.map(delivery),
    links,
  )
}

function delivery(item: Delivery): Html {
  const tries = item.attempts.length === 1 ? '1 attempt' : `${item.attempts.length} attempts`
  return html`<li><details>
<summary>${pill(item.state)} <strong>${item.event_type}</strong> <code>${item.resource_id}</code> <span class="aside">${item.is_test ? 'test · ' : ''}${tries} · ${when(item.occurred_at)}</span></summary>
<div class="detail">
${facts([
  ['webhook-id', html`<code>${item.webhook_id}</code>`],
  ['To', html`<code>${item.endpoint_url}</code>`],
  ['Next attempt', item.next_attempt_at === null ? null : when(item.next_attempt_at)],
])}
${actionButton(`deliveries/${item.delivery_id}/resend`, item.attempts.length === 0 ? 'Send now' : 'Send again')}
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
