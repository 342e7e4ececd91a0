import { z } from '@hono/zod-openapi'
import { customerNotFound } from '../customers/errors.ts'
import { type Route, route } from '../http/route.ts'
import {
  creditsSchema,
  customerIdSchema,
  instantSchema,
  instantToWire,
  optionalInstantToWire,
} from '../http/wire.ts'
import { decimalFromCredits } from '../kernel/credits.ts'
import { mergedBefore, mergeIntoItself } from './errors.ts'
import { creditsOf } from './merge.ts'
import type { Merged, Merges } from './merges.ts'

const mergeSchema = z
  .object({
    customer: z.string(),
    into: z.string(),
    merged_at: instantSchema,
    moved: z
      .array(
        z
          .object({
            unit: z.string(),
            credits: creditsSchema,
            lots: z.int().openapi({ description: 'Of how many lots.' }),
            taken_at: instantSchema,
            arrived_at: instantSchema
              .nullable()
              .openapi({ description: 'Null while it is on its way, which a job sees to.' }),
          })
          .openapi('MovedCredits'),
      )
      .openapi({ description: 'What went over so far, oldest first: the last hundred.' }),
  })
  .openapi('Merge')

export function mergeRoutes(merges: Merges): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/customers/{customer}/merge',
      id: 'mergeCustomer',
      tag: 'Customers',
      summary: "Move what is left of a customer's credits to another",
      description:
        'For an anonymous visitor who signs in. Each lot arrives with its source, name, expiry, scope and all the rest. Welcome credits stay behind, for `into` got their own; so do frozen lots, and held credits, until they are free: a merge stands, and what becomes available later follows by itself. May be repeated.',
      params: z.strictObject({ customer: customerIdSchema }),
      body: z.strictObject({ into: customerIdSchema }),
      answer: mergeSchema,
      refusals: [customerNotFound, mergeIntoItself, mergedBefore],
      handle: async ({ params, body }) => mergeToWire(await merges.merge({ ...params, ...body })),
    }),
  ]
}

function mergeToWire({ customer, into, createdAt, takings }: Merged): z.input<typeof mergeSchema> {
  return {
    customer,
    into,
    merged_at: instantToWire(createdAt),
    moved: takings.map((taking) => ({
      unit: taking.unit,
      credits: decimalFromCredits(creditsOf(taking)),
      lots: taking.lots.length,
      taken_at: instantToWire(taking.takenAt),
      arrived_at: optionalInstantToWire(taking.arrivedAt),
    })),
  }
}
