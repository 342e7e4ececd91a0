import { z } from '@hono/zod-openapi'
import { type Route, route } from '../http/route.ts'
import { creditsSchema, moneySchema, moneyToWire, orNull } from '../http/wire.ts'
import { decimalFromCredits } from '../kernel/credits.ts'
import type { Mode } from '../kernel/ids.ts'
import type { Catalog } from './catalog.ts'

const chosenAmountSchema = z
  .object({
    min: moneySchema,
    max: moneySchema,
    credits_per_minor_unit: creditsSchema.openapi({
      description: 'What each smallest unit of the currency (cents for USD) brings, exact.',
    }),
  })
  .openapi('ChosenAmount')

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
        credits: creditsSchema.openapi({ description: 'With a chosen amount, those of the least.' }),
        price: moneySchema.openapi({ description: 'With a chosen amount, the least of it.' }),
        chosen_amount: orNull(chosenAmountSchema, 'Where the customer chooses what to pay.'),
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
    packs: [...packsById.values()].map(({ id, name, unit, credits, price, chosen }) => ({
      pack: id,
      name,
      unit,
      credits: decimalFromCredits(credits),
      price: moneyToWire(price),
      chosen_amount:
        chosen === undefined
          ? null
          : {
              min: moneyToWire(price),
              max: moneyToWire({ amountMinor: chosen.maxMinor, currency: price.currency }),
              credits_per_minor_unit: decimalFromCredits(chosen.creditsPerMinor),
            },
    })),
    welcome:
      welcome === undefined ? null : { unit: welcome.unit, credits: decimalFromCredits(welcome.credits) },
  }
}
