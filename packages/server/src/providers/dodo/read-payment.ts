import { z } from 'zod'
import { parseId } from '../../kernel/ids.ts'
import { storable } from '../../kernel/storable.ts'
import type { Charged, ListedPayment, PaymentState, ProviderPayment } from '../told.ts'
import { failureOf } from './failure-sentences.ts'
import { disputeFrom, refundFrom } from './read-money-back.ts'
import { count, currencyCode, minorUnits, moneyFrom, optionalInstant, optionalText, text } from './schemas.ts'

/** Our order's id travels to the checkout and comes back with the payment under this name. */
export const orderMetadataKey = 'tallystick_order'
/** Who buys, where a payment link says so: `metadata_tallystick_customer=…`. */
export const customerMetadataKey = 'tallystick_customer'

const chargeSchema = z
  .object({
    total: minorUnits,
    // No tax is null.
    tax: minorUnits.nullish(),
    currency: currencyCode,
  })
  .transform(
    ({ total, tax, currency }): Charged => ({
      total: { amountMinor: BigInt(total), currency },
      taxMinor: BigInt(tax ?? 0),
    }),
  )
  .refine(({ total, taxMinor }) => taxMinor <= total.amountMinor)

const listedSchema = z.looseObject({
  payment_id: text,
  status: optionalText,
  metadata: z.record(z.string(), z.unknown()).nullish().catch(null),
  customer: z.looseObject({ customer_id: text, email: optionalText }).nullish().catch(null),
  created_at: optionalInstant,
  refund_status: optionalText,
  dispute_status: optionalText,
  total_amount: z.unknown().optional(),
  currency: z.unknown().optional(),
})

const paymentSchema = listedSchema.extend({
  error_code: optionalText,
  subscription_id: optionalText,
  payment_method_id: optionalText,
  invoice_id: optionalText,
  product_cart: z
    .array(z.looseObject({ product_id: z.string().transform(storable), quantity: count }))
    .nullish(),
  discounts: z.unknown().optional(),
  discount_id: z.unknown().optional(),
  tax: z.unknown().optional(),
  settlement_amount: z.unknown().optional(),
  settlement_tax: z.unknown().optional(),
  settlement_currency: z.unknown().optional(),
  refunds: z.array(z.unknown()).nullish().catch(null),
  disputes: z.array(z.unknown()).nullish().catch(null),
})

/** A payment as the API and webhooks tell it. */
export function readPayment(data: unknown): z.ZodSafeParseResult<ProviderPayment> {
  return paymentSchema
    .transform((said): ProviderPayment => {
      const state = stateOf(said.status)
      return {
        ...identity(said),
        state,
        customer: metadataText(said, customerMetadataKey),
        payerEmail: said.customer?.email,
        subscriptionId: said.subscription_id,
        cart: said.product_cart?.map((line) => ({ productId: line.product_id, quantity: line.quantity })),
        charged: chargeSchema.safeParse({ total: said.total_amount, tax: said.tax, currency: said.currency })
          .data,
        settled: chargeSchema.safeParse({
          total: said.settlement_amount,
          tax: said.settlement_tax,
          currency: said.settlement_currency,
        }).data,
        discountCodes: discountCodesOf(said.discounts, said.discount_id),
        methodId: said.payment_method_id,
        invoiceId: said.invoice_id,
        failure: state === 'failed' ? failureOf(said.error_code) : undefined,
        isFullyRefunded: said.refund_status === 'full',
        refunds: (said.refunds ?? []).flatMap((refund) => refundFrom(refund) ?? []),
        disputes: (said.disputes ?? []).flatMap((dispute) => disputeFrom(dispute) ?? []),
      }
    })
    .safeParse(data)
}

/** A row of a list of payments. */
export function listedFrom(row: unknown): ListedPayment | undefined {
  const said = listedSchema.safeParse(row).data
  if (said === undefined) return undefined
  const isTroubled = said.refund_status !== undefined || said.dispute_status !== undefined
  return {
    ...identity(said),
    state: stateOf(said.status),
    charged: moneyFrom(said.total_amount, said.currency),
    isTroubled,
  }
}

function identity(said: z.output<typeof listedSchema>) {
  const order = metadataText(said, orderMetadataKey)
  return {
    paymentId: said.payment_id,
    orderId: order === undefined ? undefined : parseId('order', order),
    providerCustomerId: said.customer?.customer_id,
    createdAt: said.created_at,
  }
}

function metadataText({ metadata }: z.output<typeof listedSchema>, key: string): string | undefined {
  const value = metadata?.[key]
  return typeof value === 'string' && value !== '' ? storable(value) : undefined
}

/** What is not at its end, and what came after this was written, is on its way. */
function stateOf(status: string | undefined): PaymentState {
  return status === 'succeeded' || status === 'failed' || status === 'cancelled' ? status : 'processing'
}

/** Undefined when something was taken off that does not say by which code: a shape that came after this was written is a discount too. */
function discountCodesOf(discounts: unknown, discountId: unknown): readonly string[] | undefined {
  const list = z.array(z.looseObject({ code: text })).safeParse(discounts)
  if (list.success && list.data.length > 0) return list.data.map(({ code }) => code.toUpperCase())
  return isNothing(discounts) && isNothing(discountId) ? [] : undefined
}

function isNothing(said: unknown): boolean {
  return Array.isArray(said) ? said.length === 0 : said === undefined || said === null || said === ''
}
