import { z } from '@hono/zod-openapi'
import { invalidAmount, unknownAction, unknownUnit } from '../catalog/errors.ts'
import { decodeCursor, encodeCursor, pageQuery, pageSchema, pageSize } from '../http/page.ts'
import { problemSchema } from '../http/problem.ts'
import { type Route, route } from '../http/route.ts'
import {
  catalogNameSchema,
  creditsInputSchema,
  creditsSchema,
  customerIdSchema,
  instantInputSchema,
  instantSchema,
  instantToWire,
  moneySchema,
  optionalInstantToWire,
  textSchema,
} from '../http/wire.ts'
import { type Credits, decimalFromCredits, micros } from '../kernel/credits.ts'
import {
  formatId,
  formatIdInWallet,
  formatTransactionId,
  type IdInWallet,
  parseIdInWallet,
  type Uuid,
  type WalletOwner,
} from '../kernel/ids.ts'
import { invariant } from '../kernel/refusal.ts'
import {
  captureExceedsHold,
  holdAlreadyEnded,
  holdNotFound,
  insufficientCredits,
  keyReused,
  lotOutOfTime,
  overloaded,
  walletFull,
} from './errors.ts'
import type { EntryView } from './list-entries.ts'
import type { LotView } from './read-wallet.ts'
import type { Done, LedgerRequests } from './requests.ts'
import type { Difference } from './verify.ts'
import type { Balance, Hold, LotShare } from './wallet.ts'

const balanceSchema = z
  .object({
    customer: z.string(),
    unit: z.string(),
    available: creditsSchema.openapi({ description: 'In all lots, those that start later included.' }),
    held: creditsSchema.openapi({ description: 'Set aside by holds.' }),
    debt: creditsSchema.openapi({ description: 'Owed.' }),
    spendable: creditsSchema.openapi({ description: 'What an action could use now.' }),
    upcoming: creditsSchema.openapi({ description: 'In lots that start later.' }),
  })
  .openapi('Balance')

const sources = ['purchase', 'plan', 'promotion', 'gift', 'referral', 'adjustment'] as const
const sourceSchema = z.enum(sources).openapi({ description: 'How the credits came.' })

const lotSchema = z
  .object({
    id: z.string().openapi({ example: 'lot_…' }),
    source: sourceSchema,
    name: z.string(),
    granted: creditsSchema,
    available: creditsSchema,
    held: creditsSchema,
    effective_at: instantSchema,
    expires_at: instantSchema.nullable(),
    granted_at: instantSchema,
  })
  .openapi('Lot')

const paidFromSchema = z
  .array(z.object({ lot: z.string(), credits: creditsSchema }).openapi('PaidFrom'))
  .openapi({ description: 'Which lots paid, in the order in which they burn.' })

const chargeSchema = z
  .object({
    id: z.string().openapi({ example: 'txn_…' }),
    customer: z.string(),
    unit: z.string(),
    action: z.string().nullable(),
    credits: creditsSchema,
    paid_from: paidFromSchema,
    created_at: instantSchema,
    balance: balanceSchema,
  })
  .openapi('Charge')

const holdSchema = z
  .object({
    id: z.string().openapi({ example: 'hold_…' }),
    customer: z.string(),
    unit: z.string(),
    action: z.string().nullable(),
    state: z.enum(['placed', 'captured', 'released', 'lapsed']),
    credits: creditsSchema.openapi({ description: 'What was held.' }),
    captured: creditsSchema.openapi({ description: 'What of it was spent.' }),
    placed_at: instantSchema,
    expires_at: instantSchema.openapi({ description: 'When it lapses by itself unless it ended before.' }),
    ended_at: instantSchema.nullable(),
    paid_from: paidFromSchema.openapi({
      description: 'Which lots it holds from; once captured, which lots paid; empty once released or lapsed.',
    }),
    balance: balanceSchema,
  })
  .openapi('Hold')

const grantSchema = z.object({ lot: lotSchema, balance: balanceSchema }).openapi('Grant')

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
    from: accountSchema()
      .nullable()
      .openapi({ description: 'Null, as `to`, for a note of what moved nothing.' }),
    to: accountSchema().nullable(),
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

function accountSchema() {
  return z.enum(['issued', 'available', 'held', 'spent', 'expired', 'revoked', 'debt'])
}

const verificationSchema = z
  .object({
    wallets: z.int(),
    lots: z.int(),
    entries: z.int(),
    differences: z.array(
      z.object({
        wallet: z.string(),
        lot: z.string().nullable(),
        what: z.string(),
        stored: creditsSchema,
        computed: creditsSchema,
      }),
    ),
  })
  .openapi('Verification')

