import { html } from 'hono/html'
import type { FieldErrors, PaymentForm } from '../checkouts/pay-session.ts'
import type { Prefill } from '../checkouts/prefill.ts'
import type { CheckoutSession } from '../checkouts/session.ts'
import { countryCodes, countryName } from '../kernel/countries.ts'
import { formatMoney } from '../kernel/money.ts'
import { testCards } from '../payments/test-cards.ts'
import { type Html, type Layout, ribbon } from './layout.ts'
import { closeButton } from './notice-page.ts'

export interface CheckoutPage {
  session: CheckoutSession
  prefill: Prefill
  display: 'full' | 'overlay'
  /** The token that makes a repeated submit the same attempt. */
  attempt: string
  manualRedirect: boolean
  payButtonText: string | null
  error?: string | undefined
  fields?: FieldErrors
  /** What the customer had typed; card details are never sent back. */
  typed?: Pick<PaymentForm, 'email' | 'name' | 'country'>
}

/** The hosted checkout: what is bought, and the form that pays it. */
export function checkoutPage(page: CheckoutPage): Layout {
  const { session, display } = page
  const { cart } = session
  const total = formatMoney(cart.total, cart.currency)
  // The amounts that the page announces to the shop that frames it, under the names of Dodo's protocol.
  const breakdown = {
    subTotal: cart.subtotal,
    discount: 0,
    tax: cart.tax,
    total: cart.total,
    currency: cart.currency,
    finalTotal: cart.total,
    finalTotalCurrency: cart.currency,
  }
  const dialog =
    display === 'overlay' ? html`role="dialog" aria-modal="true" aria-labelledby="dialog-title"` : ''
  const body = html`<main class="checkout-wrap" id="checkout" data-display="${display}" data-breakdown="${JSON.stringify(breakdown)}" data-manual-redirect="${String(page.manualRedirect)}">
<div class="card checkout" ${dialog}>
<div class="bar">${ribbon()}${display === 'overlay' ? closeButton() : ''}</div>
<div class="columns">
${summary(session, display, total)}
<section class="pay" aria-label="Payment">
${form(page, total)}
</section>
</div>
</div>
${display === 'full' ? html`<p class="foot">This page stands in for Dodo Payments during development.</p>` : ''}
</main>`
  return { title: `Pay ${total} · Local Dodo`, body, display, theme: session.theme, script: true }
}

function summary(session: CheckoutSession, display: CheckoutPage['display'], total: string): Html {
  const { cart } = session
  const money = (amount: number) => formatMoney(amount, cart.currency)
  return html`<section class="summary" aria-labelledby="dialog-title">
${
  session.cancel_url !== null && display === 'full'
    ? html`<a class="back" href="${session.cancel_url}"><span aria-hidden="true">←</span> Back to the shop</a>`
    : ''
}
<p class="eyebrow">Your order</p>
<h1 id="dialog-title">${total}</h1>
<ul class="lines">
${cart.lines.map(
  (line) => html`<li>
<span class="line-name">${line.name}${line.quantity > 1 ? html` <span class="quantity">× ${line.quantity}</span>` : ''}</span>
<span class="line-amount">${money(line.amount)}</span>
${line.description ? html`<span class="line-note">${line.description}</span>` : ''}
${line.quantity > 1 ? html`<span class="line-note">${money(line.unit_amount)} each</span>` : ''}
</li>`,
)}
</ul>
<dl class="totals">
<div><dt>Subtotal</dt><dd>${money(cart.subtotal)}</dd></div>
<div><dt>Tax</dt><dd>${money(cart.tax)}</dd></div>
<div class="total"><dt>Total</dt><dd>${total}</dd></div>
</dl>
</section>`
}

