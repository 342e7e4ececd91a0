import type { Catalog } from '../catalog/catalog.ts'
import { unknownPack } from '../catalog/errors.ts'
import { storeCatalog } from '../catalog/store-catalog.ts'
import type { Transaction } from '../database/database.ts'
import { micros } from '../kernel/credits.ts'
import type { Mode, Uuid } from '../kernel/ids.ts'
import { invariant } from '../kernel/refusal.ts'
import { keyReused } from '../ledger/errors.ts'
import { callerKey } from '../ledger/keys.ts'
import { invalidQuantity } from './errors.ts'
import { type Order, quantityMax } from './order.ts'
import * as queries from './queries.ts'

export interface CheckoutIntent {
  readonly customer: string
  readonly pack: string
  /** One unless given. */
  readonly quantity: number | undefined
  readonly returnUrl: string
  readonly cancelUrl: string | undefined
  readonly idempotencyKey: string
}

export interface CreateOrder {
  readonly intent: CheckoutIntent
  readonly orderId: Uuid
  readonly mode: Mode
  readonly provider: string
  readonly catalog: Catalog
}

/**
 * The order of this key: the one there is, or a new one with all that it depends on frozen in it.
 *
 * @throws keyReused, unknownPack, invalidQuantity
 */
export async function createOrder(tx: Transaction, input: CreateOrder): Promise<Order> {
  const { intent, mode, catalog } = input
  const { customer, quantity = 1, idempotencyKey } = intent
  if (!Number.isInteger(quantity) || quantity < 1 || quantity > quantityMax)
    throw invalidQuantity({ quantity, max: quantityMax })
  const key = callerKey(idempotencyKey, 'checkout', {
    pack: intent.pack,
    quantity: intent.quantity,
    return_url: intent.returnUrl,
    cancel_url: intent.cancelUrl,
  })
  let keyed = await queries.findOrderByKey(tx, { mode, customer, keyId: key.id })
  if (keyed === undefined) {
    const pack = catalog.packsById.get(intent.pack)
    if (pack === undefined) throw unknownPack({ name: intent.pack, known: [...catalog.packsById.keys()] })
    await queries.insertOrder(tx, {
      id: input.orderId,
      mode,
      customer,
      pack: pack.id,
      packName: pack.name,
      quantity,
      unit: pack.unit,
      credits: micros(pack.credits * BigInt(quantity)),
      price: { amountMinor: pack.price.amountMinor * BigInt(quantity), currency: pack.price.currency },
      catalogId: await storeCatalog(tx, catalog),
      provider: input.provider,
      productId: pack.dodoProduct,
      discount: undefined,
      origin: 'checkout',
      grantOn: 'payment',
      billingCountry: undefined,
      key,
    })
    // Read again: a request with the same key may have been faster.
    keyed = await queries.findOrderByKey(tx, { mode, customer, keyId: key.id })
    invariant(keyed, 'an order just created is there')
  }
  if (keyed.fingerprint !== key.fingerprint) throw keyReused({ key: idempotencyKey })
  return keyed.order
}
