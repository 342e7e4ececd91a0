import * as customers from '../customers/queries.ts'
import type { Transaction } from '../store/store.ts'
import type { CheckoutSession } from './session.ts'

/** What the form shows before the customer types, and which of it is settled. */
export interface Prefill {
  email: string
  emailLocked: boolean
  name: string
  nameLocked: boolean
  country: string
  countryLocked: boolean
}

/**
 * A known customer's details are settled. Of a new one, a name given with the session is settled, as Dodo documents,
 * and so is an e-mail, unless the session's flags let the customer edit them.
 */
export function prefillOf(tx: Transaction, session: CheckoutSession): Prefill {
  const country = session.billing_address?.country ?? 'US'
  const { customer, flags, confirmed } = session
  if (customer && 'customer_id' in customer) {
    const known = customers.findCustomer(tx, customer.customer_id)
    return {
      email: known?.email ?? '',
      emailLocked: true,
      name: known?.name ?? '',
      nameLocked: true,
      country,
      countryLocked: confirmed,
    }
  }
  const email = customer?.email ?? ''
  const name = customer?.name ?? ''
  return {
    email,
    emailLocked: confirmed || (email !== '' && flags.allow_customer_editing_email !== true),
    name,
    nameLocked: confirmed || (name !== '' && flags.allow_customer_editing_name !== true),
    country,
    countryLocked: confirmed,
  }
}
