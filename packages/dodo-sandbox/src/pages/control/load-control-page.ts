import { listSessions } from '../../checkouts/queries.ts'
import type { CreditBalance } from '../../credit-entitlements/balance.ts'
import { listBalancesOfAll } from '../../credit-entitlements/balance-queries.ts'
import { findEntitlement } from '../../credit-entitlements/queries.ts'
import { findCustomer, listCustomers } from '../../customers/queries.ts'
import { countInjectedByKind, listRules } from '../../faults/queries.ts'
import type { Page } from '../../http/parse.ts'
import { listPayments } from '../../payments/queries.ts'
import { listProducts } from '../../products/queries.ts'
import type { Transaction } from '../../store/store.ts'
import { listSubscriptions } from '../../subscriptions/queries.ts'
import { findFirstSecret, listDeliveries, listEndpoints } from '../../webhooks/queries.ts'
import type { ControlPage } from './control-page.ts'
import type { ShownBalance } from './credits.ts'
import type { PagedPart, Pages } from './paging.ts'

// Enough to find what just happened; what is older is on the next pages.
const pageSize = 25

// One shop has a few.
const endpointsMax = 100

/** What the control page shows, but for the clock and where the sandbox listens. */
export function loadControlPage(tx: Transaction, pages: Pages) {
  const older = new Set<PagedPart>()

  /** A part's page, and whether another follows. */
  function pageOf<Item>(part: PagedPart, list: (page: Page) => readonly Item[]): readonly Item[] {
    const items = list({ page_number: pages[part] - 1, page_size: pageSize })
    const isFull = items.length === pageSize
    if (isFull && list({ page_number: pages[part] * pageSize, page_size: 1 }).length > 0) older.add(part)
    return items
  }

  return {
    pages,
    older,
    faults: { rules: listRules(tx), injected: countInjectedByKind(tx) },
    sessions: pageOf('sessions', (page) => listSessions(tx, page)),
    payments: pageOf('payments', (page) => listPayments(tx, page)),
    subscriptions: pageOf('subscriptions', (page) => listSubscriptions(tx, page)),
    balances: pageOf('credits', (page) => listBalancesOfAll(tx, page)).flatMap((balance) =>
      shownBalance(tx, balance),
    ),
    customers: pageOf('customers', (page) => listCustomers(tx, page)),
    products: pageOf('products', (page) => listProducts(tx, { ...page, archived: false })),
    archivedProducts: pageOf('products', (page) => listProducts(tx, { ...page, archived: true })),
    deliveries: pageOf('deliveries', ({ page_number, page_size }) =>
      listDeliveries(tx, { limit: page_size, offset: page_number * page_size }),
    ),
    connection: {
      webhookSecret: findFirstSecret(tx),
      endpoints: listEndpoints(tx, undefined, endpointsMax),
    },
  } satisfies Omit<ControlPage, 'clock' | 'connection'> & { connection: Partial<ControlPage['connection']> }
}

function shownBalance(tx: Transaction, balance: CreditBalance): ShownBalance[] {
  const customer = findCustomer(tx, balance.customer_id)
  const entitlement = findEntitlement(tx, balance.credit_entitlement_id)
  return customer === undefined || entitlement === undefined ? [] : [{ balance, entitlement, customer }]
}
