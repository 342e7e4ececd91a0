import { Hono } from 'hono'
import { z } from 'zod'
import { instantQuery, pageQuery, parseQuery } from '../http/parse.ts'
import { notFound } from '../kernel/refusal.ts'
import type { Store } from '../store/store.ts'
import { intentStatuses, paymentListRow } from './payment.ts'
import * as queries from './queries.ts'

const listQuery = z.object({
  ...pageQuery,
  brand_id: z.string().optional(),
  created_at_gte: instantQuery,
  created_at_lte: instantQuery,
  currency: z.string().optional(),
  customer_id: z.string().optional(),
  product_id: z.string().optional(),
  status: z.enum(intentStatuses).optional(),
  subscription_id: z.string().optional(),
})

export function paymentRoutes(store: Store): Hono {
  const routes = new Hono()
  routes.get('/payments', (context) => {
    const query = parseQuery(context, listQuery)
    const payments = store.transaction((tx) => queries.listPayments(tx, query))
    return context.json({ items: payments.map(paymentListRow) })
  })
  routes.get('/payments/:id', (context) => {
    const id = context.req.param('id')
    const payment = store.transaction((tx) => queries.findPayment(tx, id))
    if (!payment) throw notFound('payment', id)
    return context.json(payment)
  })
  routes.get('/payments/:id/line-items', (context) => {
    const id = context.req.param('id')
    const lineItems = store.transaction((tx) => queries.findLineItems(tx, id))
    if (!lineItems) throw notFound('payment', id)
    return context.json(lineItems)
  })
  return routes
}
