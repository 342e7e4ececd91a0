import type { Catalog } from '../catalog/catalog.ts'
import type { Database } from '../database/database.ts'
import type { Mode } from '../kernel/ids.ts'
import { Recent } from '../kernel/recent.ts'
import type { LedgerContext } from '../ledger/context.ts'
import { blockCustomer, type DecideOnBlock, unblockCustomer } from './block-customer.ts'
import { findBlock } from './block-queries.ts'
import type { ShownCustomer } from './customer.ts'
import { ensureCustomers } from './ensure-customers.ts'
import { customerNotFound } from './errors.ts'
import { putCustomer } from './put-customer.ts'
import * as queries from './queries.ts'

export interface CustomersOptions {
  readonly database: Database
  readonly mode: Mode
  readonly context: LedgerContext
  /** The catalog in use, whose welcome credits a new customer gets. */
  readonly catalog: () => Catalog
}

export interface Customers {
  /** Resolves once the customer is committed. Costs nothing for one seen lately. */
  ensure(customer: string): Promise<void>
  put(input: PutInput): Promise<ShownCustomer>
  /** @throws customerNotFound */
  show(customer: string): Promise<ShownCustomer>
  /** @throws customerNotFound */
  block(input: BlockInput): Promise<ShownCustomer>
  /** @throws customerNotFound */
  unblock(input: BlockInput): Promise<ShownCustomer>
}

export type BlockInput = Pick<DecideOnBlock, 'customer' | 'actor' | 'reason'>

export interface PutInput {
  readonly customer: string
  /** Undefined leaves it, null clears it. */
  readonly email?: string | null | undefined
  readonly name?: string | null | undefined
}

const togetherMax = 500

/** About 10 MB of ids; one that is forgotten costs one statement more. */
const rememberedMax = 50_000

export function createCustomers({ database, mode, context, catalog }: CustomersOptions): Customers {
  // The promise is kept, so that many requests at once make one insert.
  const ensured = new Recent<string, Promise<void>>(rememberedMax)

  const disputesBlock = () => catalog().disputes.block

  let gathering: { readonly customers: string[]; readonly done: Promise<void> } | undefined

  /** Those that are asked for together are made in one transaction: a batch may bring hundreds. */
  function insert(customer: string): Promise<void> {
    if (gathering === undefined || gathering.customers.length === togetherMax) {
      const customers: string[] = []
      gathering = { customers, done: insertGathered(customers) }
    }
    gathering.customers.push(customer)
    return gathering.done
  }

  async function insertGathered(customers: readonly string[]): Promise<void> {
    // Whoever asks before this goes on is in.
    await Promise.resolve()
    if (gathering?.customers === customers) gathering = undefined
    try {
      await database.transaction((tx) =>
        ensureCustomers(tx, { mode, customers, catalog: catalog(), context }),
      )
    } catch (error) {
      for (const customer of customers) ensured.delete(customer)
      throw error
    }
  }

  return {
    ensure: (customer) => {
      const known = ensured.get(customer)
      if (known !== undefined) return known
      const done = insert(customer)
      ensured.set(customer, done)
      return done
    },
    put: ({ customer, email, name }) =>
      database.transaction(async (tx) => {
        const put = await putCustomer(tx, { mode, customer, catalog: catalog(), context, email, name })
        return { ...put, block: await findBlock(tx, { mode, customer, disputesBlock: disputesBlock() }) }
      }),
    show: (customer) =>
      database.transaction(async (tx) => {
        const known = await queries.find(tx, { mode, customer })
        if (known === undefined) throw customerNotFound({})
        return { ...known, block: await findBlock(tx, { mode, customer, disputesBlock: disputesBlock() }) }
      }),
    block: (input) =>
      database.transaction((tx) =>
        blockCustomer(tx, { ...input, mode, disputesBlock: disputesBlock() }, context.newId),
      ),
    unblock: (input) =>
      database.transaction((tx) =>
        unblockCustomer(tx, { ...input, mode, disputesBlock: disputesBlock() }, context.newId),
      ),
  }
}
