import { type Context, Hono } from 'hono'
import * as customers from '../customers/queries.ts'
import { listPayments } from '../payments/queries.ts'
import { findPortalSession, type PortalSession } from '../portal/queries.ts'
import type { Store, Transaction } from '../store/store.ts'
import { answerPage } from './layout.ts'
import { noticePage } from './notice-page.ts'
import { portalPage } from './portal-page.ts'

// A customer of a sandbox has few; what is older is in the API.
const shownMax = 100

/** The portal's pages, for whoever holds the link. */
export function portalPageRoutes(store: Store): Hono {
  const routes = new Hono()

  routes.get('/portal/:token', (context) => {
    const token = context.req.param('token')
    const page = store.transaction((tx) => {
      const session = openSession(tx, token)
      const customer = session && customers.findCustomer(tx, session.customer_id)
      if (!session || !customer) return undefined
      const of = { customer_id: session.customer_id, page_number: 0, page_size: shownMax }
      return { session, customer, payments: listPayments(tx, of) }
    })
    return page ? answerPage(context, portalPage(page)) : linkExpired(context)
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
