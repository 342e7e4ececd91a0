import { z } from '@hono/zod-openapi'
import { unknownPack } from '../catalog/errors.ts'
import { customerNotFound } from '../customers/errors.ts'
import { decodeCursor, encodeCursor, pageQuery, pageSchema, pageSize } from '../http/page.ts'
import { type Route, route } from '../http/route.ts'
import {
  catalogNameSchema,
  creditsSchema,
  customerIdSchema,
  instantSchema,
  instantToWire,
  optionalInstantToWire,
  orNull,
  textSchema,
} from '../http/wire.ts'
import { decimalFromCredits, zeroCredits } from '../kernel/credits.ts'
import { formatId, formatIdInWallet } from '../kernel/ids.ts'
import { invalidRequest } from '../kernel/invalid-request.ts'
import { chargedSchema, chargedToWire } from '../orders/wire.ts'
import { providerNotConfigured } from '../providers/errors.ts'
import { packNeeded, paymentNotFound, paymentNotWaiting } from './errors.ts'
import type { Payment } from './payment.ts'
import type { Payments } from './payments.ts'

const standingSchema = z
  .enum(['none', 'awaiting_credits', 'credited', 'unassigned', 'flagged', 'dismissed'])
  .openapi({
    description:
      '`unassigned`: whose it is, or what it bought, is not known; `flagged`: it is not what was ordered; both wait for a person. `dismissed`: a person decided that nothing follows.',
  })

const paymentSchema = z
  .object({
    payment: z.string().openapi({ description: "The provider's id of it." }),
    provider: z.string(),
    mode: z.enum(['test', 'live']),
    state: z.enum(['processing', 'failed', 'cancelled', 'succeeded']),
    standing: standingSchema,
    note: z.string().nullable().openapi({ description: 'Why it waits, or what was decided.' }),
    order: z.string().nullable(),
    customer: z.string().nullable(),
    provider_customer: z.string().nullable(),
    products: z
      .array(z.object({ product: z.string(), quantity: z.int() }))
      .openapi({ description: 'Empty where the provider does not say, as for subscriptions.' }),
    charged: orNull(chargedSchema, 'What the customer paid, in the currency they paid in.'),
    settlement: orNull(chargedSchema, 'What you are paid out for it; null until the provider says.'),
    discount_codes: z.array(z.string()),
    lot: z.string().nullable(),
    credits: creditsSchema.openapi({ description: 'Granted for it.' }),
    credits_taken_back: creditsSchema,
    decided_by: z.string().nullable(),
    decided_at: instantSchema.nullable(),
    created_at: instantSchema.nullable().openapi({ description: "By the provider's clock." }),
    received_at: instantSchema,
  })
  .openapi('Payment')

function paymentToWire(payment: Payment): z.input<typeof paymentSchema> {
  const { orderId, bought, charged, settled, decided } = payment
  return {
    payment: payment.paymentId,
    provider: payment.provider,
    mode: payment.mode,
    state: payment.state,
    standing: payment.standing,
    note: payment.note ?? null,
    order: orderId === undefined ? null : formatId('order', orderId),
    customer: payment.customer ?? null,
    provider_customer: payment.providerCustomerId ?? null,
    products: (payment.cart ?? []).map(({ productId: product, quantity }) => ({ product, quantity })),
    charged: charged === undefined ? null : chargedToWire(charged),
    settlement: settled === undefined ? null : chargedToWire(settled),
    discount_codes: [...(payment.discountCodes ?? [])],
    lot:
      bought === undefined ? null : formatIdInWallet('lot', { walletId: bought.walletId, id: bought.lotId }),
    credits: decimalFromCredits(bought?.granted ?? zeroCredits),
    credits_taken_back: decimalFromCredits(bought?.revoked ?? zeroCredits),
    decided_by: decided?.by ?? null,
    decided_at: optionalInstantToWire(decided?.at),
    created_at: optionalInstantToWire(payment.createdAt),
    received_at: instantToWire(payment.receivedAt),
  }
}

const paymentParams = z.strictObject({ payment: textSchema(200) })

const actorField = textSchema(200).openapi({
  description: 'Who decides: a person of yours, as you call them. It stays with the payment.',
  example: 'grace@example.com',
})

export function paymentRoutes(payments: Payments): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/payments',
      id: 'listPayments',
      tag: 'Payments',
      summary: 'Payments that the provider told of, newest first',
      query: z.strictObject({ ...pageQuery, standing: standingSchema.optional() }),
      answer: pageSchema(paymentSchema),
      refusals: [invalidRequest],
      handle: async ({ query }) => {
        const { payments: found, next } = await payments.list({
          standing: query.standing,
          limit: pageSize(query.limit),
          before: query.cursor === undefined ? undefined : placeFrom(query.cursor),
        })
        return {
          data: found.map(paymentToWire),
          next_cursor:
            next === undefined ? null : encodeCursor([next.receivedAt.toISOString(), next.paymentId]),
        }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/payments/{payment}/assign',
      id: 'assignPayment',
      tag: 'Payments',
      summary: 'Say whose a payment is',
      description:
        'For payments that are `unassigned` or `flagged`: the customer gets the credits of what was bought, times the quantity. A repeat for the same customer changes nothing.',
      params: paymentParams,
      body: z.strictObject({
        customer: customerIdSchema,
        pack: catalogNameSchema
          .optional()
          .openapi({ description: 'What was bought, where its product is not known.' }),
        actor: actorField,
      }),
      answer: paymentSchema,
      refusals: [
        paymentNotFound,
        paymentNotWaiting,
        customerNotFound,
        unknownPack,
        packNeeded,
        providerNotConfigured,
      ],
      handle: async ({ params, body }) =>
        paymentToWire(
          await payments.assign({
            paymentId: params.payment,
            customer: body.customer,
            pack: body.pack,
            actor: body.actor,
          }),
        ),
    }),
    route({
      method: 'POST',
      path: '/v1/payments/{payment}/dismiss',
      id: 'dismissPayment',
      tag: 'Payments',
      summary: 'Decide that nothing follows from a payment',
      description:
        'For payments that are `unassigned` or `flagged`: refunded by hand, say, or not yours. It stays so, however often the payment is told again.',
      params: paymentParams,
      body: z.strictObject({ reason: textSchema(500), actor: actorField }),
      answer: paymentSchema,
      refusals: [paymentNotFound, paymentNotWaiting, providerNotConfigured],
      handle: async ({ params, body }) =>
        paymentToWire(
          await payments.dismiss({ paymentId: params.payment, reason: body.reason, actor: body.actor }),
        ),
    }),
  ]
}

function placeFrom(cursor: string) {
  const [receivedAt, paymentId] = decodeCursor(
    cursor,
    z.iso.datetime().transform((written) => new Date(written)),
    z.string(),
  )
  return { receivedAt, paymentId }
}
