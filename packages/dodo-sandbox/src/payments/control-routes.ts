import { Hono } from 'hono'
import { z } from 'zod'
import { paymentErrorCodes } from '../faults/payment-error-codes.ts'
import { parseBody } from '../http/parse.ts'
import type { Store } from '../store/store.ts'
import { declinedByBank } from './payment.ts'
import { settlePayment } from './settle-payment.ts'

const settleSchema = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('succeeded') }),
  z.strictObject({ outcome: z.literal('cancelled') }),
  z.strictObject({
    outcome: z.literal('failed'),
    error_code: z.enum(paymentErrorCodes).default('GENERIC_DECLINE'),
  }),
])

/** What a bank decides in its own time. */
export function paymentControlRoutes(store: Store): Hono {
  const routes = new Hono()
  routes.post('/_sandbox/payments/:id/settle', async (context) => {
    const decided = await parseBody(context, settleSchema)
    const payment = store.transaction((tx) =>
      settlePayment(
        tx,
        context.req.param('id'),
        decided.outcome === 'failed' ? declinedByBank(decided.error_code) : { status: decided.outcome },
      ),
    )
    return context.json(payment)
  })
  return routes
}
