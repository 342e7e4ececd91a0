import type { Catalog } from '../catalog/catalog.ts'
import { storeCatalog } from '../catalog/store-catalog.ts'
import type { Transaction } from '../database/database.ts'
import type { Mode, Uuid } from '../kernel/ids.ts'
import { invariant } from '../kernel/refusal.ts'
import { keyReused } from '../ledger/errors.ts'
import { callerKey } from '../ledger/keys.ts'
import type { Key } from '../ledger/operations.ts'
import { insertConsent } from './consent-queries.ts'
import type { Discount, Order } from './order.ts'
import * as queries from './queries.ts'
import { type CheckoutIntent, readIntent } from './read-intent.ts'

export interface CreateOrder {
  readonly intent: CheckoutIntent
  readonly orderId: Uuid
  readonly mode: Mode
  readonly provider: string
  readonly catalog: Catalog
  /** What the provider takes off for the intent's code. */
  readonly discount: Discount | undefined
}

/**
 * The order of this key: the one there is, or a new one with all that it depends on frozen in it.
 *
 * @throws keyReused, unknownPack, invalidQuantity, invalidChosenAmount
 */
export async function createOrder(tx: Transaction, input: CreateOrder): Promise<Order> {
  const { intent, mode, catalog } = input
  const found = await findOrderOfIntent(tx, mode, intent)
  if (found !== undefined) return found
  const { pack, quantity, credits, price, chosenBetween } = readIntent(intent, catalog)
  await queries.insertOrder(tx, {
    id: input.orderId,
    mode,
    customer: intent.customer,
    pack: pack.id,
    packName: pack.name,
    quantity,
    unit: pack.unit,
    credits,
    price,
    catalogId: await storeCatalog(tx, catalog),
    provider: input.provider,
    productId: pack.dodoProduct,
    adopted: pack.dodoProduct,
    discount: input.discount,
    origin: 'checkout',
    grantOn: pack.grantOn,
    billingCountry: intent.billingCountry,
    chosenBetween,
    key: keyOf(intent),
  })
  // Read again: a request with the same key may have been faster.
  const created = await findOrderOfIntent(tx, mode, intent)
  invariant(created, 'an order just created is there')
  if (intent.consent !== undefined) await insertConsent(tx, { order: created, consent: intent.consent })
  return created
}

/** @throws keyReused when the key is that of another intent */
export async function findOrderOfIntent(
  tx: Transaction,
  mode: Mode,
  intent: CheckoutIntent,
): Promise<Order | undefined> {
  const { customer, idempotencyKey } = intent
  const key = keyOf(intent)
  const keyed = await queries.findOrderByKey(tx, { mode, customer, keyId: key.id })
  if (keyed !== undefined && keyed.fingerprint !== key.fingerprint) throw keyReused({ key: idempotencyKey })
  return keyed?.order
}

function keyOf(intent: CheckoutIntent): Key {
  return callerKey(intent.idempotencyKey, 'checkout', {
    pack: intent.pack,
    quantity: intent.quantity,
    amount: intent.amountMinor,
    discount_code: intent.discountCode,
    billing_country: intent.billingCountry,
    // Where the customer agreed may be another place when the request is repeated.
    consent_text: intent.consent?.text,
    return_url: intent.returnUrl,
    cancel_url: intent.cancelUrl,
  })
}
