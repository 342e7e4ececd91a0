import type { Transaction } from '../database/database.ts'
import { type IdInWallet, walletId } from '../kernel/ids.ts'
import { grantKey } from './merge.ts'
import * as queries from './queries.ts'

export interface Whereabouts {
  /** All lots that have credits of the first one, the one that they went to last first; itself is the last. */
  readonly lots: readonly IdInWallet[]
  /** Whether some were taken and have not arrived yet. */
  readonly isOnItsWay: boolean
}

/** Where the credits of a lot are: merges may have taken what was left of them to others. Nobody is merged in a circle. */
export async function whereLotWent(tx: Transaction, lot: IdInWallet): Promise<Whereabouts> {
  const lots: IdInWallet[] = []
  let isOnItsWay = false
  for (const taking of await queries.listTakingsOfLot(tx, lot)) {
    if (taking.arrivedAt === undefined) isOnItsWay = true
    const { mode, into, unit } = taking
    const wallet = walletId({ mode, customer: into, unit })
    const key = grantKey(taking, lot.id)
    // One after the other, for they are of one connection.
    // oxlint-disable-next-line no-await-in-loop
    const arrived = await queries.findLotOfKey(tx, { walletId: wallet, key: key.id })
    // What expired on its way is nowhere.
    if (arrived === undefined) continue
    // oxlint-disable-next-line no-await-in-loop
    const further = await whereLotWent(tx, { walletId: wallet, id: arrived })
    lots.push(...further.lots)
    isOnItsWay ||= further.isOnItsWay
  }
  return { lots: [...lots, lot], isOnItsWay }
}
