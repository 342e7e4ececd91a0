/**
 * What `npm run bench` runs: every way of charging on one real Postgres, in turns, and a table, JSON and one line of figures at the end.
 * README.md says what is measured and how.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { allFigures, figuresOf, lineOf, type Measured, quickFigures, type Stored } from './figures.ts'
import type { Load } from './measure.ts'
import { openWay } from './open-way.ts'
import {
  type Cell,
  chosen,
  type Group,
  isChosen,
  quickPlan,
  storagePlan,
  type WayId,
  walletsOf,
  wholePlan,
} from './plan.ts'
import { type BenchPostgres, startBenchPostgres, tableBytes } from './postgres.ts'
import { describeMachine, headerText, type Report, reportJson, storedText, tableText } from './report.ts'
import type { Way } from './way.ts'

const groupNames = [...wholePlan.map(({ name }) => name), 'storage']

const help = `npm run bench [-- OPTION…]

Without options: everything, in about a quarter of an hour and about 12 GB of the temporary folder.
--quick           the six ratios that stand first in the last line, in less than a minute
--only WORDS      only a group (${groupNames.join(', ')}), and of it what all further words name:
                  "spread engine 256", "storage single"; may be given several times
--json FILE       writes everything that was measured to the file
--rounds N        how often each measurement is made, in turns; odd numbers make plain medians
--seconds N       how long each one takes, after a warm-up of a quarter of that
--history N       how many wallets the load has, each with ten entries; a million unless given`

const options = {
  help: { type: 'boolean', short: 'h', default: false },
  quick: { type: 'boolean', default: false },
  only: { type: 'string', multiple: true, default: [] as string[] },
  json: { type: 'string' },
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  history: { type: 'string', default: '1000000' },
} as const

function parse() {
  try {
    return parseArgs({ options }).values
  } catch (error) {
    refuse(`${error instanceof Error ? error.message : String(error)}.`)
  }
}

const values = parse()
if (values.help) {
  console.log(help)
  process.exit(0)
}

// A quick run must end within a minute on any machine: its durations are fixed, and only its start depends on the machine.
const usual = values.quick ? { rounds: 3, seconds: 0.8 } : { rounds: 5, seconds: 1.6 }
const rounds = positive('rounds', values.rounds, usual.rounds)
const measureMs = positive('seconds', values.seconds, usual.seconds) * 1000
const warmUpMs = measureMs / 4
const history = { wallets: positive('history', values.history, 0), entriesPerWallet: 10 }
const groups = chosen(values.quick ? quickPlan : wholePlan, values.only)
const toStore = values.quick ? [] : storagePlan.filter((cell) => isChosen('storage', cell, values.only))
if (groups.length === 0 && toStore.length === 0)
  refuse(`Nothing is measured that is named "${values.only.join('" or "')}".`)

function positive(name: string, text: string | undefined, unlessGiven: number): number {
  const number = text === undefined ? unlessGiven : Number(text)
  if (!(number > 0)) refuse(`--${name} takes a number above zero.`)
  return number
}

function refuse(message: string): never {
  console.error(`${message} See npm run bench -- --help.`)
  process.exit(2)
}

/** What goes on, beside the results: to standard error. */
function progress(text: string): void {
  console.error(text)
}

async function measureGroup({ name, cells }: Group, ways: Ways): Promise<Measured[]> {
  const opened: { cell: Cell; way: Way }[] = []
  for (const cell of cells) opened.push({ cell, way: await ways.open(cell.way) })
  progress(`${name}: ${cells.length} measurements in ${rounds} rounds`)
  await ways.postgres.checkpoint()
  const samplesByCell = new Map(cells.map((cell) => [cell, [] as Measured['samples'][number][]]))
  for (let round = 0; round < rounds; round += 1) {
    // Back and forth, so that none always comes after the same one.
    for (const { cell, way } of round % 2 === 0 ? opened : opened.toReversed())
      samplesByCell.get(cell)?.push(await way.measure(loadOf(cell), cell.keys))
  }
  return [...samplesByCell].map(([cell, samples]) => ({ group: name, cell, samples }))
}

function loadOf(cell: Cell): Load {
  return { callers: cell.callers, wallets: walletsOf(cell), warmUpMs, measureMs }
}

/** Alone, after a warm-up that has touched every page once, and without a checkpoint since: so pages are not written whole again. */
async function measureStorage(cell: Cell, ways: Ways): Promise<Stored> {
  const way = await ways.open(cell.way)
  const { databaseUrl } = way
  if (databaseUrl === undefined) throw new Error(`${cell.way} stores nothing on the measured Postgres.`)
  const load = { ...loadOf(cell), measureMs: 2 * measureMs }
  await way.measure(load, cell.keys)
  const [walBefore, diskBefore] = [await ways.postgres.walBytes(), await tableBytes(databaseUrl)]
  const { operationsInAll } = await way.measure(load, cell.keys)
  const [walAfter, diskAfter] = [await ways.postgres.walBytes(), await tableBytes(databaseUrl)]
  return {
    cell,
    operations: operationsInAll,
    walBytes: walAfter - walBefore,
    diskBytes: diskAfter - diskBefore,
  }
}

/** Ways are opened when they are first measured, and stay open. */
class Ways implements AsyncDisposable {
  readonly postgres: BenchPostgres
  readonly #waysById = new Map<WayId, Way>()

  constructor(postgres: BenchPostgres) {
    this.postgres = postgres
  }

  async open(id: WayId): Promise<Way> {
    const known = this.#waysById.get(id)
    if (known !== undefined) return known
    const way = await openWay(id, { postgres: this.postgres, history, onProgress: progress })
    this.#waysById.set(id, way)
    return way
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const way of this.#waysById.values()) await way.close()
    await this.postgres.stop()
  }
}

async function measureAll(): Promise<Report> {
  const startedAt = new Date().toISOString()
  const machine = describeMachine()
  await using ways = new Ways(await startBenchPostgres())
  const { settings, isInMemory } = ways.postgres
  console.log(headerText({ machine, postgres: settings }))
  if (isInMemory)
    console.log(
      'The temporary folder is in memory, where fsync costs nothing: set TMPDIR to a folder on a disk.',
    )

  const measured: Measured[] = []
  for (const group of groups) measured.push(...(await measureGroup(group, ways)))
  const stored: Stored[] = []
  for (const cell of toStore) stored.push(await measureStorage(cell, ways))
  const figures = figuresOf(measured, stored)
  return { startedAt, machine, postgres: settings, rounds, warmUpMs, measureMs, measured, stored, figures }
}

const report = await measureAll()
console.log(`\n${tableText(report.measured)}`)
if (report.stored.length > 0) console.log(`\n${storedText(report.stored)}`)
if (values.json !== undefined) writeFileSync(values.json, reportJson(report))
console.log(`\n${lineOf(report.figures, values.quick ? quickFigures : allFigures)}`)
