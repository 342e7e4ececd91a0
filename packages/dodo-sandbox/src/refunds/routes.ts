import { Hono } from 'hono'
import { z } from 'zod'
import { instantQuery, pageQuery, parseBody, parseQuery } from '../http/parse.ts'
import { notFound } from '../kernel/refusal.ts'
import type { Store } from '../store/store.ts'
import { createRefund } from './create-refund.ts'
import * as queries from './queries.ts'
import { createRefundSchema, refundListItem, refundStatuses } from './refund.ts'
import { settleRefund } from './settle-refund.ts'

const listQuery = z.object({
  ...pageQuery,
  created_at_gte: instantQuery,
  created_at_lte: instantQuery,
  customer_id: z.string().optional(),
  status: z.enum(refundStatuses).optional(),
  subscription_id: z.string().optional(),
})

export function refundRoutes(store: Store): Hono {
  const routes = new Hono()
  routes.get('/refunds', (context) => {
    const query = parseQuery(context, listQuery)
    const refunds = store.transaction((tx) => queries.listRefunds(tx, query))
    return context.json({ items: refunds.map(refundListItem) })
  })
  routes.post('/refunds', async (context) => {
    const input = await parseBody(context, createRefundSchema)
    return context.json(store.transaction((tx) => createRefund(tx, input)))
  })
  routes.get('/refunds/:id', (context) => {
    const id = context.req.param('id')
    const refund = store.transaction((tx) => queries.findRefund(tx, id))
    if (!refund) throw notFound('refund', id)
    return context.json(refund)
  })
  return routes
}

const dashboardSchema = z.strictObject({
  amount: z.number().int().min(1).max(2_147_483_647).optional(),
  reason: z.string().max(3000).optional(),
})

const settleSchema = z.strictObject({ outcome: z.enum(['succeeded', 'failed', 'review']) })

/** What the dashboard does, and what the bank decides. */
export function refundControlRoutes(store: Store): Hono {
  const routes = new Hono()
  routes.post('/_sandbox/payments/:id/refund', async (context) => {
    const asked = await parseBody(context, dashboardSchema)
    const payment_id = context.req.param('id')
    return context.json(store.transaction((tx) => createRefund(tx, { payment_id, metadata: {}, ...asked })))
  })
  routes.post('/_sandbox/refunds/:id/settle', async (context) => {
    const { outcome } = await parseBody(context, settleSchema)
    return context.json(store.transaction((tx) => settleRefund(tx, context.req.param('id'), outcome)))
  })
  return routes
}
