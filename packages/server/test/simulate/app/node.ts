import { Fault, Refusal } from '../../../src/kernel/refusal.ts'
import type { LedgerContext } from '../../../src/ledger/context.ts'
import { createLanes, type Lanes } from '../../../src/ledger/lanes.ts'
import type { Operation, Receipt } from '../../../src/ledger/operations.ts'
import { readWalletNow } from '../../../src/ledger/read-wallet.ts'
import { balanceOf } from '../../../src/ledger/wallet.ts'
import type { AnswerResult, Asked, AskedOperation, Run } from '../checkers/history.ts'
import { SimulatedDatabase } from '../store/simulated-database.ts'
import type { World } from '../world/world.ts'

/** A life of a process: it ends with a crash or a restart, and the next one knows nothing of it. */
interface Life {
  readonly database: SimulatedDatabase
  readonly lanes: Lanes
  readonly context: LedgerContext
  isAlive: boolean
}

/** A process of ours before the database: the lanes, and what runs beside them. */
export class Node {
  readonly name: string
  readonly #world: World
  readonly #clockOffsetMs: number
  #life: Life | undefined

  constructor(world: World, name: string) {
    this.#world = world
    this.name = name
    this.#clockOffsetMs = world.random.between(-5000, 5000)
    this.start()
  }

  get isUp(): boolean {
    return this.#life !== undefined
  }

  /** How many operations wait in its memory. */
  get waiting(): number {
    return this.#life?.lanes.waiting() ?? 0
  }

  get database(): SimulatedDatabase | undefined {
    return this.#life?.database
  }

  start(): void {
    const database = new SimulatedDatabase(this.#world)
    const context = { newId: this.#world.idMaker(this.#clockOffsetMs), clock: undefined }
    const lanes = createLanes(
      [database.openLane(), database.openLane()],
      context,
      this.#world.climate.queueMax,
    )
    this.#life = { database, lanes, context, isAlive: true }
  }

  /** Everything in its memory is gone, wherever it was just waiting. */
  crash(): void {
    const life = this.#life
    if (life === undefined) return
    this.#world.log(() => `${this.name} crashes`)
    life.isAlive = false
    life.database.abandon()
    this.#life = undefined
  }

  /** Ends as an operator asks it to: what is queued is done first. */
  async stop(): Promise<void> {
    const life = this.#life
    if (life === undefined) return
    this.#world.log(() => `${this.name} stops`)
    this.#life = undefined
    await life.lanes.close()
  }

  /** The first door. */
  handle(asked: Asked, reply: (result: AnswerResult) => void): void {
    const life = this.#life
    if (life === undefined) return
    // A refusal is an error too; and whatever is thrown at once is an answer like any other.
    this.#run(life, asked, () => life.lanes.submit(fromWire(asked.operation)), reply)
  }

  /** The second door: a transaction of the app's own, in which the operation is one of several things. */
  handleInTransaction(
    asked: Asked,
    work: (life: Pick<Life, 'database' | 'context'>) => Promise<Receipt>,
    reply: (result: AnswerResult) => void,
  ): void {
    const life = this.#life
    if (life === undefined) return
    this.#run(life, asked, () => work(life), reply)
  }

  /** Shows a balance, as a page does. */
  show(walletId: string): void {
    const life = this.#life
    if (life === undefined) return
    const read = life.database.snapshot(async (tx) => {
      const [seen] = await tx.run<{ commits: number }>({ name: 'commits_before', text: '' }, [])
      const { wallet, now } = await readWalletNow(tx, walletId, life.context)
      return { walletId, now, commitsThen: seen?.commits ?? 0, balance: balanceOf(wallet, now) }
    })
    read.then(
      (shown) => this.#world.shown.push(shown),
      (error: unknown) => {
        if (!(error instanceof Fault)) this.#world.scheduler.fail(error)
      },
    )
  }

  #run(life: Life, asked: Asked, work: () => Promise<Receipt>, reply: (result: AnswerResult) => void): void {
    const world = this.#world
    const run: Run = {
      asked: asked.id,
      node: this.name,
      commitsAtStart: world.store.commitCount,
      databaseTimeAtStart: world.databaseNow(),
    }
    world.runs.push(run)
    const { failovers } = world.counts
    const answered = (result: AnswerResult) => {
      if (!life.isAlive) return
      run.result = result
      run.databaseTimeAtEnd = world.databaseNow()
      run.wasClockSteady = world.counts.failovers === failovers
      run.commitsThen = world.store.commitCount
      world.log(() => `${this.name} answers ${describe(asked)}: ${describeResult(result)}`)
      reply(result)
    }
    world.log(() => `${this.name} begins ${describe(asked)}`)
    work().then(
      (receipt) => answered({ kind: 'receipt', receipt }),
      (error: unknown) => answered(resultOf(error)),
    )
  }
}

/** As another process would read it: nothing is shared with who sent it. */
function fromWire(operation: AskedOperation): Operation {
  return { ...operation } as Operation
}

function resultOf(error: unknown): AnswerResult {
  if (error instanceof Refusal) return { kind: 'refusal', code: error.code }
  if (error instanceof Fault) return { kind: 'fault', code: error.code }
  return { kind: 'bug', message: error instanceof Error ? error.message : String(error) }
}

export function describe({ id, operation }: Asked): string {
  const { kind, walletId, key, credits, holdId, lotId, transaction } = operation
  const about = [
    credits === undefined ? '' : ` ${credits}`,
    holdId === undefined ? '' : ` hold ${holdId.slice(-6)}`,
    lotId === undefined ? '' : ` lot ${lotId.slice(-6)}`,
    transaction === undefined ? '' : ` of #${transaction}`,
  ]
  return `[${id}] ${kind}${about.join('')} in ${walletId.slice(0, 8)} key ${key.id.slice(-6)}`
}

function describeResult(result: AnswerResult): string {
  switch (result.kind) {
    case 'receipt':
      return `#${result.receipt.transaction}, ${result.receipt.credits}`
    case 'refusal':
    case 'fault':
      return result.code
    case 'bug':
      return result.message
  }
}
