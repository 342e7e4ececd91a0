import { type Credits, creditsFromDecimal } from '../kernel/credits.ts'
import { currencyDecimals, type Money } from '../kernel/money.ts'
import { Fault } from '../kernel/refusal.ts'
import { type Action, type Catalog, catalogOf, type Pack, type Unit, type Welcome } from './catalog.ts'

export interface CatalogProblem {
  /** `packs.power.credits` */
  readonly path: string
  /** What was found there, and what to write. */
  readonly message: string
}

/** A catalog that cannot be used. Its message lists every problem with its path, the file, and what to write. */
export class CatalogError extends Fault {
  readonly problems: readonly CatalogProblem[]

  constructor(file: string, problems: readonly CatalogProblem[], cause?: unknown) {
    const list = problems.map(({ path, message }) => `  ${path === '' ? '' : `${path} `}${message}`)
    const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`
    super('catalog_invalid', [`The catalog in ${file} has ${count}:`, ...list].join('\n'), {
      retryable: false,
      cause,
    })
    this.problems = problems
  }
}

/**
 * Checks what `defineCatalog` was given, and reads it.
 *
 * @param file where it was written, for the message
 * @throws CatalogError with all problems at once
 */
export function checkCatalog(definition: unknown, file = 'tallystick.config.ts'): Catalog {
  const problems: CatalogProblem[] = []
  const catalog = readCatalog(definition, (path, message) => problems.push({ path, message }))
  if (problems.length > 0 || catalog === undefined) throw new CatalogError(file, problems)
  return catalog
}

type Report = (path: string, message: string) => void
type Fields = Readonly<Record<string, unknown>>

function readCatalog(definition: unknown, report: Report): Catalog | undefined {
  const fields = readFields(definition, '', ['units', 'actions', 'packs', 'welcome'], report)
  if (fields === undefined) return undefined
  const units = readEach(fields['units'], 'units', report, readUnit)
  if (units.length === 0 && isRecord(fields['units']))
    report('units', "is empty; write at least one: units: { credits: { name: 'Credits' } }.")
  const defaultUnit = units[0]?.id ?? 'credits'
  const scope: Scope = { unitIds: units.map(({ id }) => id), defaultUnit, report }
  return catalogOf({
    units,
    defaultUnit,
    actions: readEach(fields['actions'], 'actions', report, (id, path, value) =>
      readAction(id, path, value, scope),
    ),
    packs:
      fields['packs'] === undefined
        ? []
        : readEach(fields['packs'], 'packs', report, (id, path, value) => readPack(id, path, value, scope)),
    welcome: fields['welcome'] === undefined ? undefined : readWelcome(fields['welcome'], scope),
  })
}

interface Scope {
  readonly unitIds: readonly string[]
  readonly defaultUnit: string
  readonly report: Report
}

function readUnit(id: string, path: string, value: unknown, report: Report): Unit | undefined {
  const fields = readFields(value, path, ['name'], report)
  return fields === undefined ? undefined : { id, name: readName(fields['name'], `${path}.name`, id, report) }
}

function readAction(id: string, path: string, value: unknown, scope: Scope): Action | undefined {
  const fields = readFields(value, path, ['name', 'credits', 'unit'], scope.report)
  if (fields === undefined) return undefined
  const credits = readCredits(fields['credits'], `${path}.credits`, scope.report)
  const unit = readUnitOf(fields['unit'], `${path}.unit`, scope)
  const name = readName(fields['name'], `${path}.name`, id, scope.report)
  return credits === undefined || unit === undefined ? undefined : { id, name, unit, credits }
}

function readPack(id: string, path: string, value: unknown, scope: Scope): Pack | undefined {
  const fields = readFields(value, path, ['name', 'credits', 'price', 'unit', 'dodoProduct'], scope.report)
  if (fields === undefined) return undefined
  const credits = readCredits(fields['credits'], `${path}.credits`, scope.report)
  const unit = readUnitOf(fields['unit'], `${path}.unit`, scope)
  const price = readPrice(fields['price'], `${path}.price`, scope.report)
  const name = readName(fields['name'], `${path}.name`, id, scope.report)
  const { dodoProduct } = fields
  if (dodoProduct !== undefined && !isProductId(dodoProduct)) {
    scope.report(
      `${path}.dodoProduct`,
      `is ${show(dodoProduct)}; write a product's id from your Dodo dashboard, such as 'pdt_…', or leave it out to have a product made.`,
    )
  }
  if (credits === undefined || unit === undefined || price === undefined) return undefined
  return { id, name, unit, credits, price, dodoProduct: isProductId(dodoProduct) ? dodoProduct : undefined }
}

function isProductId(value: unknown): value is string {
  return typeof value === 'string' && /^pdt_\w{1,100}$/.test(value)
}

function readWelcome(value: unknown, scope: Scope): Welcome | undefined {
  const fields = readFields(value, 'welcome', ['name', 'credits', 'unit'], scope.report)
  if (fields === undefined) return undefined
  const credits = readCredits(fields['credits'], 'welcome.credits', scope.report)
  const unit = readUnitOf(fields['unit'], 'welcome.unit', scope)
  const name = readName(fields['name'], 'welcome.name', 'Welcome gift', scope.report)
  return credits === undefined || unit === undefined ? undefined : { name, unit, credits }
}

