import { type Context, Hono } from 'hono'
import { z } from 'zod'
import * as balances from '../credit-entitlements/balance-queries.ts'
import { findEntitlement } from '../credit-entitlements/queries.ts'
import * as customers from '../customers/queries.ts'
import { parseForm } from '../http/parse.ts'
import { notFound } from '../kernel/refusal.ts'
import { listPaymentMethods } from '../payment-methods/queries.ts'
import { removePaymentMethod } from '../payment-methods/remove-payment-method.ts'
import { listPayments } from '../payments/queries.ts'
import { findPortalSession, type PortalSession } from '../portal/queries.ts'
import type { Store, Transaction } from '../store/store.ts'
import { listSubscriptions } from '../subscriptions/queries.ts'
import type { StoredSubscription } from '../subscriptions/subscription.ts'
import { updatePaymentMethod } from '../subscriptions/update-payment-method.ts'
import { subscriptionOf, updateSubscription } from '../subscriptions/update-subscription.ts'
import { answerPage } from './layout.ts'
import { noticePage } from './notice-page.ts'
import { type PortalPage, portalPage } from './portal-page.ts'

// A customer of a sandbox has few; what is older is in the API.
const shownMax = 100

/** The portal's pages, for whoever holds the link. */
export function portalPageRoutes(store: Store, origin: () => string): Hono {
  const routes = new Hono()

  routes.get('/portal/:token', (context) => {
    const token = context.req.param('token')
    const page = store.transaction((tx) => {
      const session = openSession(tx, token)
      return session && loadPortalPage(tx, session)
    })
    return page ? answerPage(context, portalPage(page)) : linkExpired(context)
  })
  routes.post('/portal/:token/cards/:id/remove', (context) =>
    act(context, 'cards', (tx, { customer_id: customerId }, id) =>
      removePaymentMethod(tx, { customerId, paymentMethodId: id }),
    ),
  )
  for (const [action, ends] of [
    ['end', true],
    ['keep', false],
  ] as const)
    routes.post(`/portal/:token/subscriptions/:id/${action}`, (context) =>
      act(context, 'subscriptions', (tx, session, id) =>
        updateSubscription(tx, ownSubscription(tx, session, id), { cancel_at_next_billing_date: ends }),
      ),
    )
  routes.post('/portal/:token/subscriptions/:id/card', async (context) => {
    const form = await parseForm(context, z.object({ payment_method_id: z.string().optional() }))
    return act(context, 'subscriptions', (tx, session, id) => {
      const { session: checkout } = updatePaymentMethod(
        tx,
        ownSubscription(tx, session, id),
        form.payment_method_id === undefined
          ? { type: 'new', return_url: `${origin()}/portal/${session.token}` }
          : { type: 'existing', payment_method_id: form.payment_method_id },
      )
      return checkout ? `/session/${checkout.session_id}` : undefined
    })
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

  /** Does what the link's owner asked, and leads back to the portal, or to where the work says. */
  function act(
    context: Context,
    anchor: string,
    work: (tx: Transaction, session: PortalSession, id: string) => string | void,
  ) {
    const { token = '', id = '' } = context.req.param()
    const to = store.transaction((tx) => {
      const session = openSession(tx, token)
      return session && (work(tx, session, id) ?? `/portal/${token}#${anchor}`)
    })
    return to === undefined ? linkExpired(context) : context.redirect(to, 303)
  }
}

/** Another customer's subscription is not found. */
function ownSubscription(tx: Transaction, session: PortalSession, id: string): StoredSubscription {
  const stored = subscriptionOf(tx, id)
  if (stored.subscription.customer.customer_id !== session.customer_id) throw notFound('subscription', id)
  return stored
}

function loadPortalPage(tx: Transaction, session: PortalSession): PortalPage | undefined {
  const { customer_id: customerId } = session
  const customer = customers.findCustomer(tx, customerId)
  if (!customer) return undefined
  const page = { page_number: 0, page_size: shownMax }
  return {
    session,
    customer,
    subscriptions: listSubscriptions(tx, { ...page, customer_id: customerId }),
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
