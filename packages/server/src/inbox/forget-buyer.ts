import type { Transaction } from '../database/database.ts'
import { formatId, type Mode } from '../kernel/ids.ts'
import { blankConsents } from '../orders/consent-queries.ts'
import * as orderQueries from '../orders/queries.ts'
import { blankReasons, lockPaymentsOf } from '../payments/erasing-queries.ts'
import * as queries from './queries.ts'

export interface ForgetBuyer {
  readonly mode: Mode
  readonly customer: string
  /** As it was known: messages that are of no order of ours are found by it. */
  readonly email: string | undefined
}

/**
 * Erases what purchases say of a person: the link to the customer at the provider, where they gave consents, why they were refunded, disputed or dismissed, and the bodies of the
 * provider's messages, which carry names and addresses. One that is still to be processed keeps its body until then (`processMessage`). Orders name nobody and stay. Safe to repeat.
 */
export async function forgetBuyer(tx: Transaction, { mode, customer, email }: ForgetBuyer): Promise<void> {
  const orders = await orderQueries.listOrderIds(tx, { mode, customer })
  const links = await orderQueries.listProviderCustomerIds(tx, { mode, customer })
  // Before all else that settling a payment may change, as settling does.
  const payments = await lockPaymentsOf(tx, { mode, customer, providerCustomerIds: links })
  await blankReasons(tx, payments)
  await blankConsents(tx, { mode, customer })
  await orderQueries.deleteProviderCustomers(tx, { mode, customer })
  await queries.blankMessages(tx, {
    orderIds: orders.map((order) => order.id),
    texts: [
      ...(email === undefined ? [] : [email]),
      ...links,
      ...orders.flatMap(({ id, paymentId, sessionId }) => [
        formatId('order', id),
        ...(paymentId === undefined ? [] : [paymentId]),
        ...(sessionId === undefined ? [] : [sessionId]),
      ]),
      ...payments.map(({ paymentId }) => paymentId),
    ],
  })
}
