import type { Transaction } from '../database/database.ts'
import type { Mode, NewId } from '../kernel/ids.ts'
import * as blocks from './block-queries.ts'
import type { ShownCustomer } from './customer.ts'
import { customerBlocked, customerNotFound } from './errors.ts'
import * as queries from './queries.ts'

export interface DecideOnBlock {
  readonly mode: Mode
  readonly customer: string
  /** Who decides. */
  readonly actor: string
  readonly reason: string
  /** Whether an undecided or lost dispute blocks, as the catalog says. */
  readonly disputesBlock: boolean
}

/**
 * The customer can start no checkout until somebody lifts that, whatever becomes of their disputes. A repeat changes nothing.
 *
 * @throws customerNotFound
 */
export async function blockCustomer(
  tx: Transaction,
  input: DecideOnBlock,
  newId: NewId,
): Promise<ShownCustomer> {
  const customer = await queries.lock(tx, input)
  if (customer === undefined) throw customerNotFound({})
  const before = await blocks.findDecision(tx, input)
  if (before === undefined) await blocks.insertDecision(tx, { ...input, id: newId(), isBlocked: true })
  return { ...customer, block: await blocks.findBlock(tx, input) }
}

/**
 * The customer can buy again: what a person decided is lifted, and what followed from the disputes that are known by now. A later dispute blocks anew. A
 * repeat changes nothing.
 *
 * @throws customerNotFound
 */
export async function unblockCustomer(
  tx: Transaction,
  input: DecideOnBlock,
  newId: NewId,
): Promise<ShownCustomer> {
  const customer = await queries.lock(tx, input)
  if (customer === undefined) throw customerNotFound({})
  // Whether disputes block now or not: what was lifted stays so should the catalog change.
  const before = await blocks.findBlock(tx, { ...input, disputesBlock: true })
  if (before !== undefined) {
    await blocks.liftDisputes(tx, input)
    await blocks.insertDecision(tx, { ...input, id: newId(), isBlocked: false })
  }
  return { ...customer, block: undefined }
}

/**
 * For whoever lets a customer buy.
 *
 * @throws customerBlocked
 */
export async function refuseBlocked(tx: Transaction, input: blocks.BlockOf): Promise<void> {
  const block = await blocks.findBlock(tx, input)
  if (block !== undefined) throw customerBlocked({ customer: input.customer, since: block.since })
}
