import { z } from '@hono/zod-openapi'
import { type Route, route } from '../http/route.ts'
import {
  creditsSchema,
  instantSchema,
  instantToWire,
  moneySchema,
  moneyToWire,
  optionalInstantToWire,
  orNull,
  textSchema,
} from '../http/wire.ts'
import { decimalFromCredits } from '../kernel/credits.ts'
import { formatId } from '../kernel/ids.ts'
import { keyReused } from '../ledger/errors.ts'
import { orderNotFound } from '../orders/errors.ts'
import { orderIdFrom } from '../orders/routes.ts'
import { providerNotConfigured } from '../providers/errors.ts'
import * as errors from './errors.ts'
import type { Part } from './quote-refund.ts'
import { type Asked, asOrderRefund, type OrderRefund } from './refund-request.ts'
import type { OrderQuote, Refunds } from './refunds.ts'

const refundSchema = z
  .object({
    id: z.string().nullable().openapi({
      description: 'Null where it was not asked for here, but in the dashboard of the provider.',
      example: 'rfd_06bq5m3k7r8x9z0a1b2c3d4e5f',
    }),
    order: z.string(),
    payment: z.string().openapi({ description: "The provider's id of the payment." }),
    provider_refund: z
      .string()
      .nullable()
      .openapi({ description: "The provider's id of the refund, once it is known." }),
    state: z.enum(['asked', 'pending', 'review', 'succeeded', 'failed']).openapi({
      description:
        '`asked`: written down, and the answer of the provider is not known yet. The others are the provider’s; in `review` its people decide. Until it has `succeeded` or `failed` the credits of the purchase are frozen.',
    }),
    kind: orNull(z.enum(['unused', 'all', 'amount']), 'What was asked for here.'),
    amount: orNull(moneySchema, 'Tax included, in the currency that the customer paid in.'),
    credits: orNull(
      creditsSchema,
      'Of `unused`: the credits that it gives money back for. Null where the amount says how many.',
    ),
    reason: z.string().nullable(),
    actor: z.string().nullable().openapi({ description: 'Who asked, as the request said.' }),
    failure: z.string().nullable().openapi({ description: 'Why nothing was given back.' }),
    created_at: instantSchema.nullable(),
  })
  .openapi('OrderRefund')

const partSchema = z.object({ credits: creditsSchema, amount: moneySchema }).openapi('OrderRefundPart')

const quoteSchema = z
  .object({
    order: z.string(),
    payment: z.string(),
    unit: z.string(),
    paid: moneySchema.openapi({ description: 'Tax included, in the currency that the customer paid in.' }),
    left: moneySchema.openapi({ description: 'What of it the provider can still give back.' }),
    unused: partSchema.openapi({
      description:
        'The credits of this very purchase that are available now, and their share of what was paid, rounded down to whole minor units.',
    }),
    all: partSchema.openapi({
      description:
        'All of its credits that were not taken back yet, also those that are spent; and all that is left.',
    }),
    refundable_until: instantSchema.nullable(),
    refused: orNull(
      z.object({ code: z.string(), detail: z.string() }),
      'Why nothing can be refunded now: the refusal that a refund would meet.',
    ),
  })
  .openapi('OrderRefundQuote')

const askSchema = z
  .strictObject({
    unused: z.literal(true, { error: 'must be true.' }).optional().openapi({
      description: 'Give back exactly the credits that are unused: what the quote says.',
    }),
    all: z
      .literal(true, { error: 'must be true.' })
      .optional()
      .openapi({ description: 'Give back all that is left.' }),
    amount_minor: z
      .int({ error: 'must be a whole number, in minor units: cents for USD.' })
      .min(1, { error: 'must be at least 1.' })
      .optional()
      .openapi({
        description:
          'Give back so much, tax included, in minor units of the currency that the customer paid in.',
      }),
    reason: textSchema(3000).optional().openapi({ description: 'Goes to the provider with the refund.' }),
    actor: textSchema(255).optional().openapi({ description: 'Who asks, for your own records.' }),
  })
  .superRefine(({ unused, all, amount_minor }, context) => {
    const given = [unused, all, amount_minor].filter((field) => field !== undefined).length
    if (given !== 1)
      context.addIssue({ code: 'custom', message: 'must have exactly one of unused, all and amount_minor.' })
  })