const insufficientCreditsProblem = problemSchema
  .extend({
    required: creditsSchema,
    spendable: creditsSchema,
    held: creditsSchema,
    missing: creditsSchema,
    unit: z.string(),
    pack: z
      .object({ pack: z.string(), name: z.string(), credits: creditsSchema, price: moneySchema })
      .nullable()
      .openapi({ description: 'The smallest pack that covers what is missing.' }),
    message: z.string().openapi({ description: 'A sentence for the end user.' }),
  })
  .openapi('InsufficientCreditsProblem')

const notEnough = { refusal: insufficientCredits, problem: insufficientCreditsProblem } as const

const spendingFields = {
  customer: customerIdSchema,
  action: catalogNameSchema
    .optional()
    .openapi({ description: 'An action of the catalog, at its price.', example: 'image.hires' }),
  quantity: z
    .int({ error: 'must be a whole number.' })
    .min(1, { error: 'must be at least 1.' })
    .optional()
    .openapi({ description: 'How many times over; 1 unless given.' }),
  credits: creditsInputSchema.optional(),
  unit: catalogNameSchema
    .optional()
    .openapi({ description: "With `credits`; the catalog's first unit unless given." }),
  description: textSchema(500).optional(),
}

interface SpendingFields {
  readonly action?: string | undefined
  readonly quantity?: number | undefined
  readonly credits?: Credits | undefined
  readonly unit?: string | undefined
}

/** Either an action of the catalog or an amount, so that nothing in a request is silently left out of account. */
function checkSpending(body: SpendingFields, context: z.core.$RefinementCtx<SpendingFields>): void {
  const add = (path: string, message: string) => {
    context.addIssue({ code: 'custom', path: [path], message, input: body })
  }
  const hasAction = body.action !== undefined
  const hasCredits = body.credits !== undefined
  if (!hasAction && !hasCredits)
    add('action', 'is missing: name an action of the catalog, or give credits instead.')
  if (hasAction && hasCredits)
    add('credits', 'cannot be given with action, whose price the catalog says. Remove one of them.')
  if (hasAction && body.unit !== undefined)
    add('unit', 'cannot be given with action, whose unit the catalog says. Remove it.')
  if (hasCredits && !hasAction && body.quantity !== undefined)
    add('quantity', 'goes with action. With credits, give the whole amount.')
}

function spendingOf({ action, quantity, credits, unit }: SpendingFields) {
  return credits === undefined ? { action: action ?? '', quantity } : { credits, unit }
}

const holdExpiryMaxSeconds = 86_400

const chargeBody = z.strictObject(spendingFields).superRefine(checkSpending)
const holdBody = z
  .strictObject({
    ...spendingFields,
    expires_in_seconds: z
      .int({ error: 'must be a whole number of seconds.' })
      .min(1, { error: 'must be at least 1.' })
      .max(holdExpiryMaxSeconds, { error: `must be at most ${holdExpiryMaxSeconds}, a day.` })
      .optional()
      .openapi({ description: 'When it lapses by itself; 300 unless given.' }),
  })
  .superRefine(checkSpending)

const holdParams = z.strictObject({ hold: z.string() })
const customerParams = z.strictObject({ customer: customerIdSchema })
const unitQuery = {
  unit: catalogNameSchema.optional().openapi({ description: "The catalog's first unit unless given." }),
}

// What a number column of the database holds, and more than anyone ranks.
const priorityMax = 1_000_000

