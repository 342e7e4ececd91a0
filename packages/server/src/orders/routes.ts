import { z } from '@hono/zod-openapi'
import { unknownPack } from '../catalog/errors.ts'
import { invalidRequest } from '../http/errors.ts'
import { decodeCursor, encodeCursor, pageQuery, pageSchema, pageSize } from '../http/page.ts'
import { type Route, route } from '../http/route.ts'
import {
  creditsSchema,
  customerIdSchema,
  instantSchema,
  instantToWire,
  moneySchema,
  moneyToWire,
  optionalInstantToWire,
  orNull,
} from '../http/wire.ts'
import { decimalFromCredits } from '../kernel/credits.ts'
import { formatId, formatIdInWallet, parseId, type Uuid } from '../kernel/ids.ts'
import { keyReused } from '../ledger/errors.ts'
import { discountNotValid, productMismatch, providerNotConfigured } from '../providers/errors.ts'
import { invalidChosenAmount, invalidQuantity, orderNotFound } from './errors.ts'
import { netPrice, type Order, quantityMax } from './order.ts'
import type { Orders } from './orders.ts'

const orderSchema = z
  .object({
    id: z.string().openapi({ example: 'ord_06bq5m3k7r8x9z0a1b2c3d4e5f' }),
    customer: z.string(),
    pack: z.string(),
    pack_name: z.string().openapi({ description: 'As it was when the order was made.' }),
    quantity: z.int(),
    unit: z.string(),
    credits: creditsSchema.openapi({ description: 'In all: those of the pack × quantity.' }),
    price: moneySchema.openapi({
      description:
        'In all, before tax and discount: that of the pack × quantity, or what the customer chose.',
    }),
    discount: orNull(
      z.object({ code: z.string(), amount: moneySchema }).openapi('Discount'),
      'What is taken off the price: frozen before the checkout began.',
    ),
    net_price: moneySchema.openapi({ description: 'What is to be paid, before tax.' }),
    billing_country: z.string().nullable(),
    state: z.enum(['created', 'open', 'paid', 'credited']),
    checkout_url: z.string().nullable().openapi({ description: 'Where the customer pays.' }),
    provider: z.string(),
    provider_session: z.string().nullable(),
    payment: z
      .string()
      .nullable()
      .openapi({ description: "The provider's id of the payment that was credited." }),
    lot: z.string().nullable(),
    mode: z.enum(['test', 'live']),
    created_at: instantSchema,
    paid_at: instantSchema.nullable(),
    credited_at: instantSchema.nullable(),
    failure: z
      .object({
        code: z.string(),
        message: z.string().openapi({ description: 'A sentence for the customer.' }),
      })
      .nullable()
      .openapi({
        description:
          'Why the last attempt to pay failed. The order stays open, and another attempt clears it.',
      }),
  })
  .openapi('Order')

function orderToWire(order: Order): z.input<typeof orderSchema> {
  return {
    id: formatId('order', order.id),
    customer: order.customer,
    pack: order.pack,
    pack_name: order.packName,
    quantity: order.quantity,
    unit: order.unit,
    credits: decimalFromCredits(order.credits),
    price: moneyToWire(order.price),
    discount:
      order.discount === undefined
        ? null
        : {
            code: order.discount.code,
            amount: moneyToWire({
              amountMinor: order.discount.amountMinor,
              currency: order.price.currency,
            }),
          },
    net_price: moneyToWire(netPrice(order)),
    billing_country: order.billingCountry ?? null,
    state: order.state,
    checkout_url: order.checkoutUrl ?? null,
    provider: order.provider,
    provider_session: order.sessionId ?? null,
    payment: order.paymentId ?? null,
    lot: order.lot === undefined ? null : formatIdInWallet('lot', order.lot),
    mode: order.mode,
    created_at: instantToWire(order.createdAt),
    paid_at: optionalInstantToWire(order.paidAt),
    credited_at: optionalInstantToWire(order.creditedAt),
    failure: order.failure ?? null,
  }
}

const webUrl = z
  .url({ protocol: /^https?$/, error: 'must be a URL that starts with http:// or https://.' })
  .max(2048, { error: 'must have at most 2048 characters.' })