const refusalsOfOrder = [orderNotFound, errors.orderNotPaid, errors.paidAmountUnknown, providerNotConfigured]
const params = z.strictObject({ order: z.string() })

export function refundRoutes(refunds: Pick<Refunds, 'quote' | 'refund' | 'list'>): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/orders/{order}/refund-quote',
      id: 'quoteOrderRefund',
      tag: 'Orders',
      summary: 'What of an order can be refunded',
      description: 'The provider is asked how its payment stands. Nothing is changed by it.',
      params,
      answer: quoteSchema,
      refusals: refusalsOfOrder,
      handle: async ({ params }) => quoteToWire(await refunds.quote(orderIdFrom(params.order))),
    }),
    route({
      method: 'POST',
      path: '/v1/orders/{order}/refunds',
      id: 'refundOrder',
      tag: 'Orders',
      summary: 'Give back what was paid for an order',
      description:
        'Answers the refund as far as it is: its end is usually seconds away, and the same key answers how it went on. While it is under way, the credits of the purchase are frozen; when it has succeeded they are taken back, when it has failed they are free again.',
      keyed: true,
      params,
      body: askSchema,
      answer: refundSchema,
      refusals: [
        ...refusalsOfOrder,
        keyReused,
        errors.refundUnderWay,
        errors.paymentDisputed,
        errors.refundWindowOver,
        errors.nothingWasPaid,
        errors.nothingLeftToRefund,
        errors.nothingUnused,
        errors.refundExceedsPayment,
      ],
      handle: async ({ params, body, idempotencyKey }) =>
        refundToWire(
          params.order,
          asOrderRefund(
            await refunds.refund({
              orderId: orderIdFrom(params.order),
              asked: askedFrom(body),
              reason: body.reason,
              actor: body.actor,
              idempotencyKey,
            }),
          ),
        ),
    }),
    route({
      method: 'GET',
      path: '/v1/orders/{order}/refunds',
      id: 'listOrderRefunds',
      tag: 'Orders',
      summary: 'The refunds of an order, oldest first',
      description:
        'All of them: a payment has few. Also those that were made in the dashboard of the provider.',
      params,
      answer: z.object({ data: z.array(refundSchema) }),
      refusals: [orderNotFound],
      handle: async ({ params }) => {
        const found = await refunds.list(orderIdFrom(params.order))
        return { data: found.map((refund) => refundToWire(params.order, refund)) }
      },
    }),
  ]
}

function askedFrom({ all, amount_minor }: z.output<typeof askSchema>): Asked {
  if (amount_minor !== undefined) return { kind: 'amount', amountMinor: BigInt(amount_minor) }
  return { kind: all === true ? 'all' : 'unused' }
}

function refundToWire(order: string, refund: OrderRefund): z.input<typeof refundSchema> {
  const { request, amount } = refund
  return {
    id: request === undefined ? null : formatId('refund', request.id),
    order,
    payment: refund.paymentId,
    provider_refund: refund.refundId ?? null,
    state: refund.state,
    kind: request?.kind ?? null,
    amount: amount === undefined ? null : moneyToWire(amount),
    credits: request?.credits === undefined ? null : decimalFromCredits(request.credits),
    reason: refund.reason ?? null,
    actor: request?.actor ?? null,
    failure: request?.failure ?? null,
    created_at: optionalInstantToWire(refund.createdAt),
  }
}

function quoteToWire(quote: OrderQuote): z.input<typeof quoteSchema> {
  const { order, refused } = quote
  return {
    order: formatId('order', order.id),
    payment: quote.paymentId,
    unit: order.unit,
    paid: moneyToWire(quote.paid),
    left: moneyToWire(quote.left),
    unused: partToWire(quote.unused),
    all: partToWire(quote.all),
    refundable_until: quote.refundableUntil === undefined ? null : instantToWire(quote.refundableUntil),
    refused: refused === undefined ? null : { code: refused.code, detail: refused.message },
  }
}

function partToWire({ credits, amount }: Part): z.input<typeof partSchema> {
  return { credits: decimalFromCredits(credits), amount: moneyToWire(amount) }
}
