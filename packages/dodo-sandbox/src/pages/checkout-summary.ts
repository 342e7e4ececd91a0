import { html } from 'hono/html'
import { totalSeen } from '../checkouts/pay-session.ts'
import { formatMoney } from '../kernel/money.ts'
import type { Quote, QuoteLine } from '../pricing/price.ts'
import type { Html } from './layout.ts'

export interface ShownQuote {
  quote: Quote
  /** The currencies that the customer may choose from; none or one is no choice. */
  currencies: readonly string[]
}

/** What is bought and what it costs. The page's script puts a new one in its place when the price changes. */
export function quoteSummary({ quote, currencies }: ShownQuote): Html {
  const money = (amount: number) => formatMoney(amount, quote.currency)
  return html`<div id="quote">
<p class="eyebrow">Your order</p>
<h1 id="dialog-title">${money(quote.total)}</h1>
<ul class="lines">
${quote.lines.map((line) => orderLine(line, money))}
</ul>
<dl class="totals">
<div><dt>Subtotal</dt><dd>${money(quote.subtotal)}</dd></div>
${quote.discount > 0 ? html`<div><dt>Discount${codesOf(quote)}</dt><dd>${money(-quote.discount)}</dd></div>` : ''}
<div><dt>${taxLabel(quote)}</dt><dd>${money(quote.tax)}</dd></div>
<div class="total"><dt>Total</dt><dd>${money(quote.total)}</dd></div>
</dl>
${currencies.length > 1 ? currencyChoice(quote.currency, currencies) : ''}
<input type="hidden" name="total_seen" form="pay-form" value="${totalSeen(quote)}">
</div>`
}

function orderLine(line: QuoteLine, money: (amount: number) => string): Html {
  return html`<li>
<span class="line-name">${line.name}${line.quantity > 1 ? html` <span class="quantity">× ${line.quantity}</span>` : ''}</span>
<span class="line-amount">${money(line.unit_amount * line.quantity)}</span>
${line.description ? html`<span class="line-note">${line.description}</span>` : ''}
${line.quantity > 1 ? html`<span class="line-note">${money(line.unit_amount)} each</span>` : ''}
</li>`
}

function codesOf(quote: Quote): string {
  return ` (${quote.discounts.map(({ code }) => code).join(', ')})`
}

function taxLabel(quote: Quote): string {
  const [line] = quote.lines
  if (!line || line.tax_rate_bps === 0) return 'Tax'
  return `Tax (${line.tax_rate_bps / 100} %${quote.lines.every(({ tax_inclusive }) => tax_inclusive) ? ', included' : ''})`
}

function currencyChoice(chosen: string, currencies: readonly string[]): Html {
  return html`<div class="field">
<label for="currency">Currency</label>
<select id="currency" name="currency" form="pay-form">
${currencies.map((code) => html`<option value="${code}" ${code === chosen ? 'selected' : ''}>${code}</option>`)}
</select>
</div>`
}

/** The amounts that the page announces to the shop that frames it, under the names of Dodo's protocol. */
export function breakdownOf(quote: Quote) {
  return {
    subTotal: quote.subtotal,
    discount: quote.discount,
    tax: quote.tax,
    total: quote.total,
    currency: quote.currency,
    finalTotal: quote.total,
    finalTotalCurrency: quote.currency,
  }
}
