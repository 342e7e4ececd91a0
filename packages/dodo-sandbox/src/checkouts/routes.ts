import { Hono } from 'hono'
import { parseBody } from '../http/parse.ts'
import { countryCodes } from '../kernel/countries.ts'
import * as payments from '../payments/queries.ts'
import type { Store } from '../store/store.ts'
import { createSession } from './create-session.ts'
import { sessionNotFound } from './pay-session.ts'
import { prefillOf } from './prefill.ts'
import { previewSession } from './preview-session.ts'
import * as queries from './queries.ts'
import { createSessionSchema } from './session.ts'

export function checkoutRoutes(store: Store, checkoutOrigin: () => string): Hono {
  const routes = new Hono()
  routes.post('/checkouts', async (context) => {
    const input = await parseBody(context, createSessionSchema)
    const { session, payment } = store.transaction((tx) => createSession(tx, input))
    const { session_id } = session
    const url = `${checkoutOrigin()}/session/${session_id}`
    if (!payment) return context.json({ session_id, checkout_url: url })
    const isCharged = payment.payment_method_id !== null
    return context.json({
      session_id,
      checkout_url: isCharged ? null : url,
      payment_id: payment.payment_id,
      client_secret: isCharged ? null : `${payment.payment_id}_secret_local`,
      publishable_key: isCharged ? null : 'pk_snd_local',
    })
  })
  routes.post('/checkouts/preview', async (context) => {
    const input = await parseBody(context, createSessionSchema)
    return context.json(store.transaction((tx) => previewSession(tx, input)))
  })
  routes.get('/checkout/supported_countries', (context) => context.json(countryCodes))
  routes.get('/checkouts/:id', (context) => {
    const id = context.req.param('id')
    const status = store.transaction((tx) => {
      const session = queries.findSession(tx, id)
      if (!session) throw sessionNotFound(id)
      const payment = session.payment_id === null ? undefined : payments.findPayment(tx, session.payment_id)
      const prefill = prefillOf(tx, session)
      return {
        id,
        created_at: session.created_at,
        customer_email: payment?.customer.email ?? (prefill.email === '' ? null : prefill.email),
        customer_name: payment?.customer.name ?? (prefill.name === '' ? null : prefill.name),
        payment_id: session.payment_id,
        payment_status: session.payment_status,
      }
    })
    return context.json(status)
  })
  return routes
}
