import { createHash } from 'node:crypto'
import { pipeline } from 'node:stream'
import { CsvError, type Info, parse } from 'csv-parse'
import { z } from 'zod'
import type { Catalog } from '../../catalog/catalog.ts'
import { creditsInputSchema, customerIdSchema, instantInputSchema, textSchema } from '../../http/wire.ts'
import { decimalFromCredits } from '../../kernel/credits.ts'
import type { GrantRequest } from '../../ledger/requests.ts'
import { importFileWrong } from './import-file-wrong.ts'
import { readText } from './read-text.ts'

/** One row of the file, or what is wrong with it. */
export type Row =
  | {
      readonly line: number
      readonly request: GrantRequest
      /** Its expiry has passed: it is right only if it was granted before. */
      readonly isPast: boolean
    }
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
  let lastLine = 0
  // Wrong lengths are told with the other problems of their rows.
  const parser = parse({
    info: true,
    trim: true,
    skip_empty_lines: true,
    relax_column_count: true,
    max_record_size: rowLengthMax,
    on_record: (record: string[], { lines }) => {
      lastLine = lines
      return record
    },
  })
  // What ends the text ends the parser, and is thrown by it.
  pipeline(readText(input.file), parser, () => {})
  let header: readonly string[] | undefined
  let rows = 0
  try {
    for await (const parsed of parser) {
      const { record, info } = parsed as { record: string[]; info: Info }
      if (header === undefined) header = checkedHeader(record)
      else {
        rows += 1
        yield rowFrom(record, { ...input, header, line: info.lines })
      }
    }
  } catch (error) {
    throw error instanceof CsvError ? importFileWrong(explain(error, lastLine), error) : error
  }
  if (header === undefined)
    throw importFileWrong('The file is empty: its first line names the columns, as in customer,credits.')
  if (rows === 0)
    throw importFileWrong(
      'The file has no rows: its first line names the columns, and each line after it is a balance.',
    )
}

/** In words for whoever has the file before them. Where a row ends is lost with its quote: the line before it is known. */
function explain({ code, message, lines }: CsvError & { readonly lines?: number }, lastLine: number): string {
  const double =
    'A quote that is part of the text is written twice, and the field in quotes: "Pack ""Power""".'
  switch (code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return `A quote (") is opened in the row after line ${lastLine} and never closed. Close it. ${double}`
    case 'CSV_MAX_RECORD_SIZE':
      return `The row after line ${lastLine} is longer than ${rowLengthMax} bytes: a quote (") in it is probably not closed. Close it. ${double}`
    case 'INVALID_OPENING_QUOTE':
    case 'CSV_INVALID_CLOSING_QUOTE':
      return `line ${lines ?? lastLine + 1}: a quote (") stands in the middle of a field. ${double}`
    default:
      return `The file is not CSV after line ${lastLine}: ${message}.`
  }
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
  if (problems.length > 0) throw importFileWrong(problems.join('\n'))
  return names
}

type RowSays = Pick<GrantRequest, 'customer' | 'unit' | 'credits' | 'source' | 'name' | 'paid'> & {
  readonly expiry: { readonly at: Date } | undefined
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
    ...((amountMinor === undefined) === (currency === undefined)
      ? []
      : ['paid_amount_minor and paid_currency go together.']),
  ]
  if (problems.length > 0) return { line, problems }
  const paid = amountMinor === undefined || currency === undefined ? undefined : { amountMinor, currency }
  const { source = paid === undefined ? 'adjustment' : 'purchase', name = 'Imported balance' } = parsed.data
  const request = { customer, credits, unit, source, name, expiry: expiresAt && { at: expiresAt }, paid }
  return {
    line,
    request: { ...request, idempotencyKey: keyOf(key, request) },
    isPast: expiresAt !== undefined && expiresAt <= now,
  }
}

/** A row is known by its own key, or else by what it says, however that is written and whatever of it is left to the defaults. */
function keyOf(key: string | undefined, row: RowSays): string {
  if (key !== undefined) return `import:${key}`
  const { customer, unit, credits, source, name, expiry, paid } = row
  const says = [
    customer,
    unit,
    decimalFromCredits(credits),
    source,
    name,
    expiry?.at.toISOString() ?? null,
    paid === undefined ? null : [String(paid.amountMinor), paid.currency],
  ]
  return `import:${createHash('sha256').update(JSON.stringify(says)).digest('base64url')}`
}

function messageOf(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_type' && issue.input === undefined ? 'is missing.' : issue.message
}
