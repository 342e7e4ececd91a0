import { z } from '@hono/zod-openapi'
import { invalidAmount, unknownAction, unknownUnit } from '../../catalog/errors.ts'
import { decodeCursor, encodeCursor, pageQuery, pageSchema, pageSize } from '../../http/page.ts'
import { type Route, route } from '../../http/route.ts'
import {
  catalogNameSchema,
  creditsSchema,
  factsToWire,
  instantInputSchema,
  instantSchema,
  instantToWire,
  orNull,
} from '../../http/wire.ts'
import { decimalFromCredits, zeroCredits } from '../../kernel/credits.ts'
import {
  formatId,
  formatIdInWallet,
  formatTransactionId,
  parseId,
  parseIdInWallet,
  type Uuid,
} from '../../kernel/ids.ts'
import { invalidRequest } from '../../kernel/invalid-request.ts'
import type { InsufficientCredits } from '../errors.ts'
import type { EntryView } from '../list-entries.ts'
import type { LedgerRequests } from '../requests.ts'
import { lotSchema, lotToWire, sourceSchema } from './lots.ts'
import {
  balanceSchema,
  balanceToWire,
  checkPriced,
  customerParams,
  packOfferSchema,
  pricedFields,
  sharesSchema,
  sharesToWire,
  spendingOf,
  unitField,
} from './wire.ts'

const balanceWithLotsSchema = balanceSchema
  .extend({
    lots: z.array(lotSchema).openapi({
      description:
        'With something left, in the order in which they burn: the first 100. The rest: `GET /v1/customers/{customer}/lots?open=true`.',
    }),
    lot_count: z.int().openapi({ description: 'How many lots have something left.' }),
  })
  .openapi('BalanceWithLots')

const pastBalanceSchema = z
  .object({
    customer: z.string(),
    unit: z.string(),
    at: instantSchema,
    available: creditsSchema,
    held: creditsSchema,
    debt: creditsSchema,
  })
  .openapi('PastBalance')

const quoteSchema = z
  .object({
    customer: z.string(),
    unit: z.string(),
    action: z.string().nullable(),
    affordable: z.boolean(),
    required: creditsSchema,
    spendable: creditsSchema.openapi({
      description: 'What this action could use: lots that only it and some others may use included.',
    }),
    missing: creditsSchema,
    from: sharesSchema('Which lots would pay, in the order in which they burn: as far as they go.'),
    refusal: z.string().nullable().openapi({
      description: 'The code that a charge would be refused with.',
      example: 'insufficient_credits',
    }),
    pack: orNull(packOfferSchema, 'The smallest pack that covers what is missing.'),
    message: z.string().nullable().openapi({ description: 'Of a refusal: a sentence for the end user.' }),
  })
  .openapi('Quote')

const accountSchema = z.enum(['issued', 'available', 'held', 'spent', 'expired', 'revoked', 'debt'])

const entryOperations = [
  'grant',
  'adjust',
  'charge',
  'hold',
  'capture',
  'release',
  'checkpoint',
  'extend',
  'refund',
  'revoke',
  'freeze',
  'unfreeze',
  'lapse',
  'expire',
  'repay',
] as const

const entrySchema = z
  .object({
    transaction: z.string().openapi({ example: 'txn_…' }),
    operation: z.enum(entryOperations),
    lot: z.string().nullable().openapi({ description: 'Null where debt was made or repaid.' }),
    lot_name: z.string().nullable(),
    lot_source: sourceSchema.nullable(),
    from: accountSchema
      .nullable()
      .openapi({ description: 'Null, as `to`, for a note of what moved nothing.' }),
    to: accountSchema.nullable(),
    credits: creditsSchema,
    action: z.string().nullable(),
    description: z.string().nullable(),
    actor: z.string().nullable().openapi({ description: 'Who adjusted.' }),
    hold: z.string().nullable(),
    order: z.string().nullable(),
    about: z
      .string()
      .nullable()
      .openapi({ description: 'The transaction that was refunded, or whose debt was repaid.' }),
    effective_at: instantSchema.openapi({ description: 'When it happened.' }),
    recorded_at: instantSchema.openapi({
      description: 'When it was written: later than it happened for lapses and expiries.',
    }),
  })
  .openapi('Entry', { description: 'One movement of credits of one lot between two accounts of a wallet.' })

const entriesFilter = {
  from: instantInputSchema.optional().openapi({ description: 'Recorded then or later.' }),
  until: instantInputSchema.optional().openapi({ description: 'Recorded before.' }),
  lot: z.string().optional(),
  action: catalogNameSchema.optional(),
  hold: z.string().optional(),
  order: z.string().optional().openapi({ description: 'Of lots that this order bought.' }),
}

