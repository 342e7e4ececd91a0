import { z } from '@hono/zod-openapi'
import { type Route, route } from '../http/route.ts'
import { creditsSchema, moneySchema, moneyToWire } from '../http/wire.ts'
import { decimalFromCredits } from '../kernel/credits.ts'
import type { Mode } from '../kernel/ids.ts'
import type { Catalog } from './catalog.ts'

const pricesSchema = z
  .object({
    catalog: z.string().openapi({ description: "SHA-256 of the catalog's content, in hex." }),
    mode: z.enum(['test', 'live']),
    units: z.array(z.object({ unit: z.string(), name: z.string() })),
    actions: z.array(
      z.object({ action: z.string(), name: z.string(), unit: z.string(), credits: creditsSchema }),
    ),
    packs: z.array(
      z.object({
        pack: z.string(),
        name: z.string(),
        unit: z.string(),
        credits: creditsSchema,
        price: moneySchema,
      }),
    ),
    welcome: z.object({ unit: z.string(), credits: creditsSchema }).nullable(),
  })
  .openapi('Prices')

export interface CatalogInUse {
  readonly mode: Mode
  catalog(): Catalog
}

export function catalogRoutes(engine: CatalogInUse): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/prices',
      id: 'getPrices',
      tag: 'Prices',
      summary: 'What actions cost and which packs are sold',
      answer: pricesSchema,
      refusals: [],
      handle: () => pricesToWire(engine.catalog(), engine.mode),
    }),
  ]
}

function pricesToWire(catalog: Catalog, mode: Mode): z.input<typeof pricesSchema> {
  const { hash, unitsById, actionsById, packsById, welcome } = catalog
  return {
    catalog: hash,
    mode,
    units: [...unitsById.values()].map(({ id, name }) => ({ unit: id, name })),
    actions: [...actionsById.values()].map(({ id, name, unit, credits }) => ({
      action: id,
      name,
      unit,
      credits: decimalFromCredits(credits),
    })),
    packs: [...packsById.values()].map(({ id, name, unit, credits, price }) => ({
      pack: id,
      name,
      unit,
      credits: decimalFromCredits(credits),
      price: moneyToWire(price),
    })),
    welcome:
      welcome === undefined ? null : { unit: welcome.unit, credits: decimalFromCredits(welcome.credits) },
  }
}
