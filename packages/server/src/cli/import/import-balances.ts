import type { Catalog } from '../../catalog/catalog.ts'
import type { Engine } from '../../engine.ts'
import { decimalFromCredits } from '../../kernel/credits.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { lotOutOfTime } from '../../ledger/errors.ts'
import type { GrantRequest } from '../../ledger/requests.ts'
import { importFileWrong } from './import-file-wrong.ts'
import { readBalances } from './read-balances.ts'

export interface ImportFile {
  readonly file: string
  readonly catalog: Catalog
  readonly now: Date
  /** Told what is wrong, row by row: `line 7: credits must be …`. */
  readonly complain: (problem: string) => void
}

export interface PlacedRequest {
  readonly line: number
  readonly request: GrantRequest
}

export interface Checked {
  readonly rows: number
  readonly wrong: number
  /** Rows whose expiry has passed: right only if they were granted before. */
  readonly past: readonly PlacedRequest[]
  /** How much in all: `12,000 rows: 1.5 credits, 3 images`. */
  readonly summary: string
}

/** Reads the whole file and tells every problem. Changes nothing. */
export async function checkBalances({ complain, ...input }: ImportFile): Promise<Checked> {
  const totals = new Map<string, bigint>()
  const linesByRow = new Map<string, number>()
  const past: PlacedRequest[] = []
  let rows = 0
  let wrong = 0
  for await (const row of readBalances(input)) {
    rows += 1
    const problems = 'problems' in row ? row.problems : repetition(row.request, row.line, linesByRow)
    if (problems.length > 0) wrong += 1
    for (const problem of problems) complain(`line ${row.line}: ${problem}`)
    if ('problems' in row) continue
    if (row.isPast && problems.length === 0) past.push(row)
    const { unit = input.catalog.defaultUnit, credits } = row.request
    totals.set(unit, (totals.get(unit) ?? 0n) + credits)
  }
  const amounts = [...totals].map(([unit, credits]) => `${decimalFromCredits(credits)} ${unit}`)
  return { rows, wrong, past, summary: `${count(rows)}: ${amounts.join(', ') || 'nothing'}` }
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
  let batch: PlacedRequest[] = []
  let done = 0
  let refused = 0

  async function grantBatch(): Promise<void> {
    for (const { line, message } of await grant(engine, batch)) {
      refused += 1
      complain(`line ${line}: ${message}`)
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

/**
 * How many rows whose expiry has passed were not granted before: each is told. Asked by granting them, which does nothing: what was granted
 * answers as it did then, and nothing else is granted any more.
 */
export async function countNeverGranted(
  engine: Pick<Engine, 'batch'>,
  past: readonly PlacedRequest[],
  complain: (problem: string) => void,
): Promise<number> {
  let wrong = 0
  for (let start = 0; start < past.length; start += batchSize) {
    // One batch after the other, as when they are granted.
    // oxlint-disable-next-line no-await-in-loop
    for (const { line, code, message } of await grant(engine, past.slice(start, start + batchSize))) {
      wrong += 1
      complain(
        `line ${line}: ${code === lotOutOfTime.definition.code ? 'expires_at has passed: leave the row out.' : message}`,
      )
    }
  }
  return wrong
}

/** Answers which were refused. */
async function grant(engine: Pick<Engine, 'batch'>, batch: readonly PlacedRequest[]) {
  const outcomes = await engine.batch(batch.map(({ request }) => ({ op: 'grant', ...request })))
  return outcomes.flatMap((outcome, index) => {
    if (outcome.ok) return []
    if (!(outcome.error instanceof Refusal)) throw outcome.error
    const { code, message } = outcome.error
    return [{ line: batch[index]?.line ?? 0, code, message }]
  })
}

function changedMeanwhile(line: number): Error {
  const message = `The file was changed while it was imported: line ${line} is wrong now. Run the import again when it is ready; what was imported is not imported twice.`
  return importFileWrong(message)
}

function count(rows: number): string {
  return `${rows.toLocaleString('en')} ${rows === 1 ? 'row' : 'rows'}`
}
