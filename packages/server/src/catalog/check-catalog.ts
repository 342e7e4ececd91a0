import { type Credits, creditsFromDecimal } from '../kernel/credits.ts'
import { Fault } from '../kernel/refusal.ts'
import { type Action, type Catalog, catalogOf, type Pack, type Unit, type Welcome } from './catalog.ts'
import { isFraction, isRecord, type Report, readFields, readFlag, show } from './read-fields.ts'
import { readPolicies } from './read-policies.ts'
import { readPackPrice } from './read-price.ts'

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

function readCatalog(definition: unknown, report: Report): Catalog | undefined {
  const fields = readFields(
    definition,
    '',
    ['units', 'actions', 'packs', 'welcome', 'mirror', 'refunds', 'disputes'],
    report,
  )
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
    mirror: readFlag(fields['mirror'], 'mirror', false, report),
    ...readPolicies(fields, report),
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
  const fields = readFields(
    value,
    path,
    ['name', 'credits', 'price', 'unit', 'dodoProduct', 'grantOn'],
    scope.report,
  )
  if (fields === undefined) return undefined
  const credits = readCredits(fields['credits'], `${path}.credits`, scope.report)
  const unit = readUnitOf(fields['unit'], `${path}.unit`, scope)
  const priced = readPackPrice(fields['price'], credits, path, scope.report)
  const name = readName(fields['name'], `${path}.name`, id, scope.report)
  const { dodoProduct } = fields
  if (dodoProduct !== undefined && !isProductId(dodoProduct)) {
    scope.report(
      `${path}.dodoProduct`,
      `is ${show(dodoProduct)}; write a product's id from your Dodo dashboard, such as 'pdt_…', or leave it out to have a product made.`,
    )
  }
  const grantOn = readGrantOn(fields['grantOn'], `${path}.grantOn`, scope.report)
  if (grantOn === 'entitlement' && priced?.chosen !== undefined)
    scope.report(
      `${path}.grantOn`,
      "is 'entitlement', and the customer chooses what to pay: Dodo's entitlement brings the same credits whatever was paid. Leave it out.",
    )
  if (unit === undefined || priced === undefined) return undefined
  return {
    id,
    name,
    unit,
    ...priced,
    dodoProduct: isProductId(dodoProduct) ? dodoProduct : undefined,
    grantOn,
  }
}

function readGrantOn(value: unknown, path: string, report: Report): Pack['grantOn'] {
  if (value !== undefined && value !== 'payment' && value !== 'entitlement')
    report(
      path,
      `is ${show(value)}; write 'payment' or 'entitlement', or leave it out: then it is 'payment'.`,
    )
  return value === 'entitlement' ? 'entitlement' : 'payment'
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
