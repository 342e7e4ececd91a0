import { Fault, InvariantError, Refusal } from '../../../src/kernel/refusal.ts'
import type { LedgerContext } from '../../../src/ledger/context.ts'
import { replay } from '../../../src/ledger/draft.ts'
import { createLanes, type Lanes } from '../../../src/ledger/lanes.ts'
import { readBoundKey } from '../../../src/ledger/load.ts'
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
  /** What its lanes have taken and not answered. */
  readonly unanswered: Set<Run>
  isAlive: boolean
}

/** A process of ours before the database: the lanes, and what runs beside them. */
export class Node {
  readonly name: string
  readonly #world: World
  readonly #clockOffsetMs: number
  #life: Life | undefined
  /** Those that were asked to end, and have not yet. */
  readonly #ending = new Set<Life>()

  constructor(world: World, name: string) {
    this.#world = world
    this.name = name
    this.#clockOffsetMs = world.random.between(-5000, 5000)
    this.start()
  }

  get isUp(): boolean {
    return this.#life !== undefined
  }

  /** What is wrong with it, when everybody had time. */
  get leftOver(): string[] {
    const { lanes, unanswered } = this.#life ?? {}
    const waiting = lanes?.waiting() ?? 0
    return [
      ...(waiting > 0 ? [`${waiting} operations wait in ${this.name}, and nobody takes them`] : []),
      ...((unanswered?.size ?? 0) > 0
        ? [`${unanswered?.size} operations were never answered by ${this.name}`]
        : []),
      ...(this.#ending.size > 0 ? [`${this.name} was asked to end, and does not`] : []),
    ]
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
    this.#life = { database, lanes, context, unanswered: new Set(), isAlive: true }
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
    this.#ending.add(life)
    await life.lanes.close()
    // What it had taken is answered by then.
    if (life.unanswered.size === 0) this.#ending.delete(life)
  }

  /** The first door. */
  handle(asked: Asked, reply: (result: AnswerResult) => void): void {
    const life = this.#life
    if (life === undefined) return
    const [run] = this.#begin(life, [asked])
    if (run !== undefined) life.unanswered.add(run)
    life.lanes.submit(fromWire(asked.operation)).then(
      (receipt) => this.#answer(life, asked, run, { kind: 'receipt', receipt }, reply),
      (error: unknown) => this.#answer(life, asked, run, resultOf(error), reply),
    )
  }

  /** Somebody who has forgotten asks what the key answered, and asks for nothing to be done. */
  recall(asked: Asked, reply: (result: AnswerResult) => void): void {
    const life = this.#life
    if (life === undefined) return
    const [run] = this.#begin(life, [asked])
    const { walletId, key } = asked.operation
    life.database
      .snapshot(async (tx) => {
        const bound = await readBoundKey(tx, { walletId, key })
        if (bound === undefined) return { kind: 'refusal', code: 'not_bound' } as const
        const outcome = replay(key, bound)
        return outcome.ok
          ? ({ kind: 'receipt', receipt: outcome.receipt } as const)
          : resultOf(outcome.refusal)
      })
      .then(
        (result) => this.#answer(life, asked, run, result, reply),
        (error: unknown) => this.#answer(life, asked, run, resultOf(error), reply),
      )
  }

  /** The second door: a transaction of the app's own, in which the operations are some of several things. */
  handleInTransaction(
    asked: readonly Asked[],
    work: (life: Pick<Life, 'database' | 'context'>) => Promise<readonly Receipt[]>,
    reply: (result: AnswerResult) => void,
  ): void {
    const life = this.#life
    if (life === undefined) return
    const runs = this.#begin(life, asked)
    const answerAll = (resultAt: (place: number) => AnswerResult) => {
      for (const [place, one] of asked.entries()) this.#answer(life, one, runs[place], resultAt(place), reply)
    }
    work(life).then(
      (receipts) => answerAll((place) => ({ kind: 'receipt', receipt: receipts[place] as Receipt })),
      (error: unknown) => answerAll(() => resultOf(error)),
    )
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
        if (error instanceof InvariantError) this.#world.notShown.push({ walletId, reason: error.message })
        else if (!(error instanceof Fault)) this.#world.scheduler.fail(error)
      },
    )
  }

  #begin(life: Life, asked: readonly Asked[]): Run[] {
    const world = this.#world
    return asked.map((one) => {
      const run: Run = {
        asked: one.id,
        node: this.name,
        commitsAtStart: world.store.commitCount,
        databaseTimeAtStart: world.databaseNow(),
        failoversAtStart: world.counts.failovers,
      }
      world.runs.push(run)
      world.log(() => `${this.name} begins ${describe(one)}`)
      return run
    })
  }

  #answer(
    life: Life,
    asked: Asked,
    run: Run | undefined,
    result: AnswerResult,
    reply: (result: AnswerResult) => void,
  ): void {
    if (!life.isAlive || run === undefined) return
    const world = this.#world
    life.unanswered.delete(run)
    run.result = result
    run.databaseTimeAtEnd = world.databaseNow()
    run.wasClockSteady = world.counts.failovers === run.failoversAtStart
    run.commitsThen = world.store.commitCount
    world.log(() => `${this.name} answers ${describe(asked)}: ${describeResult(result)}`)
    reply(result)
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
