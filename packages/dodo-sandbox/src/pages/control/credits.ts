import { html } from 'hono/html'
import type { CreditBalance } from '../../credit-entitlements/balance.ts'
import type { CreditEntitlement } from '../../credit-entitlements/credit-entitlement.ts'
import type { Customer } from '../../customers/customer.ts'
import type { Html } from '../layout.ts'
import { actionForm, section } from '../parts.ts'

export interface ShownBalance {
  balance: CreditBalance
  entitlement: CreditEntitlement
  customer: Customer
}

export function creditsSection(balances: readonly ShownBalance[], links: Html): Html {
  return section(
    'credits',
    'Credit balances',
    'None yet. A product with a credit entitlement attached grants credits when it is bought.',
    balances.map(shownBalance),
    links,
  )
}

function shownBalance({ balance, entitlement, customer }: ShownBalance): Html {
  const change = `credits/${entitlement.id}/${customer.customer_id}`
  const amount = html`<label>Amount <input name="amount" inputmode="decimal" required></label>`
  return html`<li><details>
<summary><strong>${balance.balance} ${entitlement.unit}</strong> <span>${entitlement.name}</span> ${balance.overage === '0' ? '' : html`<span>${balance.overage} over</span>`} <span class="aside">${customer.email}</span></summary>
<div class="detail"><div class="actions">
${actionForm(`${change}/grant`, amount, 'Grant')}
${actionForm(`${change}/use`, amount, 'Use')}
</div></div>
</details></li>`
}
