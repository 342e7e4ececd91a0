import { idMaker, type NewId } from '../../../src/kernel/ids.ts'
import type { Asked, AskedOperation, EntryRow, Run, Shown } from '../checkers/history.ts'
import { entryName } from '../checkers/history.ts'
import { type Committed, Store } from '../store/store.ts'
import { Random } from './random.ts'
import { Scheduler } from './scheduler.ts'

/** How a seed's world differs from others'. */
export interface Climate {
  readonly nodes: number
  readonly wallets: number
  readonly clients: number
  /** Operations that clients ask for, all together. */
  readonly operations: number
  /** Between two operations of one client. */
  readonly thinkMs: number
  /** How often a message is lost. */
  readonly loss: number
  readonly duplication: number
  /** Crashes, broken connections, failovers: how many, all together. */
  readonly troubles: number
  /** How many lots a wallet begins with. */
  readonly lots: number
  /** In credits. */
  readonly grantMax: number
  readonly spendMax: number
  /** How often a charge or a hold names limits, and whether these are few and tight. */
  readonly limited: number
  readonly hasTightLimits: boolean
  readonly queueMax: number
  /** Hundreds of operations at one node at once: only then both of its connections work. */
  readonly hasBurst: boolean
}

export interface Counts {
  operations: number
  crashes: number
  brokenConnections: number
  failovers: number
  lostMessages: number
  duplicates: number
  lostAnswers: number
  /** Done by the database, and nobody was there to be told. */
  unheardCommits: number
  retries: number
  replays: number
  refusals: number
  shown: number
  jobs: number
  rolledBackJobs: number
}

/** What everything in one simulation shares. */
export class World {
  readonly seed: number
  readonly random: Random
  readonly scheduler: Scheduler
  readonly store: Store
  readonly climate: Climate
  readonly asked: Asked[] = []
  readonly runs: Run[] = []
  readonly shown: Shown[] = []
  readonly notShown: { readonly walletId: string; readonly reason: string }[] = []
  readonly commitOf = new Map<string, number>()
  readonly counts: Counts = {
    operations: 0,
    crashes: 0,
    brokenConnections: 0,
    failovers: 0,
    lostMessages: 0,
    duplicates: 0,
    lostAnswers: 0,
    unheardCommits: 0,
    retries: 0,
    replays: 0,
    refusals: 0,
    shown: 0,
    jobs: 0,
    rolledBackJobs: 0,
  }
  /** Nothing fails any more: everybody may come to their end. */
  isHealed = false
  isDatabaseUp = true
  readonly #startMs: number
  #clockOffsetMs = 0
  readonly #log: ((line: string) => void) | undefined

  constructor(seed: number, climate: Climate, random: Random, log?: (line: string) => void) {
    this.seed = seed
    this.random = random
    this.climate = climate
    this.#log = log
    this.scheduler = new Scheduler(new Random(random.between(0, 2 ** 30)))
    // Shortly before midnight, the end of a week and of a month among them, so that windows end while it runs.
    const midnight = Date.UTC(2026, random.pick([0, 1, 5]), random.pick([1, 2, 5]))
    this.#startMs = midnight - random.between(0, 60_000)
    this.store = new Store(
      random,
      () => this.databaseNow(),
      (changes) => this.#committed(changes),
    )
  }

  /** By the database's clock. */
  databaseNow(): Date {
    return new Date(Math.floor(this.#startMs + this.scheduler.nowMs + this.#clockOffsetMs))
  }

  /** As when another machine takes over, whose clock is not quite the same. */
  shiftDatabaseClock(byMs: number): void {
    this.#clockOffsetMs += byMs
  }

  /** Of a machine whose clock is so far from the database's. */
  idMaker(offsetMs: number): NewId {
    return idMaker({
      now: () => Math.floor(this.#startMs + this.scheduler.nowMs + offsetMs),
      randomBytes: (count) => this.random.bytes(count),
    })
  }

  ask(operation: AskedOperation, about: Partial<Pick<Asked, 'isPoison' | 'isPursued'>> = {}): Asked {
    const asked = { id: this.asked.length, operation, isPoison: false, isPursued: false, ...about }
    this.asked.push(asked)
    return asked
  }

  /** Something that a reader of the trace wants to know; worded only when there is one. */
  log(line: () => string): void {
    this.#log?.(`${(this.scheduler.nowMs / 1000).toFixed(3).padStart(9)} s  ${line()}`)
  }

  #committed(changes: readonly Committed[]): void {
    const commit = this.store.commitCount
    for (const { table, wallet, key, row } of changes) {
      if (table !== 'entries') continue
      this.commitOf.set(entryName(wallet, BigInt(key)), commit)
      this.log(() => `committed  ${wallet.slice(0, 8)} ${describeEntry(row as unknown as EntryRow)}`)
    }
  }
}

function describeEntry(entry: EntryRow): string {
  const { number, operation, from_account: from, to_account: to, amount_micros: amount } = entry
  const moved = from === null ? 'note' : `${from} → ${to} ${amount}`
  const names = [
    ['lot', entry.lot_id],
    ['hold', entry.hold_id],
    ['key', entry.key],
  ].flatMap(([what, id]) => (typeof id === 'string' ? [` ${what} ${id.slice(-6)}`] : []))
  const at = entry.effective_at === null ? '' : ` as of ${entry.effective_at.toISOString().slice(11, 23)}`
  return `#${number} ${operation} ${moved}${names.join('')}${at}`
}
