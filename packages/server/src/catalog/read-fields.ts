/** Tells of a problem: where, and what was found there with what to write. */
export type Report = (path: string, message: string) => void

export type Fields = Readonly<Record<string, unknown>>

/** The fields of an object, with a report of those that are not known; undefined for what is no object. */
export function readFields(
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

/** True or false, or what it is when it is left out. */
export function readFlag(value: unknown, path: string, otherwise: boolean, report: Report): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? otherwise
  report(path, `is ${show(value)}; write true or false, or leave it out: then it is ${otherwise}.`)
  return otherwise
}

/** A number that is a float, and so not exact. */
export function isFraction(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && !Number.isInteger(value)
}

export function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What was found, for people. */
export function show(value: unknown): string {
  if (value === undefined) return 'missing'
  if (typeof value === 'string') return `'${value.slice(0, 50)}'`
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return JSON.stringify(value) ?? typeof value
}
