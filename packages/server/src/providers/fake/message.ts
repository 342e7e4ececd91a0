import { z } from 'zod'
import { parseId } from '../../kernel/ids.ts'
import { failureOf } from '../dodo/failure-sentences.ts'
import type { MessageReading, ProviderEvent } from '../provider.ts'

const messageSchema = z.object({
  type: z.enum(['payment.succeeded', 'payment.failed']),
  payment: z.object({
    id: z.string(),
    order: z.string(),
    customer: z.string(),
    product: z.string(),
    quantity: z.int(),
    amount_minor: z.int(),
    currency: z.string(),
  }),
  failure_code: z.string().optional(),
})

export type FakeMessage = z.output<typeof messageSchema>

/** What a body of the fake's own says. A decline reads as Dodo's does, for apps show its sentence. */
export function readMessage(rawBody: string): MessageReading {
  const { type, payment, failure_code: failureCode } = messageSchema.parse(JSON.parse(rawBody))
  const read: ProviderEvent['payment'] = {
    paymentId: payment.id,
    orderId: parseId('order', payment.order),
    providerCustomerId: payment.customer,
    isRefunded: false,
    cart: [{ productId: payment.product, quantity: payment.quantity }],
    charged: {
      total: { amountMinor: BigInt(payment.amount_minor), currency: payment.currency },
      taxMinor: 0n,
    },
    isDiscounted: false,
  }
  const event: ProviderEvent =
    type === 'payment.succeeded'
      ? { type, payment: read }
      : { type, payment: read, failure: failureOf(failureCode) }
  return { kind: 'event', eventType: type, event }
}
