import { z } from '@hono/zod-openapi'
import { type Route, route } from '../http/route.ts'
import {
  customerIdSchema,
  instantSchema,
  instantToWire,
  optionalInstantToWire,
  textSchema,
} from '../http/wire.ts'
import type { ShownCustomer } from './customer.ts'
import type { Customers } from './customers.ts'
import { customerNotFound } from './errors.ts'

const blockSchema = z
  .object({
    actor: z.string().nullable().openapi({ description: 'Who decided it; null for a dispute.' }),
    dispute: z
      .string()
      .nullable()
      .openapi({ description: "The provider's dispute that is undecided or lost; null for a decision." }),
    reason: z.string(),
    since: instantSchema,
  })
  .openapi('CustomerBlock')

const customerSchema = z
  .object({
    id: z.string(),
    email: z.string().nullable(),
    name: z.string().nullable(),
    created_at: instantSchema,
    erased_at: instantSchema
      .nullable()
      .openapi({ description: 'When e-mail and name were erased, and none was given since.' }),
    block: blockSchema.nullable().openapi({ description: 'Why the customer can start no checkout.' }),
  })
  .openapi('Customer')

const emailSchema = z
  .email({ error: 'must be an e-mail address, or null to clear it.' })
  .max(320, { error: 'must have at most 320 characters.' })

export interface CustomersForRoutes extends Pick<Customers, 'put' | 'block' | 'unblock'> {
  /** @throws customerNotFound */
  erase(customer: string): Promise<ShownCustomer>
}

const decisionSchema = z.strictObject({
  actor: textSchema(200).openapi({
    description: 'Who decides: a person of yours, as you call them. It is kept.',
    example: 'grace@example.com',
  }),
  reason: textSchema(500),
})

const customerParams = z.strictObject({ customer: customerIdSchema })

export function customerRoutes(customers: CustomersForRoutes): Route[] {
  return [
    route({
      method: 'PUT',
      path: '/v1/customers/{customer}',
      id: 'putCustomer',
      tag: 'Customers',
      summary: "Note a customer's e-mail and name",
      description:
        'For the checkout. A field left out stays as it is, null clears it. A customer first heard of here, as anywhere, exists from then on and gets the welcome credits.',
      params: customerParams,
      body: z.strictObject({
        email: emailSchema.nullable().optional(),
        name: textSchema(200).nullable().optional(),
      }),
      answer: customerSchema,
      refusals: [],
      handle: async ({ params, body }) => customerToWire(await customers.put({ ...params, ...body })),
    }),
    route({
      method: 'POST',
      path: '/v1/customers/{customer}/erase',
      id: 'eraseCustomer',
      tag: 'Customers',
      summary: 'Forget who a customer is',
      description:
        "Blanks e-mail and name, the link to the customer at the payment provider, the bodies of the provider's messages about their purchases, and why they were blocked, refunded, disputed or dismissed. Wallets, entries and orders stay, under the app's own id. May be repeated.",
      params: customerParams,
      answer: customerSchema,
      refusals: [customerNotFound],
      handle: async ({ params }) => customerToWire(await customers.erase(params.customer)),
    }),
    route({
      method: 'POST',
      path: '/v1/customers/{customer}/block',
      id: 'blockCustomer',
      tag: 'Customers',
      summary: 'Let a customer buy nothing more',
      description:
        'Their checkouts are refused until somebody lifts that; what they have they may spend. A repeat changes nothing. Disputes block by themselves, unless the catalog says otherwise.',
      params: customerParams,
      body: decisionSchema,
      answer: customerSchema,
      refusals: [customerNotFound],
      handle: async ({ params, body }) => customerToWire(await customers.block({ ...params, ...body })),
    }),
    route({
      method: 'POST',
      path: '/v1/customers/{customer}/unblock',
      id: 'unblockCustomer',
      tag: 'Customers',
      summary: 'Let a blocked customer buy again',
      description:
        'Lifts what a person decided, and what follows from the disputes that are known by now; a later dispute blocks anew. A repeat changes nothing.',
      params: customerParams,
      body: decisionSchema,
      answer: customerSchema,
      refusals: [customerNotFound],
      handle: async ({ params, body }) => customerToWire(await customers.unblock({ ...params, ...body })),
    }),
  ]
}

function customerToWire(customer: ShownCustomer): z.input<typeof customerSchema> {
  const { block } = customer
  return {
    id: customer.id,
    email: customer.email ?? null,
    name: customer.name ?? null,
    created_at: instantToWire(customer.createdAt),
    erased_at: optionalInstantToWire(customer.erasedAt),
    block:
      block === undefined
        ? null
        : {
            actor: block.actor ?? null,
            dispute: block.dispute ?? null,
            reason: block.reason,
            since: instantToWire(block.since),
          },
  }
}
