/** What several of the ledger's routes read and answer. */
import { z } from '@hono/zod-openapi'
import { checkSpending, type Spending, type SpendingFields } from '../../catalog/price-spending.ts'
import { problemSchema } from '../../http/problem.ts'
import {
  catalogNameSchema,
  creditsInputSchema,
  creditsSchema,
  customerIdSchema,
  moneySchema,
  orNull,
  textSchema,
} from '../../http/wire.ts'
import { below, notWhole } from '../../kernel/bounds.ts'
import { decimalFromCredits } from '../../kernel/credits.ts'
import {
  formatIdInWallet,
  type IdInWallet,
  parseIdInWallet,
  type Uuid,
  type WalletIdKind,
  type WalletOwner,
} from '../../kernel/ids.ts'
import type { Facts, RefusalMaker } from '../../kernel/refusal.ts'
import { insufficientCredits } from '../errors.ts'
import { charactersMax, quantityBounds } from '../request-bounds.ts'
import type { Balance, LotShare } from '../wallet.ts'

export const balanceSchema = z
  .object({
    customer: z.string(),
    unit: z.string(),
    available: creditsSchema.openapi({ description: 'In all lots: the sum of the four parts.' }),
    held: creditsSchema.openapi({ description: 'Set aside by holds.' }),
    debt: creditsSchema.openapi({ description: 'Owed. Who owes can spend nothing until it is repaid.' }),
    spendable: creditsSchema.openapi({ description: 'What any action could use now.' }),
    scoped: creditsSchema.openapi({ description: 'In lots that only some actions may use.' }),
    upcoming: creditsSchema.openapi({ description: 'In lots that start later.' }),
    frozen: creditsSchema.openapi({ description: 'In lots that are frozen.' }),
  })
  .openapi('Balance')

export function balanceToWire(
  balance: Balance,
  { customer, unit }: WalletOwner,
): z.input<typeof balanceSchema> {
  return {
    customer,
    unit,
    available: decimalFromCredits(balance.available),
    held: decimalFromCredits(balance.held),
    debt: decimalFromCredits(balance.debt),
    spendable: decimalFromCredits(balance.spendable),
    scoped: decimalFromCredits(balance.scoped),
    upcoming: decimalFromCredits(balance.upcoming),
    frozen: decimalFromCredits(balance.frozen),
  }
}

const shareSchema = z.object({ lot: z.string(), credits: creditsSchema }).openapi('LotShare')

/** Credits lot by lot. */
export function sharesSchema(description: string) {
  return z.array(shareSchema).openapi({ description })
}

export function sharesToWire(shares: readonly LotShare[], walletId: Uuid): z.input<typeof shareSchema>[] {
  return shares.map(({ lotId, amount }) => ({
    lot: formatIdInWallet('lot', { walletId, id: lotId }),
    credits: decimalFromCredits(amount),
  }))
}

/** The id in a path. @throws what is answered when there is no such thing */
export function idFrom(kind: WalletIdKind, text: string, notFound: RefusalMaker<Facts>): IdInWallet {
  const id = parseIdInWallet(kind, text)
  if (id === undefined) throw notFound({})
  return id
}

export const customerParams = z.strictObject({ customer: customerIdSchema })

export const unitField = catalogNameSchema
  .optional()
  .openapi({ description: "The catalog's first unit unless given." })

export const reasonField = textSchema(charactersMax.reason)
  .optional()
  .openapi({ description: 'For the journal: it stands on the entries.' })

/** Of a request that spends: what is to be paid for. */
export const pricedFields = {
  action: catalogNameSchema
    .optional()
    .openapi({ description: 'An action of the catalog, at its price.', example: 'image.hires' }),
  quantity: z
    .int({ error: notWhole })
    .min(quantityBounds.min, { error: below(quantityBounds.min) })
    .optional()
    .openapi({ description: 'How many times over; 1 unless given.' }),
  credits: creditsInputSchema.optional(),
  unit: catalogNameSchema
    .optional()
    .openapi({ description: "With `credits`; the catalog's first unit unless given." }),
}

/** Says what contradicts itself in a request that spends. */
export function checkPriced(fields: SpendingFields, context: z.core.$RefinementCtx<SpendingFields>): void {
  checkSpending(fields, (path, message) => {
    context.addIssue({ code: 'custom', path: [path], message, input: fields })
  })
}

export function spendingOf({ action, quantity, credits, unit }: SpendingFields): Spending {
  return credits === undefined ? { action: action ?? '', quantity } : { credits, unit }
}

export const packOfferSchema = z
  .object({ pack: z.string(), name: z.string(), credits: creditsSchema, price: moneySchema })
  .openapi('PackOffer')

const insufficientCreditsProblem = problemSchema
  .extend({
    required: creditsSchema,
    spendable: creditsSchema,
    held: creditsSchema,
    debt: creditsSchema.openapi({ description: 'What the customer owes; it counts as missing.' }),
    missing: creditsSchema,
    unit: z.string(),
    pack: orNull(packOfferSchema, 'The smallest pack that covers what is missing.'),
    message: z.string().openapi({ description: 'A sentence for the end user.' }),
  })
  .openapi('InsufficientCreditsProblem')

export const notEnough = { refusal: insufficientCredits, problem: insufficientCreditsProblem } as const
