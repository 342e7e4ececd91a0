import { z } from '@hono/zod-openapi'
import { type Route, route } from '../../http/route.ts'
import {
  creditsInputSchema,
  creditsSchema,
  instantSchema,
  instantToWire,
  optionalInstantToWire,
  wholeNumberSchema,
} from '../../http/wire.ts'
import { type Credits, decimalFromCredits, total } from '../../kernel/credits.ts'
import {
  formatIdInWallet,
  formatTransactionId,
  type IdInWallet,
  type Uuid,
  type WalletOwner,
} from '../../kernel/ids.ts'
import { invariant } from '../../kernel/refusal.ts'
import { captureExceedsHold, holdAlreadyEnded, holdNotFound, keyReused, overloaded } from '../errors.ts'
import { takeInOrder } from '../posting.ts'
import { abovePolicies, holdExpirySeconds, lapsePolicies } from '../request-bounds.ts'
import type { CaptureRequest, Done, HoldRequest, LedgerRequests } from '../requests.ts'
import { type Balance, type Hold, type LotShare, remainingShares, uncollectedOf } from '../wallet.ts'
import {
  checkSpend,
  spendingFields,
  spendingRefusals,
  spendRequest,
  wouldRefuseSchema,
  wouldRefuseToWire,
} from './spending.ts'
import { balanceSchema, balanceToWire, idFrom, sharesSchema, sharesToWire } from './wire.ts'

export const holdSchema = z
  .object({
    id: z.string().openapi({ example: 'hold_…' }),
    customer: z.string(),
    unit: z.string(),
    action: z.string().nullable(),
    state: z.enum(['placed', 'captured', 'released', 'lapsed']),
    credits: creditsSchema.openapi({ description: 'What was held.' }),
    captured: creditsSchema.openapi({
      description: 'What was spent in all, by captures and at the lapse: what was above the hold included.',
    }),
    remaining: creditsSchema.openapi({ description: 'What it still holds.' }),
    checkpoint: creditsSchema.openapi({ description: 'The use that was last reported while it ran.' }),
    uncollected: creditsSchema.openapi({ description: 'Use that was reported and charged to nobody.' }),
    on_lapse: z.enum(lapsePolicies),
    placed_at: instantSchema,
    expires_at: instantSchema.openapi({ description: 'When it lapses by itself unless it ended before.' }),
    ended_at: instantSchema.nullable(),
    paid_from: sharesSchema(
      'While it is placed: which lots it holds from. Once it has ended: which of them paid, and how much.',
    ),
    balance: balanceSchema,
  })
  .openapi('Hold')

export const placedHoldSchema = holdSchema.extend({ would_refuse: wouldRefuseSchema }).openapi('PlacedHold')

export const captureSchema = holdSchema
  .extend({
    transaction: z.string().openapi({ description: 'This capture: what a refund names.', example: 'txn_…' }),
    charged: creditsSchema.openapi({ description: 'What this capture spent, what is owed included.' }),
    owed: creditsSchema.openapi({ description: 'What of it no lot paid, and is debt now.' }),
    paid_from: sharesSchema('Which lots paid for this capture.'),
    would_refuse: wouldRefuseSchema,
  })
  .openapi('Capture')

const expiresInSeconds = wholeNumberSchema(holdExpirySeconds)

export const holdFields = {
  ...spendingFields,
  expires_in_seconds: expiresInSeconds
    .optional()
    .openapi({ description: 'When it lapses by itself; 300 unless given.' }),
  on_lapse: z.enum(lapsePolicies).optional().openapi({
    description:
      'What happens when it lapses: it gives everything back unless given; or it charges what the last checkpoint says, or all that it still holds.',
  }),
}

export const captureFields = {
  credits: creditsInputSchema
    .optional()
    .openapi({ description: 'All that it still holds unless given. May be 0.' }),
  final: z.boolean().optional().openapi({
    description:
      'Whether it ends the hold and gives back the rest; true unless given. False leaves it placed, for further captures.',
  }),
  above: z.enum(abovePolicies).optional().openapi({
    description:
      'What happens to use above what is held, and to use of a hold that has lapsed: it is refused unless given; or it is charged as far as credits go; or that, and the rest is owed.',
  }),
  observe: z.boolean().optional().openapi({
    description:
      'Where `above` would refuse, charge as far as credits go, report the rest as `uncollected`, and say in `would_refuse` what would have been refused.',
  }),
}

export const checkpointFields = {
  credits: creditsInputSchema.openapi({
    description: 'Used so far, in all: what was captured counts in it.',
  }),
}

export const extendFields = {
  expires_in_seconds: expiresInSeconds.openapi({ description: 'From now. Never makes it lapse earlier.' }),
}

const holdParams = z.strictObject({ hold: z.string() })

