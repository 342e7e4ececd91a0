import { unknownPack } from '../catalog/errors.ts'
import { customerNotFound } from '../customers/errors.ts'
import type { Transaction } from '../database/database.ts'
import type { Money } from '../kernel/money.ts'
import * as orders from '../orders/queries.ts'
import type { CartLine } from '../providers/told.ts'
import { creditNewOrder, type NewOrderOf } from './credit-payment.ts'
import { packNeeded, paymentNotFound, paymentNotWaiting } from './errors.ts'
import { lockProviderCustomer } from './grant-queries.ts'
import type { Payment } from './payment.ts'
import * as queries from './queries.ts'
import { type SettleContext, settleCredited } from './settle-payment.ts'
import { boughtOf, findSoldAs, soldOfPack } from './sold.ts'

export interface AssignPayment {
  readonly paymentId: string
  readonly customer: string
  /** What was bought, where its product does not tell. */
  readonly pack: string | undefined
  /** Who decides. */
  readonly actor: string
}

/**
 * Gives a payment that waits for a decision to a customer: it gets an order, and what its product sells is credited, times the quantity. That it is not what an
 * order asked for is what the person has decided about, so nothing is compared. Money that has gone back since is taken into account. A repeat for
 * the same customer changes nothing.
 *
 * @throws paymentNotFound, paymentNotWaiting, customerNotFound, unknownPack, packNeeded
 */
export async function assignPayment(
  tx: Transaction,
  { paymentId, customer, pack, actor }: AssignPayment,
  context: SettleContext,
): Promise<Payment> {
  const payment = await lockWaiting(tx, paymentId, context)
  if (payment.standing === 'credited' && payment.customer === customer) return payment
  if (!isWaiting(payment)) throw notWaiting(payment)
  if (!(await orders.isCustomer(tx, context.mode, customer))) throw customerNotFound({})

  const order = await newOrderOf(tx, payment, { customer, pack }, context)
  if (payment.providerCustomerId !== undefined)
    await orders.putProviderCustomer(
      tx,
      { provider: context.provider, mode: context.mode, customer },
      payment.providerCustomerId,
    )
  const credited = await creditNewOrder(tx, payment, order, context)
  await settleCredited(tx, payment, credited, context)
  return queries.setDecided(tx, payment, actor)
}

export interface DismissPayment {
  readonly paymentId: string
  readonly reason: string
  readonly actor: string
}

/**
 * Nothing follows from the payment, for good: it brings no credits however often it is told again. A repeat changes nothing.
 *
 * @throws paymentNotFound, paymentNotWaiting
 */
export async function dismissPayment(
  tx: Transaction,
  { paymentId, reason, actor }: DismissPayment,
  context: SettleContext,
): Promise<Payment> {
  const payment = await lockWaiting(tx, paymentId, context)
  if (payment.standing === 'dismissed') return payment
  if (!isWaiting(payment)) throw notWaiting(payment)
  const note = `Dismissed by ${actor}: ${reason}`
  await queries.setStanding(tx, payment, { standing: 'dismissed', note, orderId: undefined })
  return queries.setDecided(tx, payment, actor)
}

async function lockWaiting(
  tx: Transaction,
  paymentId: string,
  { provider, mode }: SettleContext,
): Promise<Payment> {
  const found = await queries.findPayment(tx, { provider, paymentId })
  if (found === undefined || found.mode !== mode) throw paymentNotFound({})
  // Before the payment, as everyone who settles it does.
  if (found.providerCustomerId !== undefined)
    await lockProviderCustomer(tx, provider, found.providerCustomerId)
  const payment = await queries.lockPayment(tx, { provider, paymentId })
  if (payment === undefined) throw paymentNotFound({})
  return payment
}

function isWaiting({ state, standing }: Payment): boolean {
  return state === 'succeeded' && (standing === 'unassigned' || standing === 'flagged')
}

function notWaiting({ paymentId: payment, state, standing, customer }: Payment) {
  return paymentNotWaiting({ payment, state, standing, customer })
}

async function newOrderOf(
  tx: Transaction,
  payment: Payment,
  { customer, pack }: { readonly customer: string; readonly pack: string | undefined },
  context: SettleContext,
): Promise<NewOrderOf> {
  const { sold, line } =
    pack === undefined
      ? await whatTheProductSells(tx, payment, context)
      : whatThePackSells(payment, pack, context)
  const bought = boughtOf(sold, payment, line)
  const net = netPaid(payment)
  // Where the customer chose the amount, it is what brings the credits.
  if (
    sold.mostMinor !== undefined &&
    (bought.chosenBetween === undefined || net?.currency !== sold.price.currency)
  )
    throw packNeeded({
      payment: payment.paymentId,
      reason: `the customer of ${sold.pack} chooses the amount, and this one cannot be chosen`,
    })
  return {
    customer,
    sold,
    // What was paid, whatever its price was: refunds give back a share of it.
    bought: { ...bought, price: net ?? bought.price, ...line },
    note: `The payment was assigned to ${customer}.`,
  }
}

interface WhatWasSold {
  readonly sold: orders.Sold
  readonly line: CartLine
}

async function whatTheProductSells(
  tx: Transaction,
  { paymentId: payment, cart = [] }: Payment,
  context: SettleContext,
): Promise<WhatWasSold> {
  const [line, ...others] = cart
  if (line === undefined) throw packNeeded({ payment, reason: 'it names no product' })
  if (others.length > 0) throw packNeeded({ payment, reason: 'it is of several products' })
  const sold = await findSoldAs(tx, line.productId, context)
  if (sold === undefined) throw packNeeded({ payment, reason: `no pack is sold as ${line.productId}` })
  return { sold, line }
}

/** Its credits come with the payment, for the provider's credit system knows of the product and not of the pack. */
function whatThePackSells({ cart = [] }: Payment, name: string, { catalog }: SettleContext): WhatWasSold {
  const pack = catalog.packsById.get(name)
  if (pack === undefined) throw unknownPack({ name, known: [...catalog.packsById.keys()] })
  const quantity = cart.reduce((sum, each) => sum + each.quantity, 0)
  return {
    sold: { ...soldOfPack(pack), grantOn: 'payment' },
    line: { productId: cart[0]?.productId ?? '', quantity: quantity === 0 ? 1 : quantity },
  }
}

function netPaid({ charged }: Payment): Money | undefined {
  return (
    charged && { amountMinor: charged.total.amountMinor - charged.taxMinor, currency: charged.total.currency }
  )
}
