import { Hono } from 'hono'
import { z } from 'zod'
import { booleanQuery, parseQuery, webUrl } from '../http/parse.ts'
import type { Store } from '../store/store.ts'
import { createPortalSession } from './create-portal-session.ts'

const sessionQuery = z.object({
  return_url: webUrl.optional(),
  // Taken and not heeded: in test mode Dodo sends no mail either.
  send_email: booleanQuery,
})

/** The link to the portal. Its parameters come in the query string, although it is a POST: so Dodo has it. */
export function portalRoutes(store: Store, origin: () => string): Hono {
  const routes = new Hono()
  routes.post('/customers/:id/customer-portal/session', (context) => {
    const { return_url: returnUrl = null } = parseQuery(context, sessionQuery)
    const { token } = store.transaction((tx) =>
      createPortalSession(tx, { customerId: context.req.param('id'), returnUrl }),
    )
    return context.json({ link: `${origin()}/portal/${token}` })
  })
  return routes
}