export function holdRoutes(engine: LedgerRequests): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/holds',
      id: 'placeHold',
      tag: 'Holds',
      summary: 'Set credits aside before a call whose cost is not yet known',
      keyed: true,
      body: z.strictObject(holdFields).superRefine(checkSpend),
      answer: placedHoldSchema,
      refusals: spendingRefusals,
      handle: async ({ body, idempotencyKey }) =>
        placedToWire(await engine.hold(holdRequest(body, idempotencyKey))),
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
        return viewToWire(hold, { walletId: id.walletId, owner, balance })
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
      body: z.strictObject(captureFields),
      answer: captureSchema,
      refusals: [holdNotFound, holdAlreadyEnded, captureExceedsHold, keyReused, overloaded],
      handle: async ({ params, body, idempotencyKey }) =>
        capturedToWire(await engine.capture(captureRequest({ ...params, ...body }, idempotencyKey))),
    }),
    route({
      method: 'POST',
      path: '/v1/holds/{hold}/release',
      id: 'releaseHold',
      tag: 'Holds',
      summary: 'Give back all that a hold still holds',
      keyed: true,
      params: holdParams,
      body: z.strictObject({}),
      answer: holdSchema,
      refusals: [holdNotFound, holdAlreadyEnded, keyReused, overloaded],
      handle: async ({ params, idempotencyKey }) =>
        holdToWire(await engine.release({ hold: holdId(params.hold), idempotencyKey })),
    }),
    route({
      method: 'POST',
      path: '/v1/holds/{hold}/checkpoint',
      id: 'checkpointHold',
      tag: 'Holds',
      summary: 'Note what a running call has used so far',
      description:
        'For the case that nothing is heard of it again: a hold placed with `on_lapse: "charge_checkpoint"` then charges so much. What was noted before is never lowered.',
      keyed: true,
      params: holdParams,
      body: z.strictObject(checkpointFields),
      answer: holdSchema,
      refusals: [holdNotFound, holdAlreadyEnded, keyReused, overloaded],
      handle: async ({ params, body, idempotencyKey }) =>
        holdToWire(
          await engine.checkpoint({ hold: holdId(params.hold), credits: body.credits, idempotencyKey }),
        ),
    }),
    route({
      method: 'POST',
      path: '/v1/holds/{hold}/extend',
      id: 'extendHold',
      tag: 'Holds',
      summary: 'Give a hold more time',
      keyed: true,
      params: holdParams,
      body: z.strictObject(extendFields),
      answer: holdSchema,
      refusals: [holdNotFound, holdAlreadyEnded, keyReused, overloaded],
      handle: async ({ params, body, idempotencyKey }) =>
        holdToWire(
          await engine.extend({
            hold: holdId(params.hold),
            expiresInSeconds: body.expires_in_seconds,
            idempotencyKey,
          }),
        ),
    }),
  ]
}

export function holdId(text: string): IdInWallet {
  return idFrom('hold', text, holdNotFound)
}

const holdBody = z.strictObject(holdFields)

export function holdRequest(body: z.output<typeof holdBody>, idempotencyKey: string): HoldRequest {
  const { expires_in_seconds: seconds, on_lapse: onLapse } = body
  return { ...spendRequest(body, idempotencyKey), expiresInSeconds: seconds, onLapse }
}

export function captureRequest(
  {
    hold,
    credits,
    final,
    above,
    observe,
  }: Pick<CaptureRequest, 'final' | 'above' | 'observe'> & { hold: string; credits?: Credits | undefined },
  idempotencyKey: string,
): CaptureRequest {
  return { hold: holdId(hold), credits, final, above, observe, idempotencyKey }
}

export function placedToWire(done: Done): z.input<typeof placedHoldSchema> {
  return { ...holdToWire(done), would_refuse: wouldRefuseToWire(done.receipt.wouldRefuse) }
}

export function capturedToWire(done: Done): z.input<typeof captureSchema> {
  const { walletId, receipt } = done
  return {
    ...holdToWire(done),
    transaction: formatTransactionId({ walletId, transaction: receipt.transaction }),
    charged: decimalFromCredits(receipt.credits),
    owed: decimalFromCredits(receipt.owed),
    paid_from: sharesToWire(receipt.shares, walletId),
    would_refuse: wouldRefuseToWire(receipt.wouldRefuse),
  }
}

/** The hold as an operation left it. */
export function holdToWire({ walletId, owner, receipt }: Done): z.input<typeof holdSchema> {
  const { hold, balance } = receipt
  invariant(hold, 'an operation on a hold has it in its receipt')
  return viewToWire(hold, { walletId, owner, balance })
}

function viewToWire(
  hold: Hold,
  { walletId, owner, balance }: { walletId: Uuid; owner: WalletOwner; balance: Balance },
): z.input<typeof holdSchema> {
  const stillHeld = hold.state === 'placed' ? remainingShares(hold) : []
  return {
    id: formatIdInWallet('hold', { walletId, id: hold.id }),
    customer: owner.customer,
    unit: owner.unit,
    action: hold.action ?? null,
    state: hold.state,
    credits: decimalFromCredits(hold.amount),
    captured: decimalFromCredits(hold.captured),
    remaining: decimalFromCredits(total(stillHeld.map((share) => share.amount))),
    checkpoint: decimalFromCredits(hold.checkpoint),
    uncollected: decimalFromCredits(uncollectedOf(hold)),
    on_lapse: hold.onLapse,
    placed_at: instantToWire(hold.placedAt),
    expires_at: instantToWire(hold.expiresAt),
    ended_at: optionalInstantToWire(hold.endedAt),
    paid_from: sharesToWire(hold.state === 'placed' ? stillHeld : sharesSpent(hold), walletId),
    balance: balanceToWire(balance, owner),
  }
}

/** A hold spends its shares in their order. */
function sharesSpent(hold: Hold): readonly LotShare[] {
  return takeInOrder(hold.shares, hold.fromShares).taken
}
