import { z } from '@hono/zod-openapi'
import { invalidAmount, unknownAction, unknownUnit } from '../../catalog/errors.ts'
import { decodeCursor, encodeCursor, pageQuery, pageSchema, pageSize } from '../../http/page.ts'
import { type Route, route } from '../../http/route.ts'
import {
  catalogNameSchema,
  creditsInputSchema,
  creditsSchema,
  customerIdSchema,
  instantInputSchema,
  instantSchema,
  instantToWire,
  moneyInputSchema,
  moneySchema,
  moneyToWire,
  optionalInstantToWire,
  orNull,
  signedCreditsInputSchema,
  textSchema,
  wholeNumberSchema,
} from '../../http/wire.ts'
import { decimalFromCredits } from '../../kernel/credits.ts'
import {
  formatId,
  formatIdInWallet,
  formatTransactionId,
  type IdInWallet,
  isUuid,
  type Uuid,
  type WalletOwner,
} from '../../kernel/ids.ts'
import { keyReused, lotNotFound, lotOutOfTime, overloaded, revokeExceedsLot, walletFull } from '../errors.ts'
import type { LotView } from '../lot-view.ts'
import type { LotExpiry } from '../operations.ts'
import {
  charactersMax,
  endsTooLate,
  expiryDays,
  expiryMonths,
  lateReturnDays,
  lotCategories,
  lotSources,
  metadataMax,
  priorityBounds,
  scopeMax,
  sentences,
  spentPolicies,
} from '../request-bounds.ts'
import type { AdjustRequest, Done, Granted, GrantRequest, LedgerRequests, LotRequest } from '../requests.ts'
import {
  balanceSchema,
  balanceToWire,
  customerParams,
  idFrom,
  notEnough,
  reasonField,
  sharesSchema,
  sharesToWire,
  unitField,
} from './wire.ts'

export const sourceSchema = z.enum(lotSources).openapi({ description: 'How the credits came.' })
const categorySchema = z.enum(lotCategories)

export const lotSchema = z
  .object({
    id: z.string().openapi({ example: 'lot_…' }),
    source: sourceSchema,
    category: categorySchema,
    name: z.string(),
    granted: creditsSchema.openapi({
      description: 'All that ever was in it: the sum of available, held, spent, expired and revoked.',
    }),
    available: creditsSchema,
    held: creditsSchema,
    spent: creditsSchema,
    expired: creditsSchema,
    revoked: creditsSchema,
    pending: creditsSchema.openapi({ description: 'Of what is held: what is revoked when it comes back.' }),
    priority: z.int().openapi({ description: 'Lower burns first.' }),
    scope: z
      .array(z.string())
      .nullable()
      .openapi({ description: 'The actions that it may pay for; null for all.' }),
    frozen: z.boolean(),
    repays_debt: z.boolean(),
    late_return_days: z.int(),
    effective_at: instantSchema,
    expires_at: instantSchema.nullable(),
    granted_at: instantSchema,
    paid: orNull(moneySchema, 'What was paid for it.'),
    order: z.string().nullable(),
    metadata: z.record(z.string(), z.string()),
  })
  .openapi('Lot')

const ownedLotSchema = lotSchema.extend({ customer: z.string(), unit: z.string() }).openapi('OwnedLot')

export const grantSchema = z.object({ lot: lotSchema, balance: balanceSchema }).openapi('Grant')

export const adjustmentSchema = z
  .object({
    id: z.string().openapi({ example: 'txn_…' }),
    customer: z.string(),
    unit: z.string(),
    credits: creditsSchema.openapi({ description: 'With a minus where they were taken.', example: '-12.5' }),
    lots: sharesSchema('The lot that it made, or the lots from which it took.'),
    reason: z.string(),
    actor: z.string(),
    created_at: instantSchema,
    balance: balanceSchema,
  })
  .openapi('Adjustment')

const lotChangeSchema = z
  .object({
    id: z.string().openapi({ example: 'txn_…' }),
    operation: z.enum(['revoke', 'freeze', 'unfreeze', 'expire']),
    lot: z.string(),
    customer: z.string(),
    unit: z.string(),
    credits: creditsSchema.openapi({
      description:
        'Revoked, what is pending until it is given back included; or expired. 0 where nothing moved.',
    }),
    owed: creditsSchema.openapi({ description: 'Debt that it made, for credits that were spent already.' }),
    reason: z.string().nullable(),
    created_at: instantSchema,
    balance: balanceSchema,
  })
  .openapi('LotChange')

