import { welcomeKey } from '../customers/ensure-customers.ts'
import type { Transaction } from '../database/database.ts'
import { walletId } from '../kernel/ids.ts'
import type { LedgerContext } from '../ledger/context.ts'
import { internalKey } from '../ledger/keys.ts'
import { takeLots } from '../ledger/take-lots.ts'
import { lotToJson, type Merge, type TakingKey } from './merge.ts'
import * as queries from './queries.ts'

export interface TakeCredits {
  readonly merge: Merge
  readonly unit: string
}

/** Takes what is available in one of the merged customer's wallets, and writes down what it was. Undefined when there was nothing. */
export async function takeCredits(
  tx: Transaction,
  { merge, unit }: TakeCredits,
  context: LedgerContext,
): Promise<TakingKey | undefined> {
  const { mode, customer, into } = await queries.lockMerge(tx, merge)
  const owner = { mode, customer, unit }
  const wallet = walletId(owner)
  const number = await queries.nextNumber(tx, wallet)
  const welcome = await queries.findLotOfKey(tx, { walletId: wallet, key: welcomeKey.id })
  const taken = await takeLots(
    tx,
    {
      owner,
      staying: new Set(welcome === undefined ? [] : [welcome]),
      keyOf: (lotId) => internalKey(`merge:${number}:${lotId}`),
      reason: `Merged into ${into}`,
    },
    context,
  )
  if (taken.length === 0) return undefined
  const key = { walletId: wallet, number }
  await queries.insertTaking(tx, { ...key, ...owner, into, lots: taken.map(lotToJson) })
  return key
}
