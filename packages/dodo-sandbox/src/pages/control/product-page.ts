import { html } from 'hono/html'
import { decimalFromAmount } from '../../kernel/money.ts'
import type { Product } from '../../products/product.ts'
import { taxCategories } from '../../products/product.ts'
import { type Html, type Layout, ribbon } from '../layout.ts'
import { actionPath, options } from '../parts.ts'

/** What the form of a new product offers as its price. */
export const priceKinds = { one_time: 'once', Month: 'every month', Year: 'every year' } as const

/** The form of a product: a new one, or one that is there. */
export function productPage(product: Product | undefined): Layout {
  const title = product === undefined ? 'New product' : product.name
  const body = html`<main>
${ribbon()}
<div class="control">
<header>
<a class="back" href="/#products"><span aria-hidden="true">←</span> Back</a>
<h1>${title}</h1>
${product === undefined ? '' : html`<p><code>${product.product_id}</code></p>`}
</header>
<form class="sheet" method="post" action="${actionPath}/products${product === undefined ? '' : `/${product.product_id}`}">
${input('Name', html`<input name="name" value="${product?.name ?? ''}" required maxlength="255">`)}
${input('Description', html`<input name="description" value="${product?.description ?? ''}" maxlength="10000">`)}
${product === undefined ? newPrice() : knownPrice(product)}
${input('Tax category', html`<select name="tax_category">${options(taxCategories, product?.tax_category ?? 'saas')}</select>`)}
<button class="button" type="submit">${product === undefined ? 'Create' : 'Save'}</button>
</form>
</div>
</main>`
  return { title: `${title} · Local Dodo`, body, display: 'control' }
}

function newPrice(): Html {
  return html`<div class="pair">
${input('Price', html`<input name="price" inputmode="decimal" placeholder="40.00" required>`)}
${input('Currency', html`<input name="currency" value="USD" maxlength="3" required>`)}
</div>
${input('Charged', html`<select name="kind">${Object.entries(priceKinds).map(([kind, label]) => html`<option value="${kind}">${label}</option>`)}</select>`)}`
}

/** The currency and the kind of price of a product that may have been sold stay as they are. */
function knownPrice({ price }: Product): Html {
  const amount = price.type === 'usage_based_price' ? price.fixed_price : price.price
  return input(
    `Price in ${price.currency}`,
    html`<input name="price" inputmode="decimal" value="${decimalFromAmount(amount, price.currency)}" required>`,
  )
}

function input(label: string, control: Html): Html {
  return html`<label class="field">${label} ${control}</label>`
}