function form(page: CheckoutPage, total: string): Html {
  const { session, prefill, display, typed, fields = {} } = page
  const prefix = display === 'overlay' ? '/overlay' : ''
  const country = typed?.country ?? prefill.country
  return html`<form method="post" action="${prefix}/session/${session.session_id}${page.manualRedirect ? '?manualRedirect=true' : ''}" novalidate data-total="${total}">
<input type="hidden" name="attempt" value="${page.attempt}">
<fieldset>
<legend>Contact</legend>
${field({ name: 'email', label: 'E-mail', type: 'email', autocomplete: 'email', value: prefill.emailLocked ? prefill.email : (typed?.email ?? prefill.email), locked: prefill.emailLocked, error: fields.email, placeholder: 'ada@example.com' })}
${field({ name: 'name', label: 'Name', type: 'text', autocomplete: 'name', value: prefill.nameLocked ? prefill.name : (typed?.name ?? prefill.name), locked: prefill.nameLocked, error: fields.name, placeholder: 'Ada Lovelace' })}
<div class="field">
<label for="country">Country</label>
<select id="country" name="country" autocomplete="country" ${described('country', fields.country)}>
${countryOptions(country)}
</select>
${fieldError('country', fields.country)}
</div>
</fieldset>
<fieldset>
<legend>Card</legend>
<div class="alert" id="form-error" role="alert" ${page.error ? '' : 'hidden'}>${page.error ?? ''}</div>
${field({ name: 'card_number', label: 'Card number', type: 'text', autocomplete: 'cc-number', inputmode: 'numeric', value: '', error: fields.card_number, placeholder: '4242 4242 4242 4242', maxlength: 23 })}
<div class="pair">
${field({ name: 'expiry', label: 'Expiry', type: 'text', autocomplete: 'cc-exp', inputmode: 'numeric', value: '', error: fields.expiry, placeholder: 'MM / YY', maxlength: 9 })}
${field({ name: 'cvc', label: 'CVC', type: 'text', autocomplete: 'cc-csc', inputmode: 'numeric', value: '', error: fields.cvc, placeholder: '123', maxlength: 4 })}
</div>
${testCardHelp()}
</fieldset>
<button class="button pay-button" type="submit"><span class="spinner" aria-hidden="true"></span><span data-label>${page.payButtonText ?? session.pay_button_text ?? `Pay ${total}`}</span></button>
<p class="fine" aria-live="polite" id="form-status">A test payment. No card is charged.</p>
</form>`
}

interface Field {
  name: keyof PaymentForm
  label: string
  type: 'email' | 'text'
  autocomplete: string
  inputmode?: 'numeric'
  value: string
  locked?: boolean
  error?: string | undefined
  placeholder: string
  maxlength?: number
}

function field(input: Field): Html {
  return html`<div class="field">
<label for="${input.name}">${input.label}</label>
<input id="${input.name}" name="${input.name}" type="${input.type}" autocomplete="${input.autocomplete}" inputmode="${input.inputmode ?? (input.type === 'email' ? 'email' : 'text')}" placeholder="${input.placeholder}" value="${input.value}" required maxlength="${input.maxlength ?? 254}" ${input.locked ? 'readonly' : ''} ${described(input.name, input.error)}>
${fieldError(input.name, input.error)}
</div>`
}

function described(name: string, error: string | undefined): Html {
  return html`aria-describedby="${name}-error" aria-invalid="${error ? 'true' : 'false'}"`
}

function fieldError(name: string, error: string | undefined): Html {
  return html`<p class="field-error" id="${name}-error" ${error ? '' : 'hidden'}>${error ?? ''}</p>`
}

const countriesByName = countryCodes
  .map((code) => ({ code, name: countryName(code) }))
  .toSorted((one, other) => one.name.localeCompare(other.name, 'en'))

function countryOptions(chosen: string): Html[] {
  return countriesByName.map(
    ({ code, name }) => html`<option value="${code}" ${code === chosen ? 'selected' : ''}>${name}</option>`,
  )
}

function testCardHelp(): Html {
  return html`<details class="test-cards">
<summary>Test cards</summary>
<ul>
${testCards.map(
  (
    card,
  ) => html`<li><button type="button" data-fill="${card.number}" data-expiry="${card.number.endsWith('0341') ? '12 / 34' : '06 / 32'}">
<span class="number">${card.number.replaceAll(/(\d{4})(?=\d)/g, '$1 ')}</span>
<span class="outcome outcome-${card.outcome.status}">${card.label}</span>
</button></li>`,
)}
</ul>
<p>Any date to come and any security code go with them.</p>
</details>`
}