export function balanceRoutes(engine: LedgerRequests): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/customers/{customer}/balance',
      id: 'getBalance',
      tag: 'Customers',
      summary: "A customer's balance and lots",
      description:
        'A customer first heard of here, as anywhere, exists from then on and gets the welcome credits, once.',
      params: customerParams,
      query: z.strictObject({ unit: unitField }),
      answer: balanceWithLotsSchema,
      refusals: [unknownUnit],
      handle: async ({ params, query }) => {
        const { balance, lots, lotCount, owner, walletId } = await engine.balance({ ...params, ...query })
        return {
          ...balanceToWire(balance, owner),
          lots: lots.map((lot) => lotToWire(lot, walletId)),
          lot_count: lotCount,
        }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/customers/{customer}/balance-at',
      id: 'getBalanceAt',
      tag: 'Customers',
      summary: 'What was in the wallet at an instant',
      description:
        'By what had happened by then, also where it was recorded later. Of an instant to come: what will be if nothing but time happens.',
      params: customerParams,
      query: z.strictObject({ at: instantInputSchema, unit: unitField }),
      answer: pastBalanceSchema,
      refusals: [unknownUnit],
      handle: async ({ params, query }) => {
        const { owner, available, held, debt } = await engine.balanceAt({ ...params, ...query })
        return {
          customer: owner.customer,
          unit: owner.unit,
          at: instantToWire(query.at),
          available: decimalFromCredits(available),
          held: decimalFromCredits(held),
          debt: decimalFromCredits(debt),
        }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/customers/{customer}/quote',
      id: 'getQuote',
      tag: 'Customers',
      summary: 'What a charge would cost, and whether it can be afforded',
      description:
        'Sets nothing aside: only the charge itself, or a hold, makes it so. Limits are not looked at.',
      params: customerParams,
      query: z
        .strictObject({
          ...pricedFields,
          quantity: z.coerce.number().pipe(pricedFields.quantity.unwrap()).optional(),
        })
        .superRefine(checkPriced),
      answer: quoteSchema,
      refusals: [unknownAction, unknownUnit, invalidAmount],
      handle: async ({ params, query }) => {
        const quote = await engine.quote({ ...spendingOf(query), ...params })
        const { owner, walletId, action, required, spendable, shares, refusal } = quote
        // A charge that names no limit is refused for want of credits and nothing else.
        const facts = refusal?.facts as InsufficientCredits | undefined
        const { pack = null, message = null } = factsToWire({ ...facts }) as {
          pack?: z.input<typeof packOfferSchema> | null
          message?: string
        }
        return {
          customer: owner.customer,
          unit: owner.unit,
          action: action ?? null,
          affordable: refusal === undefined,
          required: decimalFromCredits(required),
          spendable: decimalFromCredits(spendable),
          missing: decimalFromCredits(facts?.missing ?? zeroCredits),
          from: sharesToWire(shares, walletId),
          refusal: refusal?.code ?? null,
          pack,
          message,
        }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/customers/{customer}/entries',
      id: 'listEntries',
      tag: 'Customers',
      summary: 'Every movement of credits, newest first',
      description: 'Of several filters all hold.',
      params: customerParams,
      query: z.strictObject({ unit: unitField, ...entriesFilter, ...pageQuery }),
      answer: pageSchema(entrySchema),
      refusals: [unknownUnit],
      handle: async ({ params, query }) => {
        const { unit, from, until, action } = query
        const { entries, next, walletId } = await engine.entries({
          ...params,
          unit,
          from,
          until,
          action,
          lot: filteredId('lot', query.lot, (text) => parseIdInWallet('lot', text)?.id),
          hold: filteredId('hold', query.hold, (text) => parseIdInWallet('hold', text)?.id),
          order: filteredId('order', query.order, (text) => parseId('order', text)),
          limit: pageSize(query.limit),
          before: query.cursor === undefined ? undefined : entriesCursor(query.cursor),
        })
        return {
          data: entries.map((entry) => entryToWire(entry, walletId)),
          next_cursor: next === undefined ? null : encodeCursor([next.toString()]),
        }
      },
    }),
  ]
}

function filteredId(
  name: string,
  text: string | undefined,
  parse: (text: string) => Uuid | undefined,
): Uuid | undefined {
  if (text === undefined) return undefined
  const id = parse(text)
  if (id !== undefined) return id
  const message = `must be the id of ${name === 'order' ? 'an' : 'a'} ${name}.`
  throw invalidRequest({ issues: [{ path: `query.${name}`, message }] })
}

function entriesCursor(text: string): bigint {
  const [number] = decodeCursor(text, z.string().regex(/^\d{1,18}$/))
  return BigInt(number)
}

function entryToWire(entry: EntryView, walletId: Uuid): z.input<typeof entrySchema> {
  const { lot, holdId, aboutTransaction } = entry
  return {
    transaction: formatTransactionId({ walletId, transaction: entry.transaction }),
    operation: entry.operation,
    lot: lot === undefined ? null : formatIdInWallet('lot', { walletId, id: lot.id }),
    lot_name: lot?.name ?? null,
    lot_source: lot?.source ?? null,
    from: entry.from ?? null,
    to: entry.to ?? null,
    credits: decimalFromCredits(entry.credits),
    action: entry.action ?? null,
    description: entry.description ?? null,
    actor: entry.actor ?? null,
    hold: holdId === undefined ? null : formatIdInWallet('hold', { walletId, id: holdId }),
    order: lot?.orderId === undefined ? null : formatId('order', lot.orderId),
    about:
      aboutTransaction === undefined
        ? null
        : formatTransactionId({ walletId, transaction: aboutTransaction }),
    effective_at: instantToWire(entry.effectiveAt),
    recorded_at: instantToWire(entry.recordedAt),
  }
}
