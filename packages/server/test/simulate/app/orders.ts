import type { Transaction } from '../../../src/database/database.ts'
import { Fault, invariant, Refusal } from '../../../src/kernel/refusal.ts'
import { applyOperations } from '../../../src/ledger/apply-operations.ts'
import type { LedgerContext } from '../../../src/ledger/context.ts'
import { internalKey } from '../../../src/ledger/keys.ts'
import type { Operation, Receipt, RevokeOperation } from '../../../src/ledger/operations.ts'
import type { AnswerResult, Asked, AskedOperation, OrderRow } from '../checkers/history.ts'
import type { World } from '../world/world.ts'
import type { Node } from './node.ts'
import type { Purse, Workload } from './workload.ts'

interface Order {
  readonly id: string
  readonly purse: Purse
  /** What it bought, and what it brings beside. */
  readonly grants: readonly Asked[]
  readonly willBeRefunded: boolean
}

const statement = (name: string) => ({ name, text: '' })

/** Paid orders that jobs turn into credits, each once, though jobs run twice, at once, and die half way. */
export class Orders {
  readonly #world: World
  readonly #nodes: readonly Node[]
  readonly #orders: Order[] = []

  constructor(world: World, nodes: readonly Node[], workload: Workload) {
    this.#world = world
    this.#nodes = nodes
    const newId = world.idMaker(0)
    const count = world.random.between(2, 5)
    for (let made = 0; made < count; made += 1)
      this.#make(newId(), world.random.pick(workload.purses), workload)
  }

  #make(id: string, purse: Purse, workload: Workload): void {
    const { walletId: _, ...body } = workload.operation(purse, {
      ...workload.grant(purse),
      source: 'purchase',
      effectiveAt: undefined,
      expiry: undefined,
    })
    const operation: AskedOperation = {
      ...body,
      walletId: purse.walletId,
      orderId: id,
      key: internalKey(`order:${id}:credit`),
    }
    const bonus: AskedOperation | undefined = this.#world.random.chance(0.4)
      ? {
          ...operation,
          source: 'promotion',
          credits: this.#world.random.chance(0.5) ? 1n : 1_000_001n,
          orderId: undefined,
          key: internalKey(`order:${id}:bonus`),
        }
      : undefined
    const row: OrderRow = {
      id,
      wallet_id: purse.walletId,
      key: operation.key.id,
      credits_micros: operation.credits ?? 0n,
      bonus_key: bonus?.key.id ?? null,
      state: 'paid',
      lot_id: null,
    }
    this.#world.store.tables.set('orders', id, id, { ...row })
    this.#orders.push({
      id,
      purse,
      grants: [operation, ...(bonus === undefined ? [] : [bonus])].map((one) => this.#world.ask(one)),
      willBeRefunded: this.#world.random.chance(0.3),
    })
  }

  /** The queue hands out each job at least once: often twice, sometimes at the same time. */
  async work(): Promise<void> {
    const { random, scheduler, climate } = this.#world
    for (const order of this.#orders) {
      const copies = random.between(1, 3)
      for (let copy = 0; copy < copies; copy += 1) {
        const after =
          random.between(0, climate.thinkMs * 8) + (random.chance(0.5) ? 0 : random.between(0, 4000))
        scheduler.after(after, () => void this.#credit(order))
      }
    }
    await scheduler.sleep(0)
  }

  /** When all is healed: the queue goes on until each job has succeeded. */
  async finish(): Promise<void> {
    const { scheduler } = this.#world
    for (const order of this.#orders) {
      while (!(await this.#credit(order))) await scheduler.sleep(500)
      while (order.willBeRefunded && !(await this.#refund(order))) await scheduler.sleep(500)
    }
  }

  /** Whether it succeeded, as far as its queue knows. */
  #credit(order: Order): Promise<boolean> {
    return this.#run(order.grants, async (tx, context) => {
      const row = await lockOrder(tx, order.id)
      if (row.state !== 'paid') return undefined
      const receipts = await apply(tx, order.grants, context)
      await this.#mayFail()
      const next = { state: 'credited', lot_id: receipts[0]?.shares[0]?.lotId ?? null }
      await tx.run(statement('orders_update'), [order.id, next])
      return receipts
    })
  }

  async #refund(order: Order): Promise<boolean> {
    const row = this.#world.store.tables.rowsIn('orders', order.id)?.get(order.id) as OrderRow | undefined
    if (row?.state !== 'credited' || row.lot_id === null) return true
    const operation: Omit<RevokeOperation, 'walletId' | 'key'> = {
      kind: 'revoke',
      lotId: row.lot_id,
      credits: undefined,
      spent: 'owe',
      reason: 'refunded',
    }
    const key = internalKey(`order:${order.id}:refund`)
    const asked = [this.#world.ask({ ...operation, walletId: order.purse.walletId, key })]
    return this.#run(asked, async (tx, context) => {
      const locked = await lockOrder(tx, order.id)
      if (locked.state !== 'credited') return undefined
      const receipts = await apply(tx, asked, context).catch((error: unknown) => {
        // Revoked already by somebody else: nothing is left to take.
        if (error instanceof Refusal) return undefined
        throw error
      })
      await tx.run(statement('orders_update'), [order.id, { state: 'refunded' }])
      return receipts
    })
  }

  #run(
    asked: readonly Asked[],
    work: (tx: Transaction, context: LedgerContext) => Promise<readonly Receipt[] | undefined>,
  ): Promise<boolean> {
    const { random, counts, scheduler } = this.#world
    const node = random.pick(this.#nodes)
    counts.jobs += 1
    return new Promise((resolve) => {
      // A queue waits for a worker so long, then gives the job to another.
      scheduler.after(20_000, () => resolve(false))
      let wasDone = false
      node.handleInTransaction(
        asked,
        async ({ database, context }) => {
          const receipts = await database.transaction((tx) => work(tx, context))
          if (receipts !== undefined) return receipts
          wasDone = true
          throw new Fault('done_before', 'Somebody else did it.', { retryable: false })
        },
        (result: AnswerResult) => resolve(wasDone || result.kind === 'receipt' || result.kind === 'refusal'),
      )
      if (!node.isUp) resolve(false)
    })
  }

  async #mayFail(): Promise<void> {
    if (this.#world.isHealed || !this.#world.random.chance(0.25)) return
    this.#world.counts.rolledBackJobs += 1
    // After the credits were written and before the commit: neither may stay.
    throw new Fault('job_failed', 'Something else in the job failed.', { retryable: true })
  }
}

async function lockOrder(tx: Transaction, id: string): Promise<OrderRow> {
  const [row] = await tx.run<OrderRow>(statement('orders_lock'), [id])
  invariant(row, 'a job is about an order')
  return row
}

/** All of it, or none. */
async function apply(
  tx: Transaction,
  asked: readonly Asked[],
  context: LedgerContext,
): Promise<readonly Receipt[]> {
  const outcomes = await applyOperations(
    tx,
    asked.map(({ operation }) => ({ ...operation }) as Operation),
    context,
  )
  return outcomes.map((outcome) => {
    if (!outcome.ok) throw outcome.refusal
    return outcome.receipt
  })
}
