import { listSessions } from '../../checkouts/queries.ts'
import { listBalances } from '../../credit-entitlements/balance-queries.ts'
import { listEntitlements } from '../../credit-entitlements/queries.ts'
import { findCustomer, listCustomers } from '../../customers/queries.ts'
import { countInjectedByKind, listRules } from '../../faults/queries.ts'
import { listPayments } from '../../payments/queries.ts'
import { listProducts } from '../../products/queries.ts'
import type { Transaction } from '../../store/store.ts'
import { listSubscriptions } from '../../subscriptions/queries.ts'
import { findFirstSecret, listDeliveries, listEndpoints } from '../../webhooks/queries.ts'
import type { ControlPage } from './control-page.ts'
import type { ShownBalance } from './credits.ts'

// Enough to find what just happened; older things are in the API.
const shownMax = 25

/** What the control page shows, but for the clock and where the sandbox listens. */
export function loadControlPage(tx: Transaction) {
  const page = { page_number: 0, page_size: shownMax }
  return {
    faults: { rules: listRules(tx), injected: countInjectedByKind(tx) },
    sessions: listSessions(tx, shownMax),
    payments: listPayments(tx, page),
    subscriptions: listSubscriptions(tx, page),
    balances: balancesShown(tx),
    customers: listCustomers(tx, page),
    products: listProducts(tx, { ...page, archived: false }),
    archivedProducts: listProducts(tx, { ...page, archived: true }),
    deliveries: listDeliveries(tx, { limit: shownMax }),
    connection: {
      webhookSecret: findFirstSecret(tx),
      endpoints: listEndpoints(tx, undefined, shownMax),
    },
  } satisfies Omit<ControlPage, 'clock' | 'connection'> & { connection: Partial<ControlPage['connection']> }
}

function balancesShown(tx: Transaction): ShownBalance[] {
  const page = { page_number: 0, page_size: shownMax }
  return listEntitlements(tx, { ...page, deleted: false })
    .flatMap((entitlement) =>
      listBalances(tx, { ...page, entitlementId: entitlement.id }).map((balance) => ({
        balance,
        entitlement,
        customer: findCustomer(tx, balance.customer_id),
      })),
    )
    .filter((shown): shown is ShownBalance => shown.customer !== undefined)
    .slice(0, shownMax)
}
