import { z } from '@hono/zod-openapi'
import { type Route, route } from '../http/route.ts'
import { customerIdSchema, instantSchema, instantToWire, textSchema } from '../http/wire.ts'
import type { Customers } from './customers.ts'

const customerSchema = z
  .object({
    id: z.string(),
    email: z.string().nullable(),
    name: z.string().nullable(),
    created_at: instantSchema,
  })
  .openapi('Customer')

const emailSchema = z
  .email({ error: 'must be an e-mail address, or null to clear it.' })
  .max(320, { error: 'must have at most 320 characters.' })

export function customerRoutes(customers: Pick<Customers, 'put'>): Route[] {
  return [
    route({
      method: 'PUT',
      path: '/v1/customers/{customer}',
      id: 'putCustomer',
      tag: 'Customers',
      summary: "Note a customer's e-mail and name",
      description:
        'For the checkout. A field left out stays as it is, null clears it. A customer first heard of here, as anywhere, exists from then on and gets the welcome credits.',
      params: z.strictObject({ customer: customerIdSchema }),
      body: z.strictObject({
        email: emailSchema.nullable().optional(),
        name: textSchema(200).nullable().optional(),
      }),
      answer: customerSchema,
      refusals: [],
      handle: async ({ params, body }) => {
        const customer = await customers.put({ ...params, ...body })
        return {
          id: customer.id,
          email: customer.email ?? null,
          name: customer.name ?? null,
          created_at: instantToWire(customer.createdAt),
        }
      },
    }),
  ]
}
