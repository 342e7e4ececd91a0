import { storeCatalog } from '../catalog/store-catalog.ts'
import type { Transaction } from '../database/database.ts'
import { appendEvent } from '../events/append-event.ts'
import type { Uuid } from '../kernel/ids.ts'
import { invariant } from '../kernel/refusal.ts'
import { internalKey } from '../ledger/keys.ts'
import { linkConsent } from '../orders/consent-queries.ts'
import type { Order } from '../orders/order.ts'
import * as orders from '../orders/queries.ts'
import { differenceFromOrder } from './difference-from-order.ts'
import { grantOrdered } from './grant-ordered.ts'
import type { Payment } from './payment.ts'
import * as queries from './queries.ts'
import type { SettleContext } from './settle-payment.ts'
import { boughtOf, findSoldAs } from './sold.ts'

/** What cannot be credited is for a person to look at: the money has been paid. */
export type CreditOutcome =
  | {
      readonly kind: 'credited'
      readonly payment: Payment
      readonly orderId: Uuid
      readonly note: string | undefined
    }
  /** The credits come from the provider's own credit system. */
  | { readonly kind: 'waiting'; readonly payment: Payment; readonly orderId: Uuid; readonly note: string }
  | { readonly kind: 'dismissed'; readonly orderId: Uuid | undefined; readonly note: string }
  | { readonly kind: 'flagged'; readonly orderId: Uuid | undefined; readonly note: string }

/** Grants what a payment that succeeded bought. Safe to repeat: it finds the payment credited and changes nothing. */
export async function creditPayment(
  tx: Transaction,
  payment: Payment,
  { orderId, payerEmail }: { orderId: Uuid | undefined; payerEmail: string | undefined },
  context: SettleContext,
): Promise<CreditOutcome> {
  if (payment.bought !== undefined) {
    invariant(payment.orderId, 'a credited payment has its order')
    const note = 'The payment was credited before.'
    return { kind: 'credited', payment, orderId: payment.orderId, note }
  }
  if (payment.standing === 'dismissed')
    return { kind: 'dismissed', orderId: payment.orderId, note: 'The payment was dismissed.' }
  return orderId === undefined
    ? creditWithoutOrder(tx, payment, payerEmail, context)
    : creditOrdered(tx, payment, orderId, context)
}

async function creditOrdered(
  tx: Transaction,
  payment: Payment,
  orderId: Uuid,
  context: SettleContext,
): Promise<CreditOutcome> {
  const order = await orders.lockOrder(tx, orderId)
  if (order === undefined || order.mode !== context.mode || order.provider !== context.provider)
    return flag(tx, payment, context, undefined, 'it names an order that is not known here')
  if (order.paymentId !== undefined && order.paymentId !== payment.paymentId)
    return flag(
      tx,
      payment,
      context,
      orderId,
      `its order was already paid by the payment ${order.paymentId}: refund one of them`,
    )
  const difference = differenceFromOrder(order, payment)
  if (difference !== undefined) return flag(tx, payment, context, orderId, difference)

  if (payment.providerCustomerId !== undefined)
    await orders.putProviderCustomer(
      tx,
      { provider: context.provider, mode: context.mode, customer: order.customer },
      payment.providerCustomerId,
    )
  if (payment.methodId !== undefined)
    await linkConsent(tx, {
      orderId,
      providerCustomerId: payment.providerCustomerId,
      methodId: payment.methodId,
    })
  return bringCredits(tx, payment, order, context, undefined)
}

/** The payment is right: it grants, or its credits come from the provider's credit system. One of the two, as the order says. */
async function bringCredits(
  tx: Transaction,
  payment: Payment,
  order: Order,
  { ledger }: SettleContext,
  note: string | undefined,
): Promise<CreditOutcome> {
  const orderId = order.id
  if (order.grantOn === 'entitlement') {
    const waiting = "The payment is there; its credits come from the provider's credit system."
    await orders.markPaid(tx, { orderId, paymentId: payment.paymentId })
    const awaiting = await queries.setStanding(tx, payment, {
      standing: 'awaiting_credits',
      note: waiting,
      orderId,
    })
    return { kind: 'waiting', payment: awaiting, orderId, note: waiting }
  }
  const key = internalKey(`payment:${order.provider}:${payment.paymentId}`)
  return { kind: 'credited', payment: await grantOrdered(tx, { payment, order, key }, ledger), orderId, note }
}

/**
 * A payment of a product of ours that no order of ours started: a payment link, the provider's dashboard. Where product and customer are known it gets an
 * order now, at what the product sells.
 */