const expiresAfterSchema = z
  .strictObject({
    days: wholeNumberSchema(expiryDays).optional(),
    months: wholeNumberSchema(expiryMonths).optional(),
  })
  .refine(({ days, months }) => (days === undefined) !== (months === undefined), {
    error: 'must give days or months, and not both.',
  })
  .openapi({
    description:
      'So long after its start; instead of `expires_at`. Months are of the calendar, in UTC: to the last day of a shorter one.',
    example: { months: 12 },
  })

const metadataSchema = z
  .record(textSchema(metadataMax.keyLength), textSchema(metadataMax.textLength))
  .refine((metadata) => Object.keys(metadata).length <= metadataMax.pairs, {
    error: sentences.metadata,
  })
  .openapi({
    description: 'Text of the app, kept with the lot. Never anything personal: a lot is never changed.',
  })

export const grantFields = {
  customer: customerIdSchema,
  credits: creditsInputSchema,
  unit: unitField,
  source: sourceSchema,
  category: categorySchema
    .optional()
    .openapi({ description: 'Unless given: `paid` for a purchase or a plan, `promotional` for the rest.' }),
  name: textSchema(charactersMax.lotName).openapi({
    description: 'Shown to the customer.',
    example: 'Sorry for the outage',
  }),
  effective_at: instantInputSchema.optional().openapi({ description: 'When it starts; now unless given.' }),
  expires_at: instantInputSchema
    .optional()
    .openapi({ description: 'From then on it pays no more; never unless given.' }),
  expires_after: expiresAfterSchema.optional(),
  priority: wholeNumberSchema(priorityBounds)
    .optional()
    .openapi({ description: 'Lower burns first; 0 unless given.' }),
  scope: z
    .array(catalogNameSchema)
    .min(1, { error: sentences.emptyScope })
    .max(scopeMax, { error: sentences.scope })
    .optional()
    .openapi({ description: 'The actions of the catalog that it may pay for; all unless given.' }),
  repays_debt: z.boolean().optional().openapi({
    description: 'Whether it repays what is owed. Unless given: paid lots do, promotional ones do not.',
  }),
  late_return_days: wholeNumberSchema(lateReturnDays).optional().openapi({
    description: 'For how many days credits that come back after the expiry live again; 0 unless given.',
  }),
  paid: moneyInputSchema.optional().openapi({ description: 'What was paid for it.' }),
  metadata: metadataSchema.optional(),
}

const grantBody = z.strictObject(grantFields)
type GrantBody = z.output<typeof grantBody>

export function checkGrant(body: GrantBody, context: z.core.$RefinementCtx<GrantBody>): void {
  const { expires_at: expiresAt, expires_after: expiresAfter, effective_at: effectiveAt } = body
  const add = (message: string) => {
    context.addIssue({ code: 'custom', path: ['expires_after'], message, input: body })
  }
  if (expiresAfter === undefined) return
  if (expiresAt !== undefined) add('cannot be given with expires_at. Remove one of them.')
  if (endsTooLate(effectiveAt, expiresAfter)) add(sentences.tooLate)
}

export const adjustFields = {
  customer: customerIdSchema,
  unit: unitField,
  credits: signedCreditsInputSchema,
  reason: textSchema(charactersMax.adjustmentReason).openapi({
    description: 'Stands on the entries, and names the lot where credits are added: the customer sees it.',
    example: 'Counted twice on May 3',
  }),
  actor: textSchema(charactersMax.actor).openapi({ description: 'Who does it.', example: 'support:mia' }),
}

// A query is text: `z.coerce.boolean()` would take "false" for true.
const openField = z
  .enum(['true', 'false'])
  .optional()
  .openapi({ type: 'boolean', description: 'Only lots with something available or held; all unless given.' })

const lotParams = z.strictObject({ lot: z.string() })

