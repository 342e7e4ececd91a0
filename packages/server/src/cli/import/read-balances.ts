import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { CsvError, type Info, parse } from 'csv-parse'
import { z } from 'zod'
import type { Catalog } from '../../catalog/catalog.ts'
import { creditsInputSchema, customerIdSchema, instantInputSchema, textSchema } from '../../http/wire.ts'
import { Fault } from '../../kernel/refusal.ts'
import type { GrantRequest } from '../../ledger/requests.ts'

/** One row of the file, or what is wrong with it. */
export type Row =
  | { readonly line: number; readonly request: GrantRequest }
  | { readonly line: number; readonly problems: readonly string[] }

export interface ReadBalances {
  readonly file: string
  readonly catalog: Catalog
  readonly now: Date
}

// Names, amounts and ids: a longer row has lost its closing quote, and would be read to the end of the file.
const rowLengthMax = 20_000

const wholeNumber = z
  .string()
  .regex(/^\d{1,15}$/, { error: 'must be a whole number: cents for USD.' })
  .transform(BigInt)

const columns = {
  customer: customerIdSchema,
  credits: creditsInputSchema.refine((credits) => credits > 0n, { error: 'must be above zero.' }),
  unit: z.string().optional(),
  name: textSchema(200).optional(),
  source: z
    .enum(['purchase', 'plan', 'promotion', 'gift', 'referral', 'adjustment'], {
      error: 'must be one of purchase, plan, promotion, gift, referral, adjustment.',
    })
    .optional(),
  expires_at: instantInputSchema.optional(),
  paid_amount_minor: wholeNumber.optional(),
  paid_currency: z
    .string()
    .regex(/^[A-Z]{3}$/, { error: 'must be a currency of ISO 4217: "USD".' })
    .optional(),
  key: textSchema(200).optional(),
}

const required = ['customer', 'credits']
const rowSchema = z.object(columns)

/**
 * The rows of a CSV file of balances, one after the other and never all at once.
 *
 * @throws Fault import_file_wrong when it cannot be read as CSV with these columns
 */
export async function* readBalances(input: ReadBalances): AsyncGenerator<Row> {
  // Wrong lengths are told with the other problems of their rows.
  const parser = parse({
    bom: true,
    info: true,
    trim: true,
    skip_empty_lines: true,
    relax_column_count: true,
    max_record_size: rowLengthMax,
  })
  const source = createReadStream(input.file)
  source.on('error', (error) => parser.destroy(error))
  source.pipe(parser)
  let header: readonly string[] | undefined
  try {
    for await (const parsed of parser) {
      const { record, info } = parsed as { record: string[]; info: Info }
      if (header === undefined) header = checkedHeader(record)
      else yield rowFrom(record, { ...input, header, line: info.lines })
    }
  } catch (error) {
    if (error instanceof CsvError) throw fileWrong(error.message, error)
    throw isMissing(error) ? fileWrong(`There is no file ${input.file}.`, error) : error
  }
  if (header === undefined)
    throw fileWrong('The file is empty: its first line names the columns, as in customer,credits.')
}

function checkedHeader(names: readonly string[]): readonly string[] {
  const known = Object.keys(columns)
  const problems = [
    ...names
      .filter((name) => !known.includes(name))
      .map(
        (name) => `The column ${name} is not known. Known ones, separated by commas: ${known.join(', ')}.`,
      ),
    ...required.filter((name) => !names.includes(name)).map((name) => `The column ${name} is missing.`),
    ...(new Set(names).size < names.length ? ['A column is named twice.'] : []),
  ]
  if (problems.length > 0) throw fileWrong(problems.join('\n'))
  return names
}

interface RowInput extends ReadBalances {
  readonly header: readonly string[]
  readonly line: number
}

function rowFrom(record: readonly string[], { header, line, catalog, now }: RowInput): Row {
  if (record.length !== header.length)
    return { line, problems: [`has ${record.length} fields, and the first line names ${header.length}.`] }
  // An empty field is one that is not there.
  const fields = Object.fromEntries(
    header.flatMap((name, index) => (record[index] === '' ? [] : [[name, record[index]]])),
  )
  const parsed = rowSchema.safeParse(fields)
  if (!parsed.success)
    return {
      line,
      problems: parsed.error.issues.map((issue) => `${issue.path.join('.')} ${messageOf(issue)}`),
    }
  const { customer, credits, unit = catalog.defaultUnit, expires_at: expiresAt, key } = parsed.data
  const { paid_amount_minor: amountMinor, paid_currency: currency } = parsed.data
  const problems = [
    ...(catalog.unitsById.has(unit)
      ? []
      : [`unit is ${unit}, and the catalog has ${[...catalog.unitsById.keys()].join(', ')}.`]),
    ...(expiresAt !== undefined && expiresAt <= now ? ['expires_at has passed: leave the row out.'] : []),
    ...((amountMinor === undefined) === (currency === undefined)
      ? []
      : ['paid_amount_minor and paid_currency go together.']),
  ]
  if (problems.length > 0) return { line, problems }
  const paid = amountMinor === undefined || currency === undefined ? undefined : { amountMinor, currency }
  const { source = paid === undefined ? 'adjustment' : 'purchase', name = 'Imported balance' } = parsed.data
  const expiry = expiresAt && { at: expiresAt }
  return {
    line,
    request: { customer, credits, unit, source, name, expiry, paid, idempotencyKey: keyOf(key, fields) },
  }
}

/** A row is known by its own key, or else by what it says. */
function keyOf(key: string | undefined, fields: Readonly<Record<string, string | undefined>>): string {
  if (key !== undefined) return `import:${key}`
  const sorted = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))
  return `import:${createHash('sha256').update(JSON.stringify(sorted)).digest('base64url')}`
}

function messageOf(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_type' && issue.input === undefined ? 'is missing.' : issue.message
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

function fileWrong(message: string, cause?: unknown): Fault {
  return new Fault('import_file_wrong', message, { retryable: false, cause })
}
