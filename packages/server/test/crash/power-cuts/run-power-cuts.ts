import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Random, randomFrom } from '../random.ts'
import { cutPower, describeLoss, lossBy, noLoss } from './cut-power.ts'
import { LedgerLoad } from './load.ts'
import { lockFile, type Recording, recordDisk } from './record-disk.ts'
import { type Deed, deedsUntil, type Findings, runSession } from './session.ts'

export interface PowerCutsOptions {
  readonly cuts: number
  readonly seed: number
  readonly say: (line: string) => void
}

export interface PowerCutsReport {
  readonly cuts: number
  /** Summed over all cuts: what had been acknowledged when the power went, and was looked for. */
  readonly acknowledged: number
  readonly lost: number
  readonly doubled: number
  readonly wrong: readonly string[]
}

/** From what is written down of one run, the power is cut at so many points; where the last of them leaves it, the next run begins. */
const cutsPerRun = 5
const rounds = 20

/** Runs PGlite on a recorded disk, cuts the power at random points, and looks at what is left by opening it as ever. */
export async function runPowerCuts(options: PowerCutsOptions): Promise<PowerCutsReport> {
  const root = mkdtempSync(join(tmpdir(), 'tallystick-power-'))
  try {
    return await new Cuts(options, root).run()
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** What is whole opens in seconds; what is not may never end. */
const patienceMs = 60_000

async function inTime<T>(work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`still at it after ${patienceMs / 1000} s`)), patienceMs)
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

class Cuts {
  readonly #options: PowerCutsOptions
  readonly #root: string
  readonly #random: Random
  readonly #load: LedgerLoad
  readonly #wrong: string[] = []
  #folders = 0
  #cuts = 0
  #acknowledged = 0
  #lost = 0
  #doubled = 0

  constructor(options: PowerCutsOptions, root: string) {
    this.#options = options
    this.#root = root
    this.#random = randomFrom(options.seed)
    this.#load = new LedgerLoad(this.#random)
  }

  async run(): Promise<PowerCutsReport> {
    let folder = this.#newFolder()
    let deeds: Deed[] = []
    while (this.#cuts < this.#options.cuts && this.#wrong.length === 0) {
      const before = this.#newFolder()
      cpSync(folder, before, { recursive: true })
      const { recording, opened } = await this.#record(folder, deeds)
      this.#proveRecording(recording, before, folder)
      const runDeeds = deeds
      rmSync(folder, { recursive: true })
      const cuts = Math.min(cutsPerRun, this.#options.cuts - this.#cuts)
      for (let cut = 0; cut < cuts && this.#wrong.length === 0; cut += 1) {
        folder = this.#newFolder()
        const after = this.#moment(recording, opened)
        const loss = lossBy(this.#random)
        cutPower({ recording, before, after, loss, random: this.#random, into: folder })
        deeds = deedsUntil(runDeeds, after)
        const where = `after ${after} of ${recording.events.length} (at work from ${opened} on); ${describeLoss(loss)}`
        // Where the next run begins, it is looked at by that run.
        const isNext = cut === cuts - 1 && this.#cuts + 1 < this.#options.cuts
        const seen = isNext ? this.#copyOf(folder) : folder
        await this.#look(seen, structuredClone(deeds), where)
      }
      rmSync(before, { recursive: true })
    }
    return {
      cuts: this.#cuts,
      acknowledged: this.#acknowledged,
      lost: this.#lost,
      doubled: this.#doubled,
      wrong: this.#wrong,
    }
  }

  /** A run from opening to closing. */
  async #record(folder: string, deeds: Deed[]): Promise<{ recording: Recording; opened: number }> {
    const recording = recordDisk(folder)
    const known = deeds.length
    this.#load.forget()
    try {
      const findings = await this.#session(folder, deeds, rounds, () => recording.events.length)
      this.#note(findings, 'at the beginning of a run')
    } finally {
      recording.stop()
    }
    return { recording, opened: deeds[known]?.askedAfter ?? 0 }
  }

  #session(folder: string, deeds: Deed[], roundCount: number, eventCount: () => number): Promise<Findings> {
    return runSession({
      folder,
      deeds,
      load: this.#load,
      random: this.#random,
      rounds: roundCount,
      eventCount,
    })
  }

  async #look(folder: string, deeds: Deed[], where: string): Promise<void> {
    const acknowledged = deeds.filter(({ heard }) => heard?.acknowledged !== undefined).length
    const open = deeds.filter(({ heard }) => heard === undefined).length
    this.#cuts += 1
    this.#acknowledged += acknowledged
    try {
      this.#note(await inTime(this.#session(folder, deeds, 0, () => 0)), where)
    } catch (error) {
      this.#wrong.push(`${where}: it does not open or does not work: ${String(error)}`)
    }
    this.#options.say(
      `${this.#cuts}/${this.#options.cuts} cut ${where}: ${acknowledged} acknowledged, ${open} on their way${this.#wrong.length > 0 ? '; WRONG' : ''}`,
    )
    rmSync(folder, { recursive: true })
  }

  #note({ lost, doubled, wrong }: Findings, where: string): void {
    this.#lost += lost.length
    this.#doubled += doubled.length
    this.#wrong.push(...wrong.map((one) => `${where}: ${one}`))
  }

  /** Between two syncs, often right before the second, when most is on its way; more often while it is at work than while it opens. */
  #moment({ events }: Recording, opened: number): number {
    const from = this.#random.chance(4) ? 0 : opened
    const syncs = [...events.entries()].flatMap(([place, { kind }]) =>
      kind === 'sync' && place >= from ? [place] : [],
    )
    const ends = [...syncs, events.length]
    const which = this.#random.below(ends.length)
    const [begin = from, end = events.length] = [ends[which - 1], ends[which]]
    return this.#random.chance(2) ? end : begin + this.#random.below(end - begin + 1)
  }

  /** If nothing were lost, the model must arrive at the very folder that is there. */
  #proveRecording(recording: Recording, before: string, folder: string): void {
    const copy = this.#newFolder()
    cutPower({
      recording,
      before,
      after: recording.events.length,
      loss: noLoss,
      random: this.#random,
      into: copy,
    })
    const difference = firstDifference(folder, copy)
    if (difference !== undefined) this.#wrong.push(`what was recorded is not what is there: ${difference}`)
    rmSync(copy, { recursive: true })
  }

  #copyOf(folder: string): string {
    const copy = this.#newFolder()
    cpSync(folder, copy, { recursive: true })
    return copy
  }

  #newFolder(): string {
    this.#folders += 1
    const folder = join(this.#root, String(this.#folders))
    mkdirSync(folder)
    return folder
  }
}

function firstDifference(one: string, other: string): string | undefined {
  const [ours, theirs] = [one, other].map(contentsOf)
  for (const path of new Set([...(ours?.keys() ?? []), ...(theirs?.keys() ?? [])])) {
    const [a, b] = [ours?.get(path), theirs?.get(path)]
    if (a === undefined || b === undefined || !a.equals(b)) return path
  }
  return undefined
}

function contentsOf(folder: string): Map<string, Buffer> {
  const contents = new Map<string, Buffer>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.name === lockFile) continue
    contents.set(path.slice(folder.length), entry.isFile() ? readFileSync(path) : Buffer.alloc(0))
  }
  return contents
}
