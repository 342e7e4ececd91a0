import { Hono } from 'hono'
import { z } from 'zod'
import { paySession } from '../checkouts/pay-session.ts'
import { parseBody, parseQuery } from '../http/parse.ts'
import { newId, type RandomBytes } from '../kernel/ids.ts'
import { notFound } from '../kernel/refusal.ts'
import type { Store } from '../store/store.ts'
import { deliveryStates } from '../webhooks/delivery.ts'
import type { DeliveryWorker } from '../webhooks/delivery-worker.ts'
import * as webhooks from '../webhooks/queries.ts'

const deliveriesQuery = z.object({
  webhook_id: z.string().optional(),
  payment_id: z.string().optional(),
  event_type: z.string().optional(),
  state: z.enum(deliveryStates).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
})

const paySchema = z.object({
  card_number: z.string().default('4242424242424242'),
  email: z.string().default('ada@example.com'),
  name: z.string().default('Ada Lovelace'),
  country: z.string().default('US'),
  expiry: z.string().default('06 / 32'),
  cvc: z.string().default('123'),
  attempt: z.string().max(64).optional(),
})

export interface ControlRoutes {
  store: Store
  worker: DeliveryWorker
  random: RandomBytes
}

/** What Dodo has no API for and tests and developers need: see deliveries, send one again, pay without a browser. */
export function controlRoutes({ store, worker, random }: ControlRoutes): Hono {
  const routes = new Hono()

  routes.get('/_sandbox/deliveries', (context) => {
    const { payment_id, ...query } = parseQuery(context, deliveriesQuery)
    const items = store.transaction((tx) =>
      webhooks.listDeliveries(tx, { ...query, resource_id: payment_id }),
    )
    return context.json({ items })
  })

  routes.get('/_sandbox/deliveries/:id', (context) => {
    const id = context.req.param('id')
    const delivery = store.transaction((tx) => webhooks.listDeliveries(tx, { delivery_id: id, limit: 1 }))[0]
    if (!delivery) throw notFound('delivery', id)
    return context.json(delivery)
  })

  routes.post('/_sandbox/deliveries/:id/resend', async (context) => {
    const delivery = await worker.resend(context.req.param('id'))
    // The button of the control page is a plain form; whoever asks as a program gets the outcome.
    if (context.req.header('accept')?.includes('text/html')) return context.redirect('/#deliveries', 303)
    return context.json(delivery)
  })

  routes.post('/_sandbox/sessions/:id/pay', async (context) => {
    const { attempt = newId('att', random), ...form } = await parseBody(context, paySchema)
    const outcome = store.transaction((tx) =>
      paySession(tx, { sessionId: context.req.param('id'), attempt, form }),
    )
    worker.wake()
    if (outcome.kind === 'invalid')
      return context.json(
        { code: 'INVALID_REQUEST_BODY', message: 'The form is invalid.', fields: outcome.fields },
        422,
      )
    return context.json(outcome.payment)
  })

  return routes
}
