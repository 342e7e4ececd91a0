/** What the product of a payment sells, for payments that no order of ours started. */
import type { Pack } from '../catalog/catalog.ts'
import type { Transaction } from '../database/database.ts'
import { micros } from '../kernel/credits.ts'
import type { Order } from '../orders/order.ts'
import * as orders from '../orders/queries.ts'
import type { CartLine } from '../providers/told.ts'
import type { Payment } from './payment.ts'
import type { SettleContext } from './settle-payment.ts'

/** What a product of ours sells, or sold, or a pack that adopts it; undefined for one that is not known. */
export async function findSoldAs(
  tx: Transaction,
  productId: string,
  { provider, mode, catalog }: SettleContext,
): Promise<orders.Sold | undefined> {
  const sold = await orders.findSold(tx, { provider, mode, productId })
  if (sold !== undefined) return sold
  const adopting = [...catalog.packsById.values()].find(({ dodoProduct }) => dodoProduct === productId)
  return adopting && soldOfPack(adopting)
}

/** What so many of a product sell; where the customer chose what to pay, what they paid without tax brings its share. */
export function boughtOf(
  { price, credits, mostMinor }: orders.Sold,
  { charged }: Payment,
  { quantity }: CartLine,
): Pick<Order, 'price' | 'credits' | 'discount' | 'chosenBetween'> {
  const times = BigInt(quantity)
  const least = { amountMinor: price.amountMinor * times, currency: price.currency }
  const fixed = {
    price: least,
    credits: micros(credits * times),
    discount: undefined,
    chosenBetween: undefined,
  }
  if (mostMinor === undefined || charged === undefined) return fixed
  const net = charged.total.amountMinor - charged.taxMinor
  if (net < least.amountMinor || net > mostMinor * times) return fixed
  return {
    price: { amountMinor: net, currency: price.currency },
    credits: micros((credits * net) / price.amountMinor),
    discount: undefined,
    chosenBetween: { leastMinor: least.amountMinor, mostMinor: mostMinor * times },
  }
}

/** What a pack of the catalog sells. */
export function soldOfPack(pack: Pack): orders.Sold {
  const { id, name: packName, unit, credits, price, chosen, grantOn } = pack
  return { pack: id, packName, unit, credits, price, mostMinor: chosen?.maxMinor, grantOn }
}
