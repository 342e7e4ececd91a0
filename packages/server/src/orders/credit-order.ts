import type { Transaction } from '../database/database.ts'
import { type Mode, walletId } from '../kernel/ids.ts'
import { formatMoney } from '../kernel/money.ts'
import { invariant } from '../kernel/refusal.ts'
import { applyOperations } from '../ledger/apply-operations.ts'
import type { LedgerContext } from '../ledger/context.ts'
import { internalKey } from '../ledger/keys.ts'
import type { Charged, ProviderPayment } from '../providers/provider.ts'
import type { Order } from './order.ts'
import * as queries from './queries.ts'

export interface CreditOrder {
  readonly provider: string
  readonly mode: Mode
  /** Confirmed by the provider. */
  readonly payment: ProviderPayment
}

/** What cannot be credited is for a person to look at: the money has been paid. */
export type CreditOutcome =
  | { readonly kind: 'credited'; readonly order: Order }
  | { readonly kind: 'credited_before'; readonly order: Order }
  | { readonly kind: 'flagged'; readonly note: string }

/** Grants what a paid order bought. Safe to repeat: a second call finds the order credited and changes nothing. */
export async function creditOrder(
  tx: Transaction,
  { provider, mode, payment }: CreditOrder,
  context: LedgerContext,
): Promise<CreditOutcome> {
  const { paymentId, orderId } = payment
  if (orderId === undefined)
    return flagged(paymentId, 'it names no order of ours (a payment link, or a sale made elsewhere)')
  const order = await queries.lockOrder(tx, orderId)
  if (order === undefined || order.mode !== mode || order.provider !== provider)
    return flagged(paymentId, 'it names an order that is not known here')
  if (order.state === 'credited') {
    return order.paymentId === paymentId
      ? { kind: 'credited_before', order }
      : flagged(
          paymentId,
          `its order was already credited by the payment ${order.paymentId ?? '(unknown)'}: refund one of them`,
        )
  }
  if (payment.isRefunded) return flagged(paymentId, 'money was given back before that')
  const difference = cartDifference(order, payment) ?? priceDifference(order, payment)
  if (difference !== undefined) return flagged(paymentId, difference)

  if (payment.providerCustomerId !== undefined)
    await queries.putProviderCustomer(
      tx,
      { provider, mode, customer: order.customer },
      payment.providerCustomerId,
    )
  const lotId = await grantBought(tx, order, paymentId, context)
  return { kind: 'credited', order: await queries.markCredited(tx, { orderId, paymentId, lotId }) }
}

async function grantBought(
  tx: Transaction,
  order: Order,
  paymentId: string,
  context: LedgerContext,
): Promise<string> {
  const owner = { mode: order.mode, customer: order.customer, unit: order.unit }
  const [outcome] = await applyOperations(
    tx,
    [
      {
        kind: 'grant',
        walletId: walletId(owner),
        owner,
        key: internalKey(`payment:${order.provider}:${paymentId}`),
        credits: order.credits,
        source: 'purchase',
        name: order.packName,
        priority: 0,
        effectiveAt: undefined,
        expiry: undefined,
        paid: order.price,
        orderId: order.id,
      },
    ],
    context,
  )
  invariant(outcome, 'every operation has an outcome')
  if (!outcome.ok) throw outcome.refusal
  const [share] = outcome.receipt.shares
  invariant(share, 'a grant is of one lot')
  return share.lotId
}

/** In what the cart is not what was ordered. */
function cartDifference(order: Order, { cart }: ProviderPayment): string | undefined {
  const ordered = `${order.quantity} × ${order.productId ?? '(no product yet)'}`
  if (cart === undefined || cart.length === 0) return `it has no cart, and ${ordered} was ordered`
  const paid = cart.map(({ quantity, productId }) => `${quantity} × ${productId}`).join(', ')
  const quantity = cart.reduce((sum, line) => sum + line.quantity, 0)
  const isSame = quantity === order.quantity && cart.every(({ productId }) => productId === order.productId)
  return isSame ? undefined : `it is for ${paid}, and ${ordered} was ordered`
}

/**
 * In what less, or more, was paid than the order's price.
 *
 * In another currency the provider converted the price (adaptive pricing) at a rate that we don't know. Then nothing but product, quantity and the
 * absence of discounts is held against the order.
 */
function priceDifference(order: Order, { charged, isDiscounted }: ProviderPayment): string | undefined {
  const wanted = `the price of the order is ${formatMoney(order.price)}`
  if (isDiscounted) return `it has a discount, and ${wanted}`
  if (charged === undefined) return `it does not say what was charged, and ${wanted}`
  if (charged.total.currency !== order.price.currency || isPriceOf(order, charged)) return undefined
  const [total, net] = [charged.total.amountMinor, netMinor(charged)].map((amountMinor) =>
    formatMoney({ amountMinor, currency: charged.total.currency }),
  )
  return `${total} were charged, ${net} without tax, and ${wanted}`
}

/**
 * Tax is added to a price or contained in it, as the product says at the provider; the payment does not tell which. So either the net or the total
 * is the price.
 */
function isPriceOf({ price }: Order, charged: Charged): boolean {
  return netMinor(charged) === price.amountMinor || charged.total.amountMinor === price.amountMinor
}

function netMinor({ total, taxMinor }: Charged): bigint {
  return total.amountMinor - taxMinor
}

function flagged(paymentId: string, reason: string): CreditOutcome {
  return { kind: 'flagged', note: `The payment ${paymentId} has succeeded and was not credited: ${reason}.` }
}
