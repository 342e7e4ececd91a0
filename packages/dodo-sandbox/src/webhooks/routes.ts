import { Hono } from 'hono'
import { z } from 'zod'
import { parseBody, parseQuery } from '../http/parse.ts'
import { notFound } from '../kernel/refusal.ts'
import type { Store } from '../store/store.ts'
import { createEndpoint } from './create-endpoint.ts'
import type { DeliveryWorker } from './delivery-worker.ts'
import { createEndpointSchema, updateEndpointSchema } from './endpoint.ts'
import { shownHeaders, updateHeaders, updateHeadersSchema } from './endpoint-headers.ts'
import * as queries from './queries.ts'
import { updateEndpoint } from './update-endpoint.ts'

const listQuery = z.object({
  iterator: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(250).default(50),
})

export function webhookRoutes(store: Store, worker: DeliveryWorker): Hono {
  const routes = new Hono()

  routes.get('/webhooks', (context) => {
    const { iterator, limit } = parseQuery(context, listQuery)
    // One more than asked for tells whether this page is the last.
    const found = store.transaction((tx) => queries.listEndpoints(tx, iterator, limit + 1))
    const data = found.slice(0, limit)
    return context.json({
      data,
      iterator: data.at(-1)?.id ?? null,
      prev_iterator: data[0]?.id ?? null,
      done: found.length <= limit,
    })
  })
  routes.post('/webhooks', async (context) => {
    const input = await parseBody(context, createEndpointSchema)
    return context.json(store.transaction((tx) => createEndpoint(tx, input)))
  })
  routes.get('/webhooks/:id', (context) => context.json(find(context.req.param('id')).endpoint))
  routes.get('/webhooks/:id/secret', (context) =>
    context.json({ secret: find(context.req.param('id')).secret }),
  )
  routes.get('/webhooks/:id/headers', (context) =>
    context.json(shownHeaders(find(context.req.param('id')).headers)),
  )
  routes.patch('/webhooks/:id/headers', async (context) => {
    const { headers } = await parseBody(context, updateHeadersSchema)
    store.transaction((tx) => updateHeaders(tx, { endpointId: context.req.param('id'), headers }))
    return context.body(null, 200)
  })
  routes.patch('/webhooks/:id', async (context) => {
    const changes = await parseBody(context, updateEndpointSchema)
    const endpoint = store.transaction((tx) =>
      updateEndpoint(tx, { endpointId: context.req.param('id'), changes }),
    )
    worker.wake()
    return context.json(endpoint)
  })
  routes.delete('/webhooks/:id', (context) => {
    const id = context.req.param('id')
    find(id)
    store.transaction((tx) => queries.deleteEndpoint(tx, id))
    return context.body(null, 200)
  })
  return routes

  function find(id: string): queries.StoredEndpoint {
    const found = store.transaction((tx) => queries.findEndpoint(tx, id))
    if (!found) throw notFound('webhook', id)
    return found
  }
}