const checkoutSchema = z.strictObject({
  customer: customerIdSchema,
  pack: z.string().openapi({ description: 'A pack of the catalog.', example: 'power' }),
  quantity: z
    .int({ error: 'must be a whole number.' })
    .min(1, { error: 'must be at least 1.' })
    .max(quantityMax, { error: `must be at most ${quantityMax}.` })
    .optional()
    .openapi({ description: '1 unless given.' }),
  amount: z
    .int({ error: 'must be a whole number, in minor units: cents for USD.' })
    .min(1, { error: 'must be at least 1.' })
    .optional()
    .openapi({
      description:
        'What the customer chose to pay, before tax, in minor units (cents for USD): for packs with `chosen_amount`, and for those alone.',
    }),
  discount_code: z
    .string()
    .trim()
    .regex(/^[\w-]{1,64}$/, { error: 'must be 1 to 64 letters, digits, dashes or underscores.' })
    .transform((code) => code.toUpperCase())
    .optional()
    .openapi({
      type: 'string',
      description:
        'A discount of the payment provider. One that does not hold is refused: discount_not_valid.',
    }),
  billing_country: z
    .string()
    .regex(/^[A-Z]{2}$/, { error: 'must be a country of ISO 3166, two capital letters: "DE".' })
    .optional()
    .openapi({
      description:
        'Where the customer is, ISO 3166 alpha-2, if you know: the checkout begins with its tax and currency.',
      example: 'DE',
    }),
  return_url: webUrl.openapi({
    description:
      'Where the customer comes back to, paid or not. What its query says is not to be trusted: wait for the order or the balance.',
  }),
  cancel_url: webUrl.optional().openapi({ description: 'Where the back button of the checkout leads.' }),
})

type ForRoutes = Pick<Orders, 'checkout' | 'order' | 'list'>

export function orderRoutes(orders: ForRoutes): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/checkouts',
      id: 'createCheckout',
      tag: 'Orders',
      summary: 'Start buying a pack',
      description:
        'Answers an open order. Send the customer to its `checkout_url`; the credits arrive when the provider has confirmed the payment, whether the customer comes back or not. The same key answers the same order.',
      keyed: true,
      body: checkoutSchema,
      answer: orderSchema,
      refusals: [
        unknownPack,
        invalidQuantity,
        invalidChosenAmount,
        discountNotValid,
        keyReused,
        productMismatch,
        providerNotConfigured,
      ],
      handle: async ({ body, idempotencyKey }) =>
        orderToWire(
          await orders.checkout({
            customer: body.customer,
            pack: body.pack,
            quantity: body.quantity,
            amountMinor: body.amount === undefined ? undefined : BigInt(body.amount),
            discountCode: body.discount_code,
            billingCountry: body.billing_country,
            returnUrl: body.return_url,
            cancelUrl: body.cancel_url,
            idempotencyKey,
          }),
        ),
    }),
    route({
      method: 'GET',
      path: '/v1/orders/{order}',
      id: 'getOrder',
      tag: 'Orders',
      summary: 'An order',
      params: z.strictObject({ order: z.string() }),
      answer: orderSchema,
      refusals: [orderNotFound],
      handle: async ({ params }) => orderToWire(await orders.order(orderIdFrom(params.order))),
    }),
    route({
      method: 'GET',
      path: '/v1/customers/{customer}/orders',
      id: 'listOrders',
      tag: 'Orders',
      summary: "A customer's orders, newest first",
      params: z.strictObject({ customer: customerIdSchema }),
      query: z.strictObject(pageQuery),
      answer: pageSchema(orderSchema),
      refusals: [invalidRequest],
      handle: async ({ params, query }) => {
        const [before] = query.cursor === undefined ? [undefined] : decodeCursor(query.cursor, z.uuid())
        const { orders: found, next } = await orders.list(params.customer, {
          limit: pageSize(query.limit),
          before,
        })
        return { data: found.map(orderToWire), next_cursor: next === undefined ? null : encodeCursor([next]) }
      },
    }),
  ]
}

export function orderIdFrom(text: string): Uuid {
  const id = parseId('order', text)
  if (id === undefined) throw orderNotFound({})
  return id
}
