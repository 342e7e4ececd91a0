import type { Walk } from '../provider.ts'
import type { ListedPayment, ProviderDispute, ProviderRefund, ProviderSubscription } from '../told.ts'
import { callDodo, type Dodo } from './call-dodo.ts'
import { subscriptionFrom } from './read-credits.ts'
import { disputeFrom, refundFrom } from './read-money-back.ts'
import { listedFrom } from './read-payment.ts'

// The most that Dodo gives. Without page_number the SDK takes the first page, of index 0, for page 1 and goes on with page 2.
const firstPage = { page_number: 0, page_size: 100 }

/** The walks over Dodo's lists. Rows that cannot be read are left out. */
export function walks(dodo: Dodo) {
  return {
    listPayments: (walk: Walk, providerCustomerId?: string): AsyncIterable<ListedPayment> =>
      readRows(
        dodo,
        (client) =>
          client.payments.list({
            ...firstPage,
            ...window(walk),
            ...(providerCustomerId === undefined ? {} : { customer_id: providerCustomerId }),
          }),
        listedFrom,
      ),
    listRefunds: (walk: Walk): AsyncIterable<ProviderRefund> =>
      readRows(dodo, (client) => client.refunds.list({ ...firstPage, ...window(walk) }), refundFrom),
    listDisputes: (walk: Walk): AsyncIterable<ProviderDispute> =>
      readRows(dodo, (client) => client.disputes.list({ ...firstPage, ...window(walk) }), disputeFrom),
    listSubscriptions: (walk: Walk): AsyncIterable<ProviderSubscription> =>
      readRows(
        dodo,
        (client) => client.subscriptions.list({ ...firstPage, ...window(walk) }),
        subscriptionFrom,
      ),
  }
}

function window({ from, to }: Walk) {
  return {
    created_at_gte: from.toISOString(),
    ...(to === undefined ? {} : { created_at_lte: to.toISOString() }),
  }
}

async function* readRows<Row, Read>(
  dodo: Dodo,
  list: (client: Dodo['client']) => AsyncIterable<Row>,
  read: (row: unknown) => Read | undefined,
): AsyncGenerator<Read> {
  const rows = list(dodo.client)[Symbol.asyncIterator]()
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop
    const next = await callDodo(dodo, () => rows.next())
    if (next.done === true) return
    const row = read(next.value)
    if (row !== undefined) yield row
  }
}
