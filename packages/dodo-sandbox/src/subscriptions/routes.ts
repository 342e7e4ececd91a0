import { Hono } from 'hono'
import { z } from 'zod'
import { booleanQuery, instantQuery, pageQuery, parseBody, parseQuery } from '../http/parse.ts'
import type { Store } from '../store/store.ts'
import { cancelScheduledChange, changePlan, changePlanSchema, previewChangePlan } from './change-plan.ts'
import { chargeOnDemand, chargeSchema } from './charge-on-demand.ts'
import * as queries from './queries.ts'
import { retryPayment, retryState } from './retry-payment.ts'
import { subscriptionStatuses } from './subscription.ts'
import { updatePaymentMethod, updatePaymentMethodSchema } from './update-payment-method.ts'
import { subscriptionOf, updateSubscription, updateSubscriptionSchema } from './update-subscription.ts'
import { creditUsage, subscriptionListRow, subscriptionView } from './view.ts'

const listQuery = z.object({
  ...pageQuery,
  brand_id: z.string().optional(),
  cancel_at_next_billing_date: booleanQuery,
  created_at_gte: instantQuery,
  created_at_lte: instantQuery,
  customer_id: z.string().optional(),
  product_id: z.string().optional(),
  status: z.enum(subscriptionStatuses).optional(),
})

export function subscriptionRoutes(store: Store, checkoutOrigin: () => string): Hono {
  const routes = new Hono()
  routes.get('/subscriptions', (context) => {
    const query = parseQuery(context, listQuery)
    const found = store.transaction((tx) => queries.listSubscriptions(tx, query))
    return context.json({ items: found.map(subscriptionListRow) })
  })
  routes.get('/subscriptions/:id', (context) =>
    context.json(
      store.transaction((tx) => subscriptionView(tx, subscriptionOf(tx, context.req.param('id')))),
    ),
  )
  routes.patch('/subscriptions/:id', async (context) => {
    const changes = await parseBody(context, updateSubscriptionSchema)
    const id = context.req.param('id')
    const view = store.transaction((tx) => {
      updateSubscription(tx, subscriptionOf(tx, id), changes)
      return subscriptionView(tx, subscriptionOf(tx, id))
    })
    return context.json(view)
  })
  routes.post('/subscriptions/:id/charge', async (context) => {
    const body = await parseBody(context, chargeSchema)
    return context.json(
      store.transaction((tx) => chargeOnDemand(tx, subscriptionOf(tx, context.req.param('id')), body)),
    )
  })
  routes.post('/subscriptions/:id/change-plan', async (context) => {
    const body = await parseBody(context, changePlanSchema)
    return context.json(store.transaction((tx) => changePlan(tx, context.req.param('id'), body)))
  })
  routes.post('/subscriptions/:id/change-plan/preview', async (context) => {
    const body = await parseBody(context, changePlanSchema)
    return context.json(store.transaction((tx) => previewChangePlan(tx, context.req.param('id'), body)))
  })
  routes.delete('/subscriptions/:id/change-plan/scheduled', (context) => {
    store.transaction((tx) => cancelScheduledChange(tx, subscriptionOf(tx, context.req.param('id'))))
    return context.body(null, 200)
  })
  routes.post('/subscriptions/:id/update-payment-method', async (context) => {
    const body = await parseBody(context, updatePaymentMethodSchema)
    const { payment_id, session } = store.transaction((tx) =>
      updatePaymentMethod(tx, subscriptionOf(tx, context.req.param('id')), body),
    )
    return context.json({
      payment_id,
      client_secret: null,
      payment_link: session && `${checkoutOrigin()}/session/${session.session_id}`,
      expires_on: session?.expires_at ?? null,
    })
  })
  routes.get('/subscriptions/:id/credit-usage', (context) => {
    const id = context.req.param('id')
    const items = store.transaction((tx) => {
      subscriptionOf(tx, id)
      return creditUsage(tx, id)
    })
    return context.json({ subscription_id: id, items })
  })

  routes.post('/payments/:id/retry', (context) =>
    context.json(store.transaction((tx) => retryPayment(tx, context.req.param('id')))),
  )
  routes.get('/payments/:id/retry', (context) =>
    context.json(store.transaction((tx) => retryState(tx, context.req.param('id')))),
  )
  return routes
}