export function lotRoutes(engine: LedgerRequests): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/grants',
      id: 'grant',
      tag: 'Lots',
      summary: 'Give a customer credits',
      keyed: true,
      body: grantBody.superRefine(checkGrant),
      answer: grantSchema,
      refusals: [unknownUnit, unknownAction, invalidAmount, lotOutOfTime, walletFull, keyReused, overloaded],
      handle: async ({ body, idempotencyKey }) =>
        grantToWire(await engine.grant(grantRequest(body, idempotencyKey))),
    }),
    route({
      method: 'POST',
      path: '/v1/adjustments',
      id: 'adjust',
      tag: 'Lots',
      summary: 'Correct a balance by hand',
      description:
        'Adds a lot, or takes from what any action could spend. It never makes debt: for what is not there it is refused. To take back a certain purchase, revoke its lot.',
      keyed: true,
      body: z.strictObject(adjustFields),
      answer: adjustmentSchema,
      refusals: [notEnough, unknownUnit, invalidAmount, walletFull, keyReused, overloaded],
      handle: async ({ body, idempotencyKey }) => {
        const request = { ...body, idempotencyKey }
        return adjustmentToWire(request, await engine.adjust(request))
      },
    }),
    route({
      method: 'GET',
      path: '/v1/lots/{lot}',
      id: 'getLot',
      tag: 'Lots',
      summary: 'A lot, and what became of it',
      params: lotParams,
      answer: ownedLotSchema,
      refusals: [lotNotFound],
      handle: async ({ params }) => {
        const id = lotId(params.lot)
        const { lot, owner } = await engine.getLot(id)
        return ownedLotToWire(lot, id.walletId, owner)
      },
    }),
    route({
      method: 'GET',
      path: '/v1/customers/{customer}/lots',
      id: 'listLots',
      tag: 'Customers',
      summary: 'Every lot, newest first',
      params: customerParams,
      query: z.strictObject({ unit: unitField, open: openField, ...pageQuery }),
      answer: pageSchema(ownedLotSchema),
      refusals: [unknownUnit],
      handle: async ({ params, query }) => {
        const { unit, open } = query
        const { lots, next, owner, walletId } = await engine.lots({
          ...params,
          unit,
          open: open === 'true',
          limit: pageSize(query.limit),
          before: query.cursor === undefined ? undefined : lotsCursor(query.cursor),
        })
        return {
          data: lots.map((lot) => ownedLotToWire(lot, walletId, owner)),
          next_cursor: next === undefined ? null : encodeCursor([next]),
        }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/lots/{lot}/revoke',
      id: 'revokeLot',
      tag: 'Lots',
      summary: 'Take back credits of a lot, also those that are spent',
      description:
        'For a purchase that was refunded or charged back. Takes what is available, then what has expired, then what is held as soon as it comes back, then what is spent.',
      keyed: true,
      params: lotParams,
      body: z.strictObject({
        credits: creditsInputSchema
          .optional()
          .openapi({ description: 'All that is not revoked yet unless given.' }),
        spent: z
          .enum(spentPolicies)
          .optional()
          .openapi({ description: 'What happens for credits that are spent: they are owed unless given.' }),
        reason: reasonField,
      }),
      answer: lotChangeSchema,
      refusals: [lotNotFound, revokeExceedsLot, invalidAmount, keyReused, overloaded],
      handle: async ({ params, body, idempotencyKey }) => {
        const request = { ...body, lot: lotId(params.lot), idempotencyKey }
        return changeToWire('revoke', request, await engine.revoke(request))
      },
    }),
    changeRoute('freeze', {
      id: 'freezeLot',
      summary: 'Keep a lot from being spent for now',
      description:
        'No charge and no hold takes from it; holds that took from it before may be captured, and what they give back is frozen. It expires as any other. A dispute of its purchase, or a refund under way, freezes it by itself until that is decided; what was frozen here stays frozen until it is unfrozen here.',
      handle: (request) => engine.freeze(request),
    }),
    changeRoute('unfreeze', {
      id: 'unfreezeLot',
      summary: 'Let a frozen lot be spent again',
      description:
        'Also one that a dispute, or a refund under way, froze: it is not frozen again for what is undecided now. What is spent meanwhile is owed when the credits are taken back, unless the catalog forgives it.',
      handle: (request) => engine.unfreeze(request),
    }),
    changeRoute('expire', {
      id: 'expireLot',
      summary: 'Have a lot expire now',
      handle: (request) => engine.expire(request),
    }),
  ]
}

interface ChangeRoute {
  readonly id: string
  readonly summary: string
  readonly description?: string
  readonly handle: (request: LotRequest) => Promise<Done>
}

