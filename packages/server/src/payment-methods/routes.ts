import { z } from '@hono/zod-openapi'
import { type Route, route } from '../http/route.ts'
import {
  customerIdSchema,
  instantSchema,
  instantToWire,
  orNull,
  textSchema,
  webUrlSchema,
} from '../http/wire.ts'
import { formatId } from '../kernel/ids.ts'
import { providerNotConfigured } from '../providers/errors.ts'
import { notAtProvider, paymentMethodNotFound } from './errors.ts'
import type { PaymentMethods, SavedPaymentMethod } from './payment-methods.ts'

const consentSchema = z
  .object({
    text: z.string().openapi({ description: 'What the customer was shown and agreed to.' }),
    given_at: instantSchema,
    url: z.string().nullable(),
    ip: z.string().nullable(),
    order: z.string(),
  })
  .openapi('PaymentConsent')

const methodSchema = z
  .object({
    id: z.string().openapi({ description: "The provider's id of it." }),
    kind: z.string().openapi({ example: 'card' }),
    network: z.string().nullable(),
    last_four: z.string().nullable(),
    expiry: orNull(z.object({ month: z.string(), year: z.string() }), 'Of a card.'),
    may_be_charged: z.boolean().openapi({
      description:
        'Whether it may be charged while the customer is away: it can be, and they agreed to that.',
    }),
    consent: orNull(consentSchema, 'Null where it was saved without one: then it is not charged.'),
  })
  .openapi('PaymentMethod')

function methodToWire(method: SavedPaymentMethod): z.input<typeof methodSchema> {
  const { consent } = method
  return {
    id: method.methodId,
    kind: method.kind,
    network: method.network ?? null,
    last_four: method.lastFour ?? null,
    expiry: method.expiry ?? null,
    may_be_charged: method.mayBeCharged,
    consent:
      consent === undefined
        ? null
        : {
            text: consent.text,
            given_at: instantToWire(consent.givenAt),
            url: consent.url ?? null,
            ip: consent.ip ?? null,
            order: formatId('order', consent.orderId),
          },
  }
}

const customerParams = z.strictObject({ customer: customerIdSchema })

export function paymentMethodRoutes(methods: PaymentMethods): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/customers/{customer}/payment-methods',
      id: 'listPaymentMethods',
      tag: 'Payment methods',
      summary: 'Ways to pay that the customer saved',
      description: 'Asked of the payment provider, with the consent that each was saved with.',
      params: customerParams,
      answer: z.object({ data: z.array(methodSchema) }),
      refusals: [providerNotConfigured],
      handle: async ({ params }) => ({ data: (await methods.list(params.customer)).map(methodToWire) }),
    }),
    route({
      method: 'POST',
      path: '/v1/customers/{customer}/payment-methods/{method}/remove',
      id: 'removePaymentMethod',
      tag: 'Payment methods',
      summary: 'Remove a saved way to pay',
      description: 'At the payment provider too. Its consent ends and is kept as what was agreed to.',
      params: customerParams.extend({ method: textSchema(200) }),
      answer: z.object({}),
      refusals: [paymentMethodNotFound, providerNotConfigured],
      handle: async ({ params }) => {
        await methods.remove(params.customer, params.method)
        return {}
      },
    }),
    route({
      method: 'POST',
      path: '/v1/customers/{customer}/portal',
      id: 'createPortalLink',
      tag: 'Payment methods',
      summary: "A link to the payment provider's pages for this customer",
      description:
        'There they see their payments, invoices and saved ways to pay. Valid for a day: make it when it is asked for, and show it to this customer alone.',
      params: customerParams,
      body: z.strictObject({
        return_url: webUrlSchema.optional().openapi({ description: 'Where its back button leads.' }),
      }),
      answer: z.object({ url: z.string() }),
      refusals: [notAtProvider, providerNotConfigured],
      handle: async ({ params, body }) => ({
        url: await methods.portalLink(params.customer, body.return_url),
      }),
    }),
  ]
}
