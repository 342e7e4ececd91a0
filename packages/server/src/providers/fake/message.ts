import { z } from 'zod'
import { parseId } from '../../kernel/ids.ts'
import { failureOf } from '../dodo/failure-sentences.ts'
import type { MessageReading } from '../provider.ts'
import type { ProviderPayment } from '../told.ts'

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
  const read: ProviderPayment = {
    paymentId: payment.id,
    state: type === 'payment.succeeded' ? 'succeeded' : 'failed',
    orderId: parseId('order', payment.order),
    customer: undefined,
    providerCustomerId: payment.customer,
    subscriptionId: undefined,
    cart: [{ productId: payment.product, quantity: payment.quantity }],
    charged: {
      total: { amountMinor: BigInt(payment.amount_minor), currency: payment.currency },
      taxMinor: 0n,
    },
    settled: undefined,
    discountCodes: [],
    methodId: undefined,
    invoiceId: undefined,
    failure: type === 'payment.failed' ? failureOf(failureCode) : undefined,
    isFullyRefunded: false,
    createdAt: undefined,
    refunds: [],
    disputes: [],
  }
  return { kind: 'event', eventType: type, event: { type: 'payment', payment: read } }
}
