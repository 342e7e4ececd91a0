import type { Catalog } from '../catalog/catalog.ts'
import { refuseBlocked } from '../customers/block-customer.ts'
import type { Database, Transaction } from '../database/database.ts'
import type { NewId } from '../kernel/ids.ts'
import { Fault, invariant } from '../kernel/refusal.ts'
import type { PaymentProvider } from '../providers/provider.ts'
import { askDiscount } from './ask-discount.ts'
import { createOrder, findOrderOfIntent } from './create-order.ts'
import { openOrder } from './open-order.ts'
import { type Discount, leastCredits, leastPrice, type Order, productOf } from './order.ts'
import * as queries from './queries.ts'
import type { CheckoutIntent } from './read-intent.ts'

export interface StartCheckout {
  readonly database: Database
  readonly provider: PaymentProvider
  readonly catalog: Catalog
  readonly newId: NewId
  readonly intent: CheckoutIntent
}

/**
 * An open order with the address where it is paid. The same key gives the same order and, once it is open, the same session. What fails on the way
 * leaves the order `created`, and a repeat with the same key goes on from there.
 *
 * Opens its transactions itself, for the network lies between them: a payment must never be without its order, whatever dies when.
 *
 * @throws customerBlocked, keyReused, unknownPack, invalidQuantity, invalidChosenAmount, discountNotValid, productMismatch
 * @throws Fault provider_unavailable, provider_key_refused, provider_refused
 */
export async function startCheckout(input: StartCheckout): Promise<Order> {
  const { database } = input
  const discount = await discountOf(input)
  const begun = await database.transaction((tx) => begin(tx, input, discount))
  if (begun.order.state !== 'created') return begun.order

  try {
    return await openAtProvider(input, begun, begun.knownProductId)
  } catch (error) {
    // Somebody archived it. Only what we make ourselves can be made anew.
    if (!(error instanceof Fault) || error.code !== 'product_gone' || begun.product.adopted !== undefined)
      throw error
    await database.transaction((tx) => forgetProduct(tx, begun))
    return openAtProvider(input, begun, undefined)
  }
}

type Begun = Awaited<ReturnType<typeof begin>>

async function openAtProvider(
  { database, provider, intent }: StartCheckout,
  { order, contact, product, productKey }: Begun,
  knownProductId: string | undefined,
): Promise<Order> {
  const entitlementId = product.entitlement && (await provider.ensureEntitlement(product.entitlement))
  const ensured = await provider.ensureProduct(product, knownProductId)
  // Before the session: a payment is compared with it, and may arrive before the session is noted.
  const productId = await database.transaction(async (tx) => {
    if (product.adopted === undefined && ensured !== knownProductId)
      await queries.putProductId(tx, productKey, ensured, soldOf(order))
    if (entitlementId !== undefined)
      await queries.putEntitlement(tx, { ...productKey, unit: order.unit }, entitlementId)
    return noteProduct(tx, order, ensured)
  })
  const session = await provider.startCheckout({
    orderId: order.id,
    productId,
    quantity: order.quantity,
    amountMinor: order.chosenBetween && order.price.amountMinor,
    discountCode: order.discount?.code,
    billingCountry: order.billingCountry,
    customer: contact,
    returnUrl: intent.returnUrl,
    cancelUrl: intent.cancelUrl,
  })
  return database.transaction((tx) => openOrder(tx, { orderId: order.id, productId, session }))
}

async function forgetProduct(tx: Transaction, { order, productKey, knownProductId }: Begun): Promise<void> {
  const locked = await queries.lockOrder(tx, order.id)
  const productId = locked?.productId ?? knownProductId
  if (productId === undefined) return
  await queries.archiveProductId(tx, { ...productKey, productId })
  if (locked?.state === 'created') await queries.setProduct(tx, order.id, undefined)
}

/** Asked only for a new order: what one has is frozen in it. */
async function discountOf(input: StartCheckout): Promise<Discount | undefined> {
  const { database, provider, catalog, intent } = input
  const { discountCode, customer } = intent
  if (discountCode === undefined) return undefined
  const { name, mode } = provider
  const { found, contact } = await database.transaction(async (tx) => ({
    found: await findOrderOfIntent(tx, mode, intent),
    contact: await queries.findContact(tx, { provider: name, mode, customer }),
  }))
  if (found !== undefined) return undefined
  return askDiscount({
    provider,
    catalog,
    intent: { ...intent, discountCode },
    customer: contact,
    findProductId: (fingerprint) =>
      database.transaction((tx) =>
        queries.findProductId(tx, { provider: name, mode, pack: intent.pack, fingerprint }),
      ),
  })
}

function soldOf(order: Order): queries.Sold {
  const { pack, packName, unit, chosenBetween } = order
  return {
    pack,
    packName,
    unit,
    credits: leastCredits(order),
    price: leastPrice(order),
    mostMinor: chosenBetween?.mostMinor,
    grantOn: order.grantOn,
  }
}

/**
 * The product that the order's session sells: this one, unless another process at work on the same key has noted one since the order was read. Then
 * both sell that, for only one of the two sessions is kept, and it must sell what is noted.
 */
async function noteProduct(tx: Transaction, read: Order, productId: string): Promise<string> {
  const order = await queries.lockOrder(tx, read.id)
  invariant(order, 'an order is never deleted')
  if (order.productId !== undefined && order.productId !== read.productId) return order.productId
  if (order.state === 'created' && order.productId !== productId)
    await queries.setProduct(tx, order.id, productId)
  return productId
}

async function begin(
  tx: Transaction,
  { provider, catalog, newId, intent }: StartCheckout,
  discount: Discount | undefined,
) {
  const { name, mode } = provider
  const order = await createOrder(tx, { intent, orderId: newId(), mode, provider: name, catalog, discount })
  // An order that is open has its session, and is what it was.
  if (order.state === 'created')
    await refuseBlocked(tx, { mode, customer: order.customer, disputesBlock: catalog.disputes.block })
  const product = productOf(order, catalog)
  const fingerprint = provider.productFingerprint(product)
  const productKey: queries.ProductKey = { provider: name, mode, pack: order.pack, fingerprint }
  return {
    order,
    product,
    productKey,
    knownProductId: order.productId ?? (await queries.findProductId(tx, productKey)),
    contact: await queries.findContact(tx, { provider: name, mode, customer: order.customer }),
  }
}