async function creditWithoutOrder(
  tx: Transaction,
  payment: Payment,
  payerEmail: string | undefined,
  context: SettleContext,
): Promise<CreditOutcome> {
  const { mode } = context
  const [line, ...others] = payment.cart ?? []
  if (line === undefined || others.length > 0) {
    const what =
      payment.subscriptionId === undefined
        ? 'does not say which one product it bought'
        : 'is of a subscription'
    return unassigned(tx, payment, context, `it names no order of ours, and ${what}`)
  }
  const sold = await findSoldAs(tx, line.productId, context)
  if (sold === undefined)
    return unassigned(
      tx,
      payment,
      context,
      `it names no order of ours, and no pack is sold as ${line.productId}`,
    )
  const customer = payment.customer ?? (await customerOfPayer(tx, payment, payerEmail, context))
  if (customer === undefined || !(await orders.isCustomer(tx, mode, customer)))
    return unassigned(tx, payment, context, 'it names no order of ours, and whose it is is not known')

  if (sold.mostMinor !== undefined && payment.charged?.total.currency !== sold.price.currency)
    return unassigned(
      tx,
      payment,
      context,
      'the customer chose what to pay and paid it in another currency, so how many credits it brings is not known',
    )
  const bought = { ...boughtOf(sold, payment, line), quantity: line.quantity, productId: line.productId }
  const difference = differenceFromOrder(bought, payment)
  if (difference !== undefined) return unassigned(tx, payment, context, difference)

  const note = 'The payment came without an order, and got one.'
  return creditNewOrder(tx, payment, { customer, sold, bought, note }, context)
}

export interface NewOrderOf {
  readonly customer: string
  readonly sold: orders.Sold
  readonly bought: Pick<Order, 'price' | 'credits' | 'discount' | 'chosenBetween' | 'quantity' | 'productId'>
  readonly note: string
}

/** Makes the order that a payment should have had, and brings its credits. */
export async function creditNewOrder(
  tx: Transaction,
  payment: Payment,
  { customer, sold, bought, note }: NewOrderOf,
  context: SettleContext,
): Promise<CreditOutcome> {
  const { provider, mode, catalog, ledger } = context
  const orderId = ledger.newId()
  await orders.insertOrder(tx, {
    ...bought,
    id: orderId,
    mode,
    customer,
    pack: sold.pack,
    packName: sold.packName,
    unit: sold.unit,
    origin: 'payment',
    grantOn: sold.grantOn,
    billingCountry: undefined,
    adopted: undefined,
    catalogId: await storeCatalog(tx, catalog),
    provider,
    key: internalKey(`payment:${provider}:${payment.paymentId}`),
  })
  const order = await orders.findOrder(tx, orderId)
  invariant(order, 'an order just created is there')
  return bringCredits(tx, payment, order, context, note)
}

/**
 * Who has bought before, if a person said so or the app knows them by the e-mail that was given. The provider finds its customer by that e-mail alone, and
 * whoever bought here may have typed another person's.
 */
async function customerOfPayer(
  tx: Transaction,
  { providerCustomerId }: Payment,
  payerEmail: string | undefined,
  { provider, mode }: SettleContext,
): Promise<string | undefined> {
  if (providerCustomerId === undefined) return undefined
  const customer = await orders.findCustomerAtProvider(tx, { provider, mode, providerCustomerId })
  if (customer === undefined) return undefined
  const { email } = await orders.findContact(tx, { provider, mode, customer })
  const isTheirs = email !== undefined && email.toLowerCase() === payerEmail?.toLowerCase()
  return isTheirs || (await queries.wasAssigned(tx, { provider, mode, customer, providerCustomerId }))
    ? customer
    : undefined
}

async function flag(
  tx: Transaction,
  payment: Payment,
  context: SettleContext,
  orderId: Uuid | undefined,
  reason: string,
): Promise<CreditOutcome> {
  const note = `The payment ${payment.paymentId} has succeeded and was not credited: ${reason}.`
  await wait(tx, payment, context, { standing: 'flagged', note, orderId })
  return { kind: 'flagged', orderId, note }
}

async function unassigned(
  tx: Transaction,
  payment: Payment,
  context: SettleContext,
  reason: string,
): Promise<CreditOutcome> {
  const note = `The payment ${payment.paymentId} has succeeded and was not credited: ${reason}. Assign it to a customer.`
  await wait(tx, payment, context, { standing: 'unassigned', note, orderId: undefined })
  return { kind: 'flagged', orderId: undefined, note }
}

/** It waits for a person, who hears of it once for each reason, however often it is told. */
async function wait(
  tx: Transaction,
  before: Payment,
  { ledger, mode }: SettleContext,
  standing: queries.Standings & { readonly standing: 'flagged' | 'unassigned'; readonly note: string },
): Promise<void> {
  await queries.setStanding(tx, before, standing)
  const { note, orderId } = standing
  if (before.standing === standing.standing && before.note === note) return
  const about = { provider: before.provider, payment: before.paymentId, note }
  await appendEvent(
    tx,
    standing.standing === 'flagged'
      ? { id: ledger.newId(), type: 'payment.flagged', mode, data: { ...about, order: orderId ?? null } }
      : { id: ledger.newId(), type: 'payment.unassigned', mode, data: about },
  )
}
