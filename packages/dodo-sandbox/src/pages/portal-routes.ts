import { type Context, Hono } from 'hono'
import * as balances from '../credit-entitlements/balance-queries.ts'
import { findEntitlement } from '../credit-entitlements/queries.ts'
import * as customers from '../customers/queries.ts'
import { listPaymentMethods } from '../payment-methods/queries.ts'
import { removePaymentMethod } from '../payment-methods/remove-payment-method.ts'
import { listPayments } from '../payments/queries.ts'
import { findPortalSession, type PortalSession } from '../portal/queries.ts'
import type { Store, Transaction } from '../store/store.ts'
import { answerPage } from './layout.ts'
import { noticePage } from './notice-page.ts'
import { type PortalPage, portalPage } from './portal-page.ts'

// A customer of a sandbox has few; what is older is in the API.
const shownMax = 100

/** The portal's pages, for whoever holds the link. */
export function portalPageRoutes(store: Store): Hono {
  const routes = new Hono()

  routes.get('/portal/:token', (context) => {
    const token = context.req.param('token')
    const page = store.transaction((tx) => {
      const session = openSession(tx, token)
      return session && loadPortalPage(tx, session)
    })
    return page ? answerPage(context, portalPage(page)) : linkExpired(context)
  })
  routes.post('/portal/:token/cards/:id/remove', (context) => {
    const { token, id } = context.req.param()
    const session = store.transaction((tx) => {
      const opened = openSession(tx, token)
      if (opened) removePaymentMethod(tx, { customerId: opened.customer_id, paymentMethodId: id })
      return opened
    })
    return session ? context.redirect(`/portal/${token}#cards`, 303) : linkExpired(context)
  })
  routes.get('/login/:business', (context) =>
    answerPage(
      context,
      noticePage({
        display: 'full',
        notice: {
          tone: 'neutral',
          title: 'No login here',
          text: 'Dodo sends a link by e-mail from this page, and the local Dodo sends no mail. Make a link with customers.customerPortal.create() instead.',
        },
      }),
      501,
    ),
  )
  return routes
}

function loadPortalPage(tx: Transaction, session: PortalSession): PortalPage | undefined {
  const { customer_id: customerId } = session
  const customer = customers.findCustomer(tx, customerId)
  if (!customer) return undefined
  const page = { page_number: 0, page_size: shownMax }
  return {
    session,
    customer,
    payments: listPayments(tx, { ...page, customer_id: customerId }),
    methods: listPaymentMethods(tx, customerId).map(({ method }) => method),
    credits: balances.listBalancesOfCustomer(tx, customerId).flatMap((balance) => {
      const entitlement = findEntitlement(tx, balance.credit_entitlement_id)
      if (!entitlement) return []
      const account = { customerId, entitlementId: entitlement.id }
      const { name, unit } = entitlement
      const ledger = balances.listLedger(tx, { ...page, ...account })
      return [{ name, unit, balance: balance.balance, overage: balance.overage, ledger }]
    }),
  }
}

/** The session of a link, while the link is good. */
function openSession(tx: Transaction, token: string): PortalSession | undefined {
  const session = findPortalSession(tx, token)
  return session && session.expires_at > tx.now.toISOString() ? session : undefined
}

function linkExpired(context: Context) {
  return answerPage(
    context,
    noticePage({
      display: 'full',
      notice: {
        tone: 'neutral',
        title: 'This link has expired',
        text: 'A link to the portal is good for 24 hours. Go back to the shop and ask for a new one.',
      },
    }),
    410,
  )
}
