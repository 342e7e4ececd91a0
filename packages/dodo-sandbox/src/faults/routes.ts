import { Hono } from 'hono'
import { z } from 'zod'
import { parseBody, parseQuery } from '../http/parse.ts'
import { notFound } from '../kernel/refusal.ts'
import type { Store } from '../store/store.ts'
import { type FaultKind, faultDescriptions, faultRuleSchema } from './fault.ts'
import * as queries from './queries.ts'
import { addFaultRules } from './rules.ts'

// More rules than this are a program gone wrong; each is asked for every request.
const rulesMax = 100

const addSchema = z.strictObject({
  rules: z.array(faultRuleSchema).min(1).max(rulesMax),
  seed: z.number().int().min(0).max(0xffff_ffff).optional(),
})

const kinds = Object.keys(faultDescriptions) as FaultKind[]
const injectedQuery = z.object({
  kind: z.enum(kinds).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
})

/** The control routes of faults. */
export function faultRoutes(store: Store): Hono {
  const routes = new Hono()
  const state = () =>
    store.transaction((tx) => ({ rules: queries.listRules(tx), injected: queries.countInjectedByKind(tx) }))

  routes.get('/_sandbox/faults', (context) => context.json(state()))
  routes.post('/_sandbox/faults', async (context) => {
    const { rules, seed } = await parseBody(context, addSchema)
    return context.json({ rules: store.transaction((tx) => addFaultRules(tx, { rules, seed })) })
  })
  routes.delete('/_sandbox/faults', (context) => {
    store.transaction((tx) => queries.deleteRules(tx))
    return context.json(state())
  })
  routes.get('/_sandbox/faults/injected', (context) => {
    const query = parseQuery(context, injectedQuery)
    return context.json({ items: store.transaction((tx) => queries.listInjected(tx, query)) })
  })
  routes.delete('/_sandbox/faults/:id', (context) => {
    const id = context.req.param('id')
    const removed = store.transaction((tx) => queries.deleteRules(tx, { rule_id: id }))
    if (removed === 0) throw notFound('fault rule', id)
    return context.json(state())
  })
  return routes
}