function readEach<Item>(
  value: unknown,
  path: string,
  report: Report,
  read: (id: string, path: string, value: unknown, report: Report) => Item | undefined,
): Item[] {
  if (!isRecord(value)) {
    report(path, `is ${show(value)}; write an object with a name for each: ${path}: { … }.`)
    return []
  }
  return Object.entries(value).flatMap(([id, item]) => {
    const itemPath = `${path}.${id}`
    if (!/^[a-z0-9][\w.:-]{0,99}$/i.test(id))
      report(
        itemPath,
        'has a name that is not allowed; use at most 100 letters, digits, dots, dashes and underscores.',
      )
    const known = read(id, itemPath, item, report)
    return known === undefined ? [] : [known]
  })
}

function readFields(
  value: unknown,
  path: string,
  known: readonly string[],
  report: Report,
): Fields | undefined {
  if (!isRecord(value)) {
    const expected =
      path === '' ? 'export default defineCatalog({ units, actions, packs })' : `{ ${known.join(', ')} }`
    report(path, `is ${show(value)}; write ${expected}.`)
    return undefined
  }
  for (const field of Object.keys(value)) {
    if (!known.includes(field))
      report(
        path === '' ? field : `${path}.${field}`,
        `is not a known field; remove it or correct its name. Known here: ${known.join(', ')}.`,
      )
  }
  return value
}

function readCredits(value: unknown, path: string, report: Report): Credits | undefined {
  if (value === undefined) {
    report(path, "is missing; write how many: credits: 5, or credits: '0.5'.")
    return undefined
  }
  if (isFraction(value)) {
    report(
      path,
      `is the fraction ${show(value)}, and a number with a fraction is not exact; write it as text: '${value}'.`,
    )
    return undefined
  }
  const credits =
    typeof value === 'number' || typeof value === 'string' ? creditsFromDecimal(value) : undefined
  if (credits !== undefined && credits > 0n) return credits
  report(
    path,
    `is ${show(value)}; write a number above zero: a whole number (5), or a decimal as text with at most six decimals ('0.5').`,
  )
  return undefined
}

const priceExample = "write a price above zero: usd(10), usd('9.99'), eur(10), or money(999, 'USD')"

function readPrice(value: unknown, path: string, report: Report): Money | undefined {
  if (!isRecord(value) || typeof value['currency'] !== 'string') {
    report(path, `is ${show(value)}; ${priceExample}.`)
    return undefined
  }
  const { currency } = value
  if (!/^[A-Z]{3}$/.test(currency)) {
    report(path, `has the currency ${show(currency)}; write three capital letters, as in 'USD'.`)
    return undefined
  }
  const written = value['amount'] ?? value['amountMinor']
  if (isFraction(written)) {
    const instead =
      'amount' in value
        ? `write it as text: ${currency.toLowerCase()}('${written}')`
        : 'write whole minor units: money(999, …) is 9.99'
    report(path, `has the fraction ${show(written)}, and a number with a fraction is not exact; ${instead}.`)
    return undefined
  }
  const amountMinor =
    'amount' in value ? minorFromDecimal(written, currencyDecimals(currency)) : wholeMinor(written)
  // Providers and JSON carry amounts as numbers: beyond this they would no longer be exact.
  if (amountMinor !== undefined && amountMinor > 0n && amountMinor <= BigInt(Number.MAX_SAFE_INTEGER))
    return { amountMinor, currency }
  report(path, `is ${show(written)} ${currency}; ${priceExample}.`)
  return undefined
}

function wholeMinor(written: unknown): bigint | undefined {
  return typeof written === 'number' && Number.isSafeInteger(written) ? BigInt(written) : undefined
}

/** `'9.99'` with two decimals is `999n`; undefined for what has more decimals than the currency, or is no decimal. */
function minorFromDecimal(written: unknown, decimals: number): bigint | undefined {
  const text = typeof written === 'number' ? written.toString() : written
  if (typeof text !== 'string') return undefined
  const [, whole, fraction = ''] = /^(\d{1,15})(?:\.(\d+))?$/.exec(text) ?? []
  if (whole === undefined || fraction.length > decimals) return undefined
  return BigInt(whole + fraction.padEnd(decimals, '0'))
}

function readUnitOf(value: unknown, path: string, scope: Scope): string | undefined {
  if (value === undefined) return scope.defaultUnit
  if (typeof value === 'string' && scope.unitIds.includes(value)) return value
  scope.report(
    path,
    `is ${show(value)}, which is no unit of this catalog; write one of ${scope.unitIds.join(', ')}, or add it to units.`,
  )
  return undefined
}

function readName(value: unknown, path: string, id: string, report: Report): string {
  if (value === undefined) return nameFromId(id)
  if (typeof value === 'string' && value.trim() !== '' && value.length <= 100) return value
  report(path, `is ${show(value)}; write a name of 1 to 100 characters, or leave it out.`)
  return nameFromId(id)
}

/** `image.hires` is `Image hires`. */
function nameFromId(id: string): string {
  const words = id.replaceAll(/[._:-]+/g, ' ').trim()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function isFraction(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && !Number.isInteger(value)
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function show(value: unknown): string {
  if (value === undefined) return 'missing'
  if (typeof value === 'string') return `'${value.slice(0, 50)}'`
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return JSON.stringify(value) ?? typeof value
}
