import type { Transaction } from '../database/database.ts'
import type { Mode } from '../kernel/ids.ts'
import { blankReasons, findBlock } from './block-queries.ts'
import type { ShownCustomer } from './customer.ts'
import { customerNotFound } from './errors.ts'
import * as queries from './queries.ts'

export interface EraseCustomer {
  readonly mode: Mode
  readonly customer: string
  readonly disputesBlock: boolean
}

export interface Erased {
  readonly customer: ShownCustomer
  /** What was known until now: undefined when it was erased before. */
  readonly email: string | undefined
}

/**
 * Blanks e-mail and name, and why they were blocked. The row, and with it whose the wallets are, stays. Safe to repeat.
 *
 * @throws customerNotFound
 */
export async function eraseCustomer(tx: Transaction, input: EraseCustomer): Promise<Erased> {
  const before = await queries.lock(tx, input)
  if (before === undefined) throw customerNotFound({})
  const blanked = await queries.blank(tx, input)
  await blankReasons(tx, input)
  return { customer: { ...blanked, block: await findBlock(tx, input) }, email: before.email }
}
