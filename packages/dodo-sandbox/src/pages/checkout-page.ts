import { html } from 'hono/html'
import { type FieldErrors, type PaymentForm, takesDiscountCode } from '../checkouts/payment-form.ts'
import type { Prefill } from '../checkouts/prefill.ts'
import { type CheckoutSession, needsCard } from '../checkouts/session.ts'
import { countryCodes, countryName } from '../kernel/countries.ts'
import { formatMoney } from '../kernel/money.ts'
import type { PaymentMethod } from '../payment-methods/payment-method.ts'
import { testCards } from '../payments/test-cards.ts'
import { breakdownOf, quoteSummary, type ShownQuote } from './checkout-summary.ts'
import { described, field, fieldError } from './form-fields.ts'
import { type CheckoutDisplay, type Html, type Layout, pathPrefix, ribbon } from './layout.ts'
import { closeButton } from './notice-page.ts'

export interface CheckoutPage extends ShownQuote {
  session: CheckoutSession
  prefill: Prefill
  display: CheckoutDisplay
  /** The cards to choose from instead of typing one. */
  savedCards: readonly PaymentMethod[]
  /** The token that makes a repeated submit the same attempt. */
  attempt: string
  manualRedirect: boolean
  payButtonText: string | null
  error?: string | undefined
  fields?: FieldErrors
  /** What the customer had typed; card details are never sent back. */
  typed?: Pick<PaymentForm, 'email' | 'name' | 'country' | 'discount_code'> | undefined
}

/** The hosted checkout: what is bought, and the form that pays it. */
export function checkoutPage(page: CheckoutPage): Layout {
  const { session, display, quote } = page
  const dialog =
    display === 'overlay' ? html`role="dialog" aria-modal="true" aria-labelledby="dialog-title"` : ''
  const body = html`<main class="checkout-wrap" id="checkout" data-display="${display}" data-breakdown="${JSON.stringify(breakdownOf(quote))}" data-manual-redirect="${String(page.manualRedirect)}">
<div class="card checkout" ${dialog}>
<div class="bar">${ribbon()}${display === 'overlay' ? closeButton() : ''}</div>
<div class="columns">
${summary(page)}
<section class="pay" aria-label="Payment">
${form(page)}
</section>
</div>
</div>
${display === 'full' ? html`<p class="foot">This page stands in for Dodo Payments during development.</p>` : ''}
</main>`
  const total = formatMoney(quote.total, quote.currency)
  return { title: `Pay ${total} · Local Dodo`, body, display, theme: session.theme, script: true }
}

function summary(page: CheckoutPage): Html {
  const { session, display } = page
  return html`<section class="summary" aria-labelledby="dialog-title">
${
  session.cancel_url !== null && display === 'full'
    ? html`<a class="back" href="${session.cancel_url}"><span aria-hidden="true">←</span> Back to the shop</a>`
    : ''
}
${quoteSummary(page)}
${takesDiscountCode(session) ? discountField(page) : ''}
</section>`
}

function discountField({ typed, fields = {} }: CheckoutPage): Html {
  return html`<div class="discount">
${field({ name: 'discount_code', label: 'Discount code', type: 'text', autocomplete: 'off', value: typed?.discount_code ?? '', optional: true, error: fields.discount_code, placeholder: 'Optional', maxlength: 16 })}
<button type="button" class="button-quiet" data-apply hidden>Apply</button>
</div>`
}

/** What the button says: the session's own words, or what is paid. */
export function payLabel(page: Pick<CheckoutPage, 'payButtonText' | 'session' | 'quote'>): string {
  const { quote, session } = page
  return page.payButtonText ?? session.pay_button_text ?? `Pay ${formatMoney(quote.total, quote.currency)}`
}

function form(page: CheckoutPage): Html {
  const { session, prefill, display, typed, quote, fields = {} } = page
  const country = typed?.country ?? prefill.country
  return html`<form id="pay-form" method="post" action="${pathPrefix(display)}/session/${session.session_id}${page.manualRedirect ? '?manualRedirect=true' : ''}" novalidate>
<input type="hidden" name="attempt" value="${page.attempt}">
<fieldset>
<legend>Contact</legend>
${field({ name: 'email', label: 'E-mail', type: 'email', autocomplete: 'email', value: prefill.emailLocked ? prefill.email : (typed?.email ?? prefill.email), locked: prefill.emailLocked, error: fields.email, placeholder: 'ada@example.com' })}
${field({ name: 'name', label: 'Name', type: 'text', autocomplete: 'name', value: prefill.nameLocked ? prefill.name : (typed?.name ?? prefill.name), locked: prefill.nameLocked, error: fields.name, placeholder: 'Ada Lovelace' })}
<div class="field">
<label for="country">Country</label>
<select id="country" name="country" autocomplete="country" ${described('country', fields.country)}>
${prefill.countryLocked ? html`<option value="${prefill.country}" selected>${countryName(prefill.country)}</option>` : countryOptions(country)}
</select>
${fieldError('country', fields.country)}
</div>
</fieldset>
<div class="alert" id="form-error" role="alert" ${page.error ? '' : 'hidden'}>${page.error ?? ''}</div>
<fieldset id="card-fields" ${needsCard(session, quote.total) ? '' : 'hidden'}>
<legend>Card</legend>
${page.savedCards.length > 0 ? cardChoice(page.savedCards) : ''}
<div id="new-card" ${page.savedCards.length > 0 && !page.fields?.card_number ? 'data-optional' : ''}>
${field({ name: 'card_number', label: 'Card number', type: 'text', autocomplete: 'cc-number', inputmode: 'numeric', value: '', error: fields.card_number, placeholder: '4242 4242 4242 4242', maxlength: 23 })}
<div class="pair">
${field({ name: 'expiry', label: 'Expiry', type: 'text', autocomplete: 'cc-exp', inputmode: 'numeric', value: '', error: fields.expiry, placeholder: 'MM / YY', maxlength: 9 })}
${field({ name: 'cvc', label: 'CVC', type: 'text', autocomplete: 'cc-csc', inputmode: 'numeric', value: '', error: fields.cvc, placeholder: '123', maxlength: 4 })}
</div>
<label class="check"><input type="checkbox" name="save_card" ${session.show_saved_payment_methods ? 'checked' : ''}> Save this card for later purchases</label>
${testCardHelp()}
</div>
</fieldset>
<button class="button pay-button" type="submit"><span class="spinner" aria-hidden="true"></span><span data-label>${payLabel(page)}</span></button>
<p class="fine" aria-live="polite" id="form-status">A test payment. No card is charged.</p>
</form>`
}

/** The last saved is picked; the one typed counts when "Another card" is. */
function cardChoice(cards: readonly PaymentMethod[]): Html {
  return html`<div class="choices" role="radiogroup" aria-label="Saved cards">
${cards.map(
  ({ payment_method_id: id, card }, index) =>
    html`<label class="check"><input type="radio" name="payment_method_id" value="${id}" ${index === 0 ? 'checked' : ''}> ${card.card_network} ending in ${card.last4_digits}, until ${card.expiry_month} / ${card.expiry_year}</label>`,
)}
<label class="check"><input type="radio" name="payment_method_id" value=""> Another card</label>
</div>`
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
