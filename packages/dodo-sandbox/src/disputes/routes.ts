import { Hono } from 'hono'
import { z } from 'zod'
import { instantQuery, pageQuery, parseBody, parseQuery } from '../http/parse.ts'
import { notFound } from '../kernel/refusal.ts'
import type { Store } from '../store/store.ts'
import { decideDispute } from './decide-dispute.ts'
import { disputeDecisions, disputeListRow, disputeStages, disputeStatuses } from './dispute.ts'
import { openDispute } from './open-dispute.ts'
import * as queries from './queries.ts'

const listQuery = z.object({
  ...pageQuery,
  created_at_gte: instantQuery,
  created_at_lte: instantQuery,
  customer_id: z.string().optional(),
  dispute_stage: z.enum(disputeStages).optional(),
  dispute_status: z.enum(disputeStatuses).optional(),
})

export function disputeRoutes(store: Store): Hono {
  const routes = new Hono()
  routes.get('/disputes', (context) => {
    const query = parseQuery(context, listQuery)
    const disputes = store.transaction((tx) => queries.listDisputes(tx, query))
    return context.json({ items: disputes.map(disputeListRow) })
  })
  routes.get('/disputes/:id', (context) => {
    const id = context.req.param('id')
    const dispute = store.transaction((tx) => queries.findDispute(tx, id))
    if (!dispute) throw notFound('dispute', id)
    return context.json(dispute)
  })
  return routes
}

const openSchema = z.strictObject({
  stage: z.enum(disputeStages).default('dispute'),
  amount: z.number().int().optional(),
  reason: z.string().max(1000).nullable().default(null),
})

const decideSchema = z.strictObject({
  decision: z.enum(disputeDecisions),
  remarks: z.string().max(1000).optional(),
})

/** What the customer's bank does, and what is answered to it. */
export function disputeControlRoutes(store: Store): Hono {
  const routes = new Hono()
  routes.post('/_sandbox/payments/:id/dispute', async (context) => {
    const input = await parseBody(context, openSchema)
    const paymentId = context.req.param('id')
    return context.json(store.transaction((tx) => openDispute(tx, { paymentId, ...input })))
  })
  routes.post('/_sandbox/disputes/:id/decide', async (context) => {
    const input = await parseBody(context, decideSchema)
    const disputeId = context.req.param('id')
    return context.json(store.transaction((tx) => decideDispute(tx, { disputeId, ...input })))
  })
  return routes
}
