import { html } from 'hono/html'
import type { CheckoutSession } from '../checkouts/session.ts'
import { formatMoney } from '../kernel/money.ts'
import type { Payment } from '../payments/payment.ts'
import { type CheckoutDisplay, type Layout, pathPrefix, ribbon } from './layout.ts'
import { closeButton } from './notice-page.ts'

export interface ChallengePage {
  session: CheckoutSession
  payment: Payment
  display: CheckoutDisplay
  manualRedirect: boolean
}

/** The customer's bank asks. It stands where a real bank's page would. */
export function challengePage({ session, payment, display, manualRedirect }: ChallengePage): Layout {
  const query = manualRedirect ? '?manualRedirect=true' : ''
  const dialog =
    display === 'overlay' ? html`role="dialog" aria-modal="true" aria-labelledby="dialog-title"` : ''
  const body = html`<main class="notice-wrap" id="checkout" data-display="${display}" data-manual-redirect="${String(manualRedirect)}">
<div class="card notice" ${dialog}>
<div class="bar">${ribbon()}${display === 'overlay' ? closeButton() : ''}</div>
<form class="notice-body" id="challenge-form" method="post" action="${pathPrefix(display)}/session/${session.session_id}/challenge${query}">
<p class="eyebrow">3-D Secure</p>
<h1 id="dialog-title">Your bank asks: is this you?</h1>
<p>${formatMoney(payment.total_amount, payment.currency)} with the card that ends in ${payment.card_last_four ?? '····'}.</p>
<div class="alert" id="form-error" role="alert" hidden></div>
<button class="button" type="submit" name="decision" value="approve">Approve</button>
<button class="button-quiet" type="submit" name="decision" value="fail">Fail the authentication</button>
<button class="button-quiet" type="submit" name="decision" value="close">Close without answering</button>
<p class="fine" aria-live="polite" id="form-status">This stands in for the bank’s page. No bank is asked.</p>
</form>
</div>
</main>`
  return { title: 'Your bank asks · Local Dodo', body, display, theme: session.theme, script: true }
}
