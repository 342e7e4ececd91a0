import { customerNotFound } from '../customers/errors.ts'
import type { Transaction } from '../database/database.ts'
import type { Mode } from '../kernel/ids.ts'
import { mergedBefore, mergeIntoItself } from './errors.ts'
import type { Merge } from './merge.ts'
import * as queries from './queries.ts'

export interface NoteMerge {
  readonly mode: Mode
  readonly customer: string
  readonly into: string
}

/**
 * Notes that one customer is another, for good. Safe to repeat.
 *
 * @throws mergeIntoItself, mergedBefore, customerNotFound
 */
export async function noteMerge(tx: Transaction, input: NoteMerge): Promise<Merge> {
  const { mode, customer, into } = input
  if (customer === into) throw mergeIntoItself({})
  // Both rows are locked, so that two who are merged into each other at once cannot both succeed.
  const known = await queries.lockCustomers(tx, { mode, customers: [customer, into] })
  if (!known.includes(customer) || !known.includes(into)) throw customerNotFound({})
  const before = await queries.findMerge(tx, { mode, customer })
  if (before !== undefined) {
    if (before.into !== into) throw mergedBefore({ customer, into: before.into })
    return before
  }
  const ofTheOther = await queries.findMerge(tx, { mode, customer: into })
  if (ofTheOther !== undefined) throw mergedBefore({ customer: into, into: ofTheOther.into })
  await queries.insertMerge(tx, input)
  return { mode, customer, into, createdAt: tx.now }
}
