import { z } from 'zod'
import { parseId } from '../../kernel/ids.ts'
import type { Charged, MessageReading, ProviderPayment } from '../provider.ts'
import { failureOf } from './failure-sentences.ts'

/** Our order's id travels to the checkout and comes back with the payment under this name. */
export const orderMetadataKey = 'tallystick_order'

// Dodo's shapes drift: fields come and go, numbers arrive as text, enumerations grow. So only what is needed is read, whatever may be
// missing is allowed to be, and no value of an enumeration is refused.
const envelopeSchema = z.looseObject({ type: z.string().min(1), data: z.unknown() })

const count = z.union([
  z.int(),
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number),
])

const amount = z.union([
  z.int().min(0),
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
])

const chargeSchema = z
  .looseObject({
    total_amount: amount,
    // No tax is null.
    tax: amount.nullish(),
    currency: z.string().regex(/^[A-Za-z]{3}$/),
  })
  .transform(
    ({ total_amount, tax, currency }): Charged => ({
      total: { amountMinor: BigInt(total_amount), currency: currency.toUpperCase() },
      taxMinor: BigInt(tax ?? 0),
    }),
  )
  .refine(({ total, taxMinor }) => taxMinor <= total.amountMinor)

const paymentSchema = z.looseObject({
  payment_id: z.string().min(1),
  status: z.string().nullish(),
  error_code: z.string().nullish().catch(null),
  refund_status: z.string().nullish().catch(null),
  metadata: z.record(z.string(), z.unknown()).nullish().catch(null),
  customer: z
    .looseObject({ customer_id: z.string().min(1) })
    .nullish()
    .catch(null),
  product_cart: z.array(z.looseObject({ product_id: z.string(), quantity: count })).nullish(),
  discounts: z.unknown().optional(),
  discount_id: z.unknown().optional(),
})

const paymentEvents = new Set([
  'payment.succeeded',
  'payment.failed',
  'payment.processing',
  'payment.cancelled',
])

/** What a verified body says. Never throws: what cannot be read is said to be unreadable, and kept for a person. */
export function readMessage(rawBody: string): MessageReading {
  const envelope = envelopeSchema.safeParse(parseJson(rawBody))
  if (!envelope.success)
    return {
      kind: 'unreadable',
      eventType: 'unknown',
      note: 'The body is not a Dodo event: JSON with a type and data.',
    }
  const { type: eventType, data } = envelope.data
  if (!paymentEvents.has(eventType))
    return { kind: 'ignored', eventType, note: `Nothing follows from ${eventType}.` }
  const payment = paymentSchema.safeParse(data)
  if (!payment.success)
    return {
      kind: 'unreadable',
      eventType,
      note: `The payment cannot be read: ${describeIssues(payment.error)}`,
    }
  return readPayment(eventType, payment.data)
}

/**
 * A body shows the payment as it is when the message is delivered: a delayed `payment.processing` may carry a payment that has
 * succeeded since. So the status decides, whatever the event was.
 */
function readPayment(eventType: string, data: z.output<typeof paymentSchema>): MessageReading {
  const { status } = data
  const payment = paymentFrom(data)
  if (status === 'succeeded')
    return { kind: 'event', eventType, event: { type: 'payment.succeeded', payment } }
  if (status === 'failed') {
    const failure = failureOf(data.error_code ?? undefined)
    return { kind: 'event', eventType, event: { type: 'payment.failed', payment, failure } }
  }
  if (eventType === 'payment.succeeded' || eventType === 'payment.failed')
    return {
      kind: 'unreadable',
      eventType,
      note: `${eventType} carries the payment ${payment.paymentId} in the status ${status ?? '(none)'}. Nothing was credited; look at the payment in Dodo's dashboard.`,
    }
  return {
    kind: 'ignored',
    eventType,
    note: `The payment is in the status ${status ?? '(none)'}; what follows comes with its end.`,
  }
}

function paymentFrom(data: z.output<typeof paymentSchema>): ProviderPayment {
  const order = data.metadata?.[orderMetadataKey]
  return {
    paymentId: data.payment_id,
    orderId: typeof order === 'string' ? parseId('order', order) : undefined,
    providerCustomerId: data.customer?.customer_id,
    isRefunded: (data.refund_status ?? '') !== '',
    cart: data.product_cart?.map((line) => ({ productId: line.product_id, quantity: line.quantity })),
    charged: chargeSchema.safeParse(data).data,
    isDiscounted: isDiscount(data.discounts) || isDiscount(data.discount_id),
  }
}

/** Anything but nothing: a shape that came after this was written is a discount too. */
function isDiscount(said: unknown): boolean {
  return Array.isArray(said) ? said.length > 0 : said !== undefined && said !== null && said !== ''
}

function describeIssues(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
