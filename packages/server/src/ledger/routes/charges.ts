import { z } from '@hono/zod-openapi'
import { invalidAmount } from '../../catalog/errors.ts'
import { type Route, route } from '../../http/route.ts'
import { creditsInputSchema, creditsSchema, instantSchema, instantToWire } from '../../http/wire.ts'
import { type Credits, decimalFromCredits } from '../../kernel/credits.ts'
import { formatTransactionId, parseTransactionId, type TransactionId } from '../../kernel/ids.ts'
import { chargeNotFound, keyReused, overloaded, refundExceedsCharge } from '../errors.ts'
import type { Done, LedgerRequests, RefundRequest } from '../requests.ts'
import {
  checkSpend,
  spendingFields,
  spendingRefusals,
  spendRequest,
  wouldRefuseSchema,
  wouldRefuseToWire,
} from './spending.ts'
import { balanceSchema, balanceToWire, reasonField, sharesSchema, sharesToWire } from './wire.ts'

export const chargeFields = spendingFields

export const chargeSchema = z
  .object({
    id: z.string().openapi({ example: 'txn_…' }),
    customer: z.string(),
    unit: z.string(),
    action: z.string().nullable(),
    credits: creditsSchema,
    paid_from: sharesSchema('Which lots paid, in the order in which they burn.'),
    would_refuse: wouldRefuseSchema,
    created_at: instantSchema,
    balance: balanceSchema,
  })
  .openapi('Charge')

export const refundFields = {
  credits: creditsInputSchema
    .optional()
    .openapi({ description: 'All that is not refunded yet unless given.' }),
  reason: reasonField,
}

export const refundSchema = z
  .object({
    id: z.string().openapi({ example: 'txn_…' }),
    charge: z.string().openapi({ description: 'The transaction that was refunded.' }),
    customer: z.string(),
    unit: z.string(),
    action: z.string().nullable(),
    credits: creditsSchema.openapi({
      description: 'In all: returned to lots, and debt that is owed no more.',
    }),
    returned_to: sharesSchema('Which lots got credits back, the last one that paid first.'),
    debt_repaid: creditsSchema.openapi({
      description: 'Debt that the charge had made, and that is owed no more.',
    }),
    reason: z.string().nullable(),
    created_at: instantSchema,
    balance: balanceSchema,
  })
  .openapi('Refund')

export function chargeRoutes(engine: LedgerRequests): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/charges',
      id: 'charge',
      tag: 'Charges',
      summary: 'Spend credits at once',
      keyed: true,
      body: z.strictObject(chargeFields).superRefine(checkSpend),
      answer: chargeSchema,
      refusals: spendingRefusals,
      handle: async ({ body, idempotencyKey }) =>
        chargeToWire(await engine.charge(spendRequest(body, idempotencyKey))),
    }),
    route({
      method: 'POST',
      path: '/v1/charges/{charge}/refund',
      id: 'refundCharge',
      tag: 'Charges',
      summary: 'Give back what a charge or a capture spent, in whole or in part',
      description:
        'Debt that it made shrinks first; the rest goes back to the lots that paid, the last one first. What returns to a lot that has expired meanwhile is expired, unless the lot lets it live again. Limits stay as they are.',
      keyed: true,
      params: z.strictObject({
        charge: z.string().openapi({
          description: 'The `id` of a charge, or the `transaction` of a capture or of an entry.',
          example: 'txn_…',
        }),
      }),
      body: z.strictObject(refundFields),
      answer: refundSchema,
      refusals: [chargeNotFound, refundExceedsCharge, invalidAmount, keyReused, overloaded],
      handle: async ({ params, body, idempotencyKey }) => {
        const request = refundRequest({ ...params, ...body }, idempotencyKey)
        return refundToWire(request, await engine.refund(request))
      },
    }),
  ]
}

export function refundRequest(
  { charge, credits, reason }: { charge: string; credits?: Credits | undefined; reason?: string | undefined },
  idempotencyKey: string,
): RefundRequest {
  return { charge: chargeId(charge), credits, reason, idempotencyKey }
}

function chargeId(text: string): TransactionId {
  const id = parseTransactionId(text)
  if (id === undefined) throw chargeNotFound({})
  return id
}

export function chargeToWire({ walletId, owner, receipt }: Done): z.input<typeof chargeSchema> {
  return {
    id: formatTransactionId({ walletId, transaction: receipt.transaction }),
    customer: owner.customer,
    unit: owner.unit,
    action: receipt.action ?? null,
    credits: decimalFromCredits(receipt.credits),
    paid_from: sharesToWire(receipt.shares, walletId),
    would_refuse: wouldRefuseToWire(receipt.wouldRefuse),
    created_at: instantToWire(receipt.at),
    balance: balanceToWire(receipt.balance, owner),
  }
}

export function refundToWire(
  { charge, reason }: RefundRequest,
  { walletId, owner, receipt }: Done,
): z.input<typeof refundSchema> {
  return {
    id: formatTransactionId({ walletId, transaction: receipt.transaction }),
    charge: formatTransactionId(charge),
    customer: owner.customer,
    unit: owner.unit,
    action: receipt.action ?? null,
    credits: decimalFromCredits(receipt.credits),
    returned_to: sharesToWire(receipt.shares, walletId),
    debt_repaid: decimalFromCredits(0n - receipt.owed),
    reason: reason ?? null,
    created_at: instantToWire(receipt.at),
    balance: balanceToWire(receipt.balance, owner),
  }
}
