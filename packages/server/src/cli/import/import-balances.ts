import type { Catalog } from '../../catalog/catalog.ts'
import type { Engine } from '../../engine.ts'
import { decimalFromCredits } from '../../kernel/credits.ts'
import { Fault, Refusal } from '../../kernel/refusal.ts'
import type { GrantRequest } from '../../ledger/requests.ts'
import { readBalances } from './read-balances.ts'

export interface ImportFile {
  readonly file: string
  readonly catalog: Catalog
  readonly now: Date
  /** Told what is wrong, row by row: `line 7: credits must be …`. */
  readonly complain: (problem: string) => void
}

export interface Checked {
  readonly rows: number
  readonly wrong: number
  /** How much in all: `12,000 rows: 1.5 credits, 3 images`. */
  readonly summary: string
}

/** Reads the whole file and tells every problem. Changes nothing. */
export async function checkBalances({ complain, ...input }: ImportFile): Promise<Checked> {
  const totals = new Map<string, bigint>()
  const linesByRow = new Map<string, number>()
  let rows = 0
  let wrong = 0
  for await (const row of readBalances(input)) {
    rows += 1
    const problems = 'problems' in row ? row.problems : repetition(row.request, row.line, linesByRow)
    if (problems.length > 0) wrong += 1
    for (const problem of problems) complain(`line ${row.line}: ${problem}`)
    if ('problems' in row) continue
    const { unit = input.catalog.defaultUnit, credits } = row.request
    totals.set(unit, (totals.get(unit) ?? 0n) + credits)
  }
  const amounts = [...totals].map(([unit, credits]) => `${decimalFromCredits(credits)} ${unit}`)
  return { rows, wrong, summary: `${count(rows)}: ${amounts.join(', ') || 'nothing'}` }
}

/** Two rows that are the same would be one grant, whether or not that is meant. */
function repetition(
  { customer, unit, idempotencyKey }: GrantRequest,
  line: number,
  linesByRow: Map<string, number>,
): string[] {
  const name = JSON.stringify([customer, unit, idempotencyKey])
  const before = linesByRow.get(name)
  if (before !== undefined)
    return [`is the same as line ${before}. Remove one of them, or tell them apart in the column key.`]
  linesByRow.set(name, line)
  return []
}

export interface ImportBalances extends ImportFile {
  readonly engine: Pick<Engine, 'batch'>
  /** How many rows there are, for telling how far it is. */
  readonly rows: number
  readonly progress: (message: string) => void
}

// One commit for as many; the file is read no further until it is done.
const batchSize = 500
const progressEveryRows = 10_000

/** Grants every row once, whether or not it was granted before. Answers how many were refused: each is told, and the others stand. */
export async function importBalances({
  engine,
  rows,
  progress,
  complain,
  ...input
}: ImportBalances): Promise<number> {
  let batch: { line: number; request: GrantRequest }[] = []
  let done = 0
  let refused = 0

  async function grantBatch(): Promise<void> {
    const outcomes = await engine.batch(batch.map(({ request }) => ({ op: 'grant', ...request })))
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.ok) continue
      if (!(outcome.error instanceof Refusal)) throw outcome.error
      refused += 1
      complain(`line ${batch[index]?.line ?? 0}: ${outcome.error.message}`)
    }
    const before = done
    done += batch.length
    if (Math.floor(done / progressEveryRows) > Math.floor(before / progressEveryRows))
      progress(`${done.toLocaleString('en')} of ${count(rows)}`)
    batch = []
  }

  for await (const row of readBalances(input)) {
    if ('problems' in row) throw changedMeanwhile(row.line)
    batch.push(row)
    if (batch.length === batchSize) await grantBatch()
  }
  if (batch.length > 0) await grantBatch()
  return refused
}

function changedMeanwhile(line: number): Fault {
  const message = `The file was changed while it was imported: line ${line} is wrong now. Run the import again when it is ready; what was imported is not imported twice.`
  return new Fault('import_file_wrong', message, { retryable: false })
}

function count(rows: number): string {
  return `${rows.toLocaleString('en')} ${rows === 1 ? 'row' : 'rows'}`
}
