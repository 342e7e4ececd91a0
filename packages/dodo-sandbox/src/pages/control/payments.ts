import { html } from 'hono/html'
import { decisionsFor, disputeStages } from '../../disputes/dispute.ts'
import { paymentErrorCodes } from '../../faults/payment-error-codes.ts'
import { formatMoney } from '../../kernel/money.ts'
import type { Payment } from '../../payments/payment.ts'
import type { Html } from '../layout.ts'
import { actionButton, actionForm, facts, options, pill, section, when } from '../parts.ts'

export function paymentsSection(payments: readonly Payment[], links: Html): Html {
  return html`${section(
    'payments',
    'Payments',
    'None yet. Open a checkout and pay with a test card.',
    payments.map(payment),
    links,
  )}
${actionForm(
  'fail-next-payment',
  html`<label>The next card that would be charged <select name="error_code">${options(paymentErrorCodes, 'GENERIC_DECLINE')}</select></label>`,
  'Fail the next payment',
)}`
}

function payment(item: Payment): Html {
  const how =
    item.error_code ??
    (item.card_last_four === null ? 'nothing charged' : `${item.card_network} ${item.card_last_four}`)
  return html`<li><details>
<summary>${pill(item.status)} <strong>${formatMoney(item.total_amount, item.currency)}</strong> <code>${item.payment_id}</code> <span>${item.customer.email}</span> ${item.refund_status === null ? '' : pill(`refunded ${item.refund_status}`)} ${item.disputes.length === 0 ? '' : pill('disputed')} <span class="aside">${how} · ${when(item.created_at)}</span></summary>
<div class="detail">
${facts([
  ['Customer', html`${item.customer.name} <code>${item.customer.customer_id}</code>`],
  ['Tax', formatMoney(item.tax, item.currency)],
  ['Settled as', formatMoney(item.settlement_amount, item.settlement_currency)],
  ['Session', item.checkout_session_id === null ? null : html`<code>${item.checkout_session_id}</code>`],
  ['Subscription', item.subscription_id === null ? null : html`<code>${item.subscription_id}</code>`],
  ['Error', item.error_message],
  [
    'Metadata',
    Object.keys(item.metadata).length === 0 ? null : html`<code>${JSON.stringify(item.metadata)}</code>`,
  ],
])}
${item.refunds.map(
  (
    refund,
  ) => html`<div class="line">${pill(refund.status)} Refund of ${formatMoney(refund.amount, refund.currency)} <code>${refund.refund_id}</code>
${refund.status === 'pending' || refund.status === 'review' ? html`${actionButton(`refunds/${refund.refund_id}/settle`, 'Let it succeed', { outcome: 'succeeded' })} ${actionButton(`refunds/${refund.refund_id}/settle`, 'Let it fail', { outcome: 'failed' })}` : ''}</div>`,
)}
${item.disputes.map(
  (
    dispute,
  ) => html`<div class="line">${pill(dispute.dispute_status.replace('dispute_', ''))} Dispute of ${formatMoney(Number(dispute.amount), dispute.currency)} <code>${dispute.dispute_id}</code>
${decisionsFor(dispute).map((decision) => actionButton(`disputes/${dispute.dispute_id}/decide`, decision === 'resolve_by_rdr' ? 'Resolve by RDR' : capitalised(decision), { decision }))}</div>`,
)}
${item.status === 'succeeded' ? paidActions(item) : ''}
${item.status === 'processing' || item.status === 'requires_customer_action' ? settleActions(item) : ''}
</div>
</details></li>`
}

function paidActions({ payment_id, currency, refund_status }: Payment): Html {
  return html`<div class="actions">
${
  refund_status === 'full'
    ? ''
    : actionForm(
        `payments/${payment_id}/refund`,
        html`<label>Amount in ${currency} <input name="amount" inputmode="decimal" placeholder="all that is left"></label>`,
        'Refund',
      )
}
${actionForm(
  `payments/${payment_id}/dispute`,
  html`<label>Stage <select name="stage">${options(disputeStages, 'dispute')}</select></label>`,
  'Open a dispute',
)}
</div>`
}

function settleActions({ payment_id }: Payment): Html {
  const settle = (label: string, outcome: string) =>
    actionButton(`payments/${payment_id}/settle`, label, { outcome })
  return html`<div class="actions">${settle('Let it succeed', 'succeeded')} ${settle('Let it fail', 'failed')} ${settle('Cancel it', 'cancelled')}</div>`
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
