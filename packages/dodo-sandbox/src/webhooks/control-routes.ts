import { Hono } from 'hono'
import { z } from 'zod'
import { parseBody, parseQuery } from '../http/parse.ts'
import { notFound } from '../kernel/refusal.ts'
import type { Store } from '../store/store.ts'
import { deliveryStates } from './delivery.ts'
import type { DeliveryWorker } from './delivery-worker.ts'
import { eventType } from './endpoint.ts'
import * as queries from './queries.ts'
import { rotateSecret } from './rotate-secret.ts'
import { sendTest } from './send-test.ts'

const deliveriesQuery = z.object({
  webhook_id: z.string().optional(),
  payment_id: z.string().optional(),
  resource_id: z.string().optional(),
  event_type: z.string().optional(),
  state: z.enum(deliveryStates).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
})

const testSchema = z.strictObject({ event_type: eventType })

/** What Dodo has in its dashboard alone: deliveries to look at and send again, secrets to rotate, endpoints to try. */
export function webhookControlRoutes(store: Store, worker: DeliveryWorker): Hono {
  const routes = new Hono()

  routes.get('/_sandbox/deliveries', (context) => {
    const query = parseQuery(context, deliveriesQuery)
    const items = store.transaction((tx) => queries.listDeliveries(tx, query))
    return context.json({ items })
  })
  routes.get('/_sandbox/deliveries/:id', (context) => context.json(findDelivery(context.req.param('id'))))
  routes.post('/_sandbox/deliveries/:id/resend', async (context) => {
    return context.json(await worker.resend(context.req.param('id')))
  })
  routes.post('/_sandbox/webhooks/:id/rotate-secret', (context) => {
    const rotated = store.transaction((tx) => rotateSecret(tx, { endpointId: context.req.param('id') }))
    return context.json(rotated)
  })
  routes.post('/_sandbox/webhooks/:id/test', async (context) => {
    const { event_type } = await parseBody(context, testSchema)
    const endpointId = context.req.param('id')
    const { deliveryId } = store.transaction((tx) => sendTest(tx, { endpointId, eventType: event_type }))
    await worker.settle()
    return context.json(findDelivery(deliveryId))
  })
  return routes

  function findDelivery(id: string) {
    const delivery = store.transaction((tx) => queries.listDeliveries(tx, { delivery_id: id, limit: 1 }))[0]
    if (!delivery) throw notFound('delivery', id)
    return delivery
  }
}
