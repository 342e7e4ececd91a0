import { Hono } from 'hono'
import { z } from 'zod'
import { paySession, sessionNotFound } from '../checkouts/pay-session.ts'
import { prefillOf } from '../checkouts/prefill.ts'
import { findSession } from '../checkouts/queries.ts'
import { parseBody } from '../http/parse.ts'
import { newId, type RandomBytes } from '../kernel/ids.ts'
import type { Store } from '../store/store.ts'
import type { DeliveryWorker } from '../webhooks/delivery-worker.ts'

const paySchema = z.object({
  card_number: z.string().default('4242424242424242'),
  email: z.string().default('ada@example.com'),
  name: z.string().default('Ada Lovelace'),
  country: z.string().optional(),
  expiry: z.string().default('06 / 32'),
  cvc: z.string().default('123'),
  currency: z.string().optional(),
  discount_code: z.string().optional(),
  payment_method_id: z.string().optional(),
  save_card: z
    .boolean()
    .optional()
    .transform((isTicked) => (isTicked ? 'on' : undefined)),
  attempt: z.string().max(64).optional(),
})

export interface ControlRoutes {
  store: Store
  worker: DeliveryWorker
  random: RandomBytes
}

/** What a customer does in a browser, for tests that have none. */
export function controlRoutes({ store, worker, random }: ControlRoutes): Hono {
  const routes = new Hono()

  routes.post('/_sandbox/sessions/:id/pay', async (context) => {
    const sessionId = context.req.param('id')
    const { attempt = newId('att', random), ...typed } = await parseBody(context, paySchema)
    const outcome = store.transaction((tx) => {
      const session = findSession(tx, sessionId)
      if (session === undefined) throw sessionNotFound(sessionId)
      const form = { ...typed, country: typed.country ?? prefillOf(tx, session).country }
      return paySession(tx, { sessionId, attempt, form })
    })
    worker.wake()
    if ('payment' in outcome) return context.json(outcome.payment)
    const fields = outcome.kind === 'invalid' ? outcome.fields : {}
    return context.json({ code: 'INVALID_REQUEST_BODY', message: 'The form is invalid.', fields }, 422)
  })

  return routes
}
