import { z } from '@hono/zod-openapi'
import { unknownPack } from '../catalog/errors.ts'
import { customerBlocked } from '../customers/errors.ts'
import { decodeCursor, encodeCursor, pageQuery, pageSchema, pageSize } from '../http/page.ts'
import { fileSchema, type Route, route } from '../http/route.ts'
import { customerIdSchema, textSchema, webUrlSchema } from '../http/wire.ts'
import { formatId, parseId, type Uuid } from '../kernel/ids.ts'
import { invalidRequest } from '../kernel/invalid-request.ts'
import { keyReused } from '../ledger/errors.ts'
import { discountNotValid, productMismatch, providerNotConfigured } from '../providers/errors.ts'
import { invalidChosenAmount, invalidQuantity, invoiceNotFound, orderNotFound } from './errors.ts'
import { quantityMax } from './order.ts'
import type { Orders } from './orders.ts'
import { orderSchema, orderToWire } from './wire.ts'

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
  save_payment_method: z
    .strictObject({
      consent_text: textSchema(2000).openapi({
        description: 'What the customer was shown and agreed to, word for word.',
      }),
      url: webUrlSchema.optional().openapi({ description: 'The page where they agreed.' }),
      ip: z
        .union([z.ipv4(), z.ipv6()], { error: 'must be an IP address.' })
        .optional()
        .openapi({ description: 'From where they agreed.' }),
    })
    .optional()
    .openapi({
      description:
        'The customer lets you charge the way to pay that they save at this checkout. Recorded before the checkout begins; without it nothing is ever charged while they are away.',
    }),
  return_url: webUrlSchema.openapi({
    description:
      'Where the customer comes back to, paid or not. What its query says is not to be trusted: wait for the order or the balance.',
  }),
  cancel_url: webUrlSchema
    .optional()
    .openapi({ description: 'Where the back button of the checkout leads.' }),
})

type ForRoutes = Pick<Orders, 'checkout' | 'order' | 'list' | 'invoice'>

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
        customerBlocked,
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
            consent: body.save_payment_method && {
              text: body.save_payment_method.consent_text,
              url: body.save_payment_method.url,
              ip: body.save_payment_method.ip,
            },
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
      path: '/v1/orders/{order}/invoice',
      id: 'getInvoice',
      tag: 'Orders',
      summary: "The invoice of an order's payment, as a PDF",
      description:
        "Passed on from the payment provider as it is. It needs your secret key: hand the bytes on to your customer, don't link to it.",
      params: z.strictObject({ order: z.string() }),
      answer: fileSchema,
      answerType: 'application/pdf',
      refusals: [orderNotFound, invoiceNotFound, providerNotConfigured],
      handle: async ({ params }) => {
        const orderId = orderIdFrom(params.order)
        return {
          bytes: await orders.invoice(orderId),
          fileName: `invoice-${formatId('order', orderId)}.pdf`,
        }
      },
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