function changeRoute(operation: 'freeze' | 'unfreeze' | 'expire', { handle, ...about }: ChangeRoute): Route {
  return route({
    ...about,
    method: 'POST',
    path: `/v1/lots/{lot}/${operation}`,
    tag: 'Lots',
    keyed: true,
    params: lotParams,
    body: z.strictObject({ reason: reasonField }),
    answer: lotChangeSchema,
    refusals: [lotNotFound, keyReused, overloaded],
    handle: async ({ params, body, idempotencyKey }) => {
      const request = { ...body, lot: lotId(params.lot), idempotencyKey }
      return changeToWire(operation, request, await handle(request))
    },
  })
}

function lotsCursor(text: string): Uuid {
  const [id] = decodeCursor(text, z.string().refine(isUuid))
  return id
}

function lotId(text: string): IdInWallet {
  return idFrom('lot', text, lotNotFound)
}

export function grantRequest(body: GrantBody, idempotencyKey: string): GrantRequest {
  const {
    effective_at: effectiveAt,
    expires_at: expiresAt,
    expires_after: expiresAfter,
    repays_debt: repaysDebt,
    late_return_days: lateReturnDays,
    ...rest
  } = body
  const expiry = expiryOf(expiresAt, expiresAfter)
  return { ...rest, effectiveAt, expiry, repaysDebt, lateReturnDays, idempotencyKey }
}

function expiryOf(at: Date | undefined, after: GrantBody['expires_after']): LotExpiry {
  if (at !== undefined) return { at }
  if (after?.days !== undefined) return { afterDays: after.days }
  return after?.months === undefined ? undefined : { afterMonths: after.months }
}

export function grantToWire({ lot, walletId, owner, receipt }: Granted): z.input<typeof grantSchema> {
  return { lot: lotToWire(lot, walletId), balance: balanceToWire(receipt.balance, owner) }
}

export function adjustmentToWire(
  { credits, reason, actor }: AdjustRequest,
  { walletId, owner, receipt }: Done,
): z.input<typeof adjustmentSchema> {
  return {
    id: formatTransactionId({ walletId, transaction: receipt.transaction }),
    customer: owner.customer,
    unit: owner.unit,
    credits: decimalFromCredits(credits),
    lots: sharesToWire(receipt.shares, walletId),
    reason,
    actor,
    created_at: instantToWire(receipt.at),
    balance: balanceToWire(receipt.balance, owner),
  }
}

function changeToWire(
  operation: z.input<typeof lotChangeSchema>['operation'],
  { lot, reason }: LotRequest,
  { walletId, owner, receipt }: Done,
): z.input<typeof lotChangeSchema> {
  return {
    id: formatTransactionId({ walletId, transaction: receipt.transaction }),
    operation,
    lot: formatIdInWallet('lot', lot),
    customer: owner.customer,
    unit: owner.unit,
    credits: decimalFromCredits(receipt.credits),
    owed: decimalFromCredits(receipt.owed),
    reason: reason ?? null,
    created_at: instantToWire(receipt.at),
    balance: balanceToWire(receipt.balance, owner),
  }
}

function ownedLotToWire(
  lot: LotView,
  walletId: Uuid,
  { customer, unit }: WalletOwner,
): z.input<typeof ownedLotSchema> {
  return { ...lotToWire(lot, walletId), customer, unit }
}

export function lotToWire(lot: LotView, walletId: Uuid): z.input<typeof lotSchema> {
  return {
    id: formatIdInWallet('lot', { walletId, id: lot.id }),
    source: lot.source,
    category: lot.category,
    name: lot.name,
    granted: decimalFromCredits(lot.granted),
    available: decimalFromCredits(lot.available),
    held: decimalFromCredits(lot.held),
    spent: decimalFromCredits(lot.spent),
    expired: decimalFromCredits(lot.expired),
    revoked: decimalFromCredits(lot.revoked),
    pending: decimalFromCredits(lot.pending),
    priority: lot.priority,
    scope: lot.scope === undefined ? null : [...lot.scope],
    frozen: lot.isFrozen,
    repays_debt: lot.repaysDebt,
    late_return_days: lot.lateReturnDays,
    effective_at: instantToWire(lot.effectiveAt),
    expires_at: optionalInstantToWire(lot.expiresAt),
    granted_at: instantToWire(lot.grantedAt),
    paid: lot.paid === undefined ? null : moneyToWire(lot.paid),
    order: lot.orderId === undefined ? null : formatId('order', lot.orderId),
    metadata: lot.metadata,
  }
}
