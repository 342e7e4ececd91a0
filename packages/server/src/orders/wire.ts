/** What an order looks like on the wire. */
import { z } from '@hono/zod-openapi'
import {
  creditsSchema,
  instantSchema,
  instantToWire,
  moneySchema,
  moneyToWire,
  optionalInstantToWire,
  orNull,
} from '../http/wire.ts'
import { decimalFromCredits } from '../kernel/credits.ts'
import { formatId, formatIdInWallet } from '../kernel/ids.ts'
import type { Charged } from '../providers/told.ts'
import { netPrice, type OrderPayment, type PaidOrder } from './order.ts'

export const chargedSchema = z
  .object({
    total: moneySchema.openapi({ description: 'Tax included.' }),
    tax: moneySchema,
    net: moneySchema.openapi({ description: 'Without tax.' }),
  })
  .openapi('Charged')

export function chargedToWire({ total, taxMinor }: Charged): z.input<typeof chargedSchema> {
  const { currency } = total
  return {
    total: moneyToWire(total),
    tax: moneyToWire({ amountMinor: taxMinor, currency }),
    net: moneyToWire({ amountMinor: total.amountMinor - taxMinor, currency }),
  }
}

const paymentDetailsSchema = z
  .object({
    payment: z.string().openapi({ description: "The provider's id of it." }),
    standing: z.enum(['none', 'awaiting_credits', 'credited', 'unassigned', 'flagged', 'dismissed']).openapi({
      description:
        'What became of it here. `flagged`: it is not what was ordered, and waits for a person; `awaiting_credits`: its credits come from the provider.',
    }),
    note: z.string().nullable().openapi({ description: 'Why it is not credited, for your support.' }),
    charged: orNull(chargedSchema, 'What the customer paid, in the currency they paid in.'),
    settlement: orNull(chargedSchema, 'What you are paid out for it; null until the provider says.'),
    refunded: orNull(moneySchema, 'Given back to the customer in all, tax included.'),
    credits_taken_back: creditsSchema.openapi({
      description: 'For money that went back, by refunds and lost disputes.',
    }),
    dispute: orNull(
      z
        .object({
          state: z.enum(['open', 'expired', 'won', 'lost']),
          stage: z.enum(['pre_dispute', 'dispute', 'pre_arbitration']),
          amount: orNull(moneySchema, 'Null where the provider does not say: then all of it.'),
          reason: z.string().nullable(),
        })
        .openapi('OrderDispute'),
      'The undecided one, or else the last.',
    ),
    invoice: z.string().openapi({
      description:
        "Where this API answers the invoice, once there is one: a path, for a secret key's holder.",
      example: '/v1/orders/ord_06bq5m3k7r8x9z0a1b2c3d4e5f/invoice',
    }),
  })
  .openapi('PaymentDetails')

function paymentToWire(
  { id }: PaidOrder,
  { paymentId, standing, note, charged, settled, refunded, creditsTakenBack, dispute }: OrderPayment,
): z.input<typeof paymentDetailsSchema> {
  return {
    payment: paymentId,
    standing,
    note: note ?? null,
    charged: charged === undefined ? null : chargedToWire(charged),
    settlement: settled === undefined ? null : chargedToWire(settled),
    refunded: refunded === undefined ? null : moneyToWire(refunded),
    credits_taken_back: decimalFromCredits(creditsTakenBack),
    dispute:
      dispute === undefined
        ? null
        : {
            state: dispute.state,
            stage: dispute.stage,
            amount: dispute.amount === undefined ? null : moneyToWire(dispute.amount),
            reason: dispute.reason ?? null,
          },
    invoice: `/v1/orders/${formatId('order', id)}/invoice`,
  }
}

export const orderSchema = z
  .object({
    id: z.string().openapi({ example: 'ord_06bq5m3k7r8x9z0a1b2c3d4e5f' }),
    customer: z.string(),
    pack: z.string(),
    pack_name: z.string().openapi({ description: 'As it was when the order was made.' }),
    quantity: z.int(),
    unit: z.string(),
    credits: creditsSchema.openapi({ description: 'In all: those of the pack × quantity.' }),
    price: moneySchema.openapi({
      description:
        'In all, before tax and discount: that of the pack × quantity, or what the customer chose.',
    }),
    discount: orNull(
      z.object({ code: z.string(), amount: moneySchema }).openapi('Discount'),
      'What is taken off the price: frozen before the checkout began.',
    ),
    net_price: moneySchema.openapi({ description: 'What is to be paid, before tax.' }),
    billing_country: z.string().nullable(),
    state: z.enum(['created', 'open', 'paid', 'credited']),
    checkout_url: z.string().nullable().openapi({ description: 'Where the customer pays.' }),
    origin: z.enum(['checkout', 'payment']).openapi({
      description: '`payment`: somebody paid without a checkout of yours, and the payment got an order.',
    }),
    provider: z.string(),
    provider_session: z.string().nullable(),
    payment: z
      .string()
      .nullable()
      .openapi({ description: "The provider's id of the payment that was credited." }),
    payment_details: orNull(paymentDetailsSchema, 'What is known of the payment, once it has succeeded.'),
    lot: z.string().nullable(),
    mode: z.enum(['test', 'live']),
    created_at: instantSchema,
    paid_at: instantSchema.nullable(),
    credited_at: instantSchema.nullable(),
    failure: z
      .object({
        code: z.string(),
        message: z.string().openapi({ description: 'A sentence for the customer.' }),
      })
      .nullable()
      .openapi({
        description:
          'Why the last attempt to pay failed. The order stays open, and another attempt clears it.',
      }),
  })
  .openapi('Order')

export function orderToWire(order: PaidOrder): z.input<typeof orderSchema> {
  return {
    id: formatId('order', order.id),
    customer: order.customer,
    pack: order.pack,
    pack_name: order.packName,
    quantity: order.quantity,
    unit: order.unit,
    credits: decimalFromCredits(order.credits),
    price: moneyToWire(order.price),
    discount:
      order.discount === undefined
        ? null
        : {
            code: order.discount.code,
            amount: moneyToWire({
              amountMinor: order.discount.amountMinor,
              currency: order.price.currency,
            }),
          },
    net_price: moneyToWire(netPrice(order)),
    billing_country: order.billingCountry ?? null,
    state: order.state,
    checkout_url: order.checkoutUrl ?? null,
    origin: order.origin,
    provider: order.provider,
    provider_session: order.sessionId ?? null,
    payment: order.paymentId ?? null,
    payment_details: order.payment === undefined ? null : paymentToWire(order, order.payment),
    lot: order.lot === undefined ? null : formatIdInWallet('lot', order.lot),
    mode: order.mode,
    created_at: instantToWire(order.createdAt),
    paid_at: optionalInstantToWire(order.paidAt),
    credited_at: optionalInstantToWire(order.creditedAt),
    failure: order.failure ?? null,
  }
}