export function ledgerRoutes(engine: LedgerRequests): Route[] {
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
      query: z.strictObject(unitQuery),
      answer: balanceSchema.extend({ lots: z.array(lotSchema) }).openapi('BalanceWithLots'),
      refusals: [unknownUnit],
      handle: async ({ params, query }) => {
        const { balance, lots, owner, walletId } = await engine.balance({ ...params, ...query })
        return { ...balanceToWire(balance, owner), lots: lots.map((lot) => lotToWire(lot, walletId)) }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/customers/{customer}/entries',
      id: 'listEntries',
      tag: 'Customers',
      summary: 'Every movement of credits, newest first',
      params: customerParams,
      query: z.strictObject({ ...unitQuery, ...pageQuery }),
      answer: pageSchema(entrySchema),
      refusals: [unknownUnit],
      handle: async ({ params, query }) => {
        const { entries, next, walletId } = await engine.entries({
          ...params,
          unit: query.unit,
          limit: pageSize(query.limit),
          before: query.cursor === undefined ? undefined : entriesCursor(query.cursor),
        })
        return {
          data: entries.map((entry) => entryToWire(entry, walletId)),
          next_cursor: next === undefined ? null : encodeCursor([next.toString()]),
        }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/charges',
      id: 'charge',
      tag: 'Charges',
      summary: 'Spend credits at once',
      keyed: true,
      body: chargeBody,
      answer: chargeSchema,
      refusals: [notEnough, unknownAction, unknownUnit, invalidAmount, keyReused, overloaded],
      handle: async ({ body, idempotencyKey }) => {
        const { customer, description } = body
        const done = await engine.charge({ ...spendingOf(body), customer, description, idempotencyKey })
        return chargeToWire(done)
      },
    }),
    route({
      method: 'POST',
      path: '/v1/holds',
      id: 'placeHold',
      tag: 'Holds',
      summary: 'Set credits aside before a call whose cost is not yet known',
      keyed: true,
      body: holdBody,
      answer: holdSchema,
      refusals: [notEnough, unknownAction, unknownUnit, invalidAmount, keyReused, overloaded],
      handle: async ({ body, idempotencyKey }) => {
        const { customer, description, expires_in_seconds: expiresInSeconds } = body
        const done = await engine.hold({
          ...spendingOf(body),
          customer,
          description,
          expiresInSeconds,
          idempotencyKey,
        })
        return heldToWire(done)
      },
    }),
    route({
      method: 'GET',
      path: '/v1/holds/{hold}',
      id: 'getHold',
      tag: 'Holds',
      summary: 'A hold',
      params: holdParams,
      answer: holdSchema,
      refusals: [holdNotFound],
      handle: async ({ params }) => {
        const id = holdId(params.hold)
        const { hold, owner, balance } = await engine.getHold(id)
        return holdToWire(hold, { walletId: id.walletId, owner, balance })
      },
    }),
    route({
      method: 'POST',
      path: '/v1/holds/{hold}/capture',
      id: 'captureHold',
      tag: 'Holds',
      summary: 'Spend what a hold set aside, and give back the rest',
      keyed: true,
      params: holdParams,
      body: z.strictObject({
        credits: creditsInputSchema.optional().openapi({ description: 'All that was held unless given.' }),
      }),
      answer: holdSchema,
      refusals: [holdNotFound, holdAlreadyEnded, captureExceedsHold, invalidAmount, keyReused, overloaded],
      handle: async ({ params, body, idempotencyKey }) =>
        heldToWire(
          await engine.capture({ hold: holdId(params.hold), credits: body.credits, idempotencyKey }),
        ),
    }),
    route({
      method: 'POST',
      path: '/v1/holds/{hold}/release',
      id: 'releaseHold',
      tag: 'Holds',
      summary: 'Give back all that a hold set aside',
      keyed: true,
      params: holdParams,
      body: z.strictObject({}),
      answer: holdSchema,
      refusals: [holdNotFound, holdAlreadyEnded, keyReused, overloaded],
      handle: async ({ params, idempotencyKey }) =>
        heldToWire(await engine.release({ hold: holdId(params.hold), idempotencyKey })),
    }),
    route({
      method: 'POST',
      path: '/v1/grants',
      id: 'grant',
      tag: 'Grants',
      summary: 'Give a customer credits',
      keyed: true,
      body: z.strictObject({
        customer: customerIdSchema,
        credits: creditsInputSchema,
        unit: unitQuery.unit,
        source: sourceSchema,
        name: textSchema(200).openapi({
          description: 'Shown to the customer.',
          example: 'Sorry for the outage',
        }),
        effective_at: instantInputSchema.optional(),
        expires_at: instantInputSchema.optional(),
        priority: z
          .int({ error: 'must be a whole number.' })
          .min(-priorityMax, { error: `must be at least ${-priorityMax}.` })
          .max(priorityMax, { error: `must be at most ${priorityMax}.` })
          .optional()
          .openapi({ description: 'Lower burns first; 0 unless given.' }),
      }),
      answer: grantSchema,
      refusals: [unknownUnit, invalidAmount, lotOutOfTime, walletFull, keyReused, overloaded],
      handle: async ({ body, idempotencyKey }) => {
        const { effective_at: effectiveAt, expires_at: expiresAt, ...rest } = body
        const { lot, walletId, owner, receipt } = await engine.grant({
          ...rest,
          effectiveAt,
          expiry: expiresAt && { at: expiresAt },
          idempotencyKey,
        })
        return { lot: lotToWire(lot, walletId), balance: balanceToWire(receipt.balance, owner) }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/verify',
      id: 'verify',
      tag: 'Operation',
      summary: 'Recompute every stored sum from the entries',
      description: 'Reads the whole ledger. `differences` is empty unless something is badly wrong.',
      answer: verificationSchema,
      refusals: [],
      handle: async () => {
        const { wallets, lots, entries, differences } = await engine.verify()
        return {
          wallets: Number(wallets),
          lots: Number(lots),
          entries: Number(entries),
          differences: differences.map(differenceToWire),
        }
      },
    }),
  ]
}

function holdId(text: string): IdInWallet {
  const id = parseIdInWallet('hold', text)
  if (id === undefined) throw holdNotFound({})
  return id
}

function entriesCursor(text: string): bigint {
  const [number] = decodeCursor(text, z.string().regex(/^\d{1,18}$/))
  return BigInt(number)
}

function balanceToWire(balance: Balance, { customer, unit }: WalletOwner): z.input<typeof balanceSchema> {
  return {
    customer,
    unit,
    available: decimalFromCredits(balance.available),
    held: decimalFromCredits(balance.held),
    debt: decimalFromCredits(balance.debt),
    spendable: decimalFromCredits(balance.spendable),
    upcoming: decimalFromCredits(balance.upcoming),
  }
}

function lotToWire(lot: LotView, walletId: Uuid): z.input<typeof lotSchema> {
  return {
    id: formatIdInWallet('lot', { walletId, id: lot.id }),
    source: lot.source,
    name: lot.name,
    granted: decimalFromCredits(lot.granted),
    available: decimalFromCredits(lot.available),
    held: decimalFromCredits(lot.held),
    effective_at: instantToWire(lot.effectiveAt),
    expires_at: optionalInstantToWire(lot.expiresAt),
    granted_at: instantToWire(lot.grantedAt),
  }
}

function sharesToWire(shares: readonly LotShare[], walletId: Uuid): z.input<typeof paidFromSchema> {
  return shares.map(({ lotId, amount }) => ({
    lot: formatIdInWallet('lot', { walletId, id: lotId }),
    credits: decimalFromCredits(amount),
  }))
}

function chargeToWire({ walletId, owner, receipt }: Done): z.input<typeof chargeSchema> {
  return {
    id: formatTransactionId({ walletId, transaction: receipt.transaction }),
    customer: owner.customer,
    unit: owner.unit,
    action: receipt.action ?? null,
    credits: decimalFromCredits(receipt.credits),
    paid_from: sharesToWire(receipt.shares, walletId),
    created_at: instantToWire(receipt.at),
    balance: balanceToWire(receipt.balance, owner),
  }
}

function heldToWire({ walletId, owner, receipt }: Done): z.input<typeof holdSchema> {
  const { hold, balance } = receipt
  invariant(hold, 'what placed or ended a hold has it in its receipt')
  return holdToWire(hold, { walletId, owner, balance })
}

function holdToWire(
  hold: Hold,
  { walletId, owner, balance }: { walletId: Uuid; owner: WalletOwner; balance: Balance },
): z.input<typeof holdSchema> {
  return {
    id: formatIdInWallet('hold', { walletId, id: hold.id }),
    customer: owner.customer,
    unit: owner.unit,
    action: hold.action ?? null,
    state: hold.state,
    credits: decimalFromCredits(hold.amount),
    captured: decimalFromCredits(hold.captured),
    placed_at: instantToWire(hold.placedAt),
    expires_at: instantToWire(hold.expiresAt),
    ended_at: optionalInstantToWire(hold.endedAt),
    paid_from: sharesToWire(sharesThatPay(hold), walletId),
    balance: balanceToWire(balance, owner),
  }
}

/** A hold spends its shares in their order: of a captured one, the first that add up to what was captured. */
function sharesThatPay(hold: Hold): LotShare[] {
  let rest: bigint = hold.state === 'placed' ? hold.amount : hold.captured
  return hold.shares.flatMap(({ lotId, amount }) => {
    const paid = rest < amount ? micros(rest) : amount
    rest -= paid
    return paid > 0n ? [{ lotId, amount: paid }] : []
  })
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

function differenceToWire({ walletId, lotId, what, stored, computed }: Difference) {
  return {
    wallet: formatId('wallet', walletId),
    lot: lotId === undefined ? null : formatIdInWallet('lot', { walletId, id: lotId }),
    what,
    stored: decimalFromCredits(stored),
    computed: decimalFromCredits(computed),
  }
}
