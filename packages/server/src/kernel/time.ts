/** Calendar arithmetic, in UTC. */

export const dayMs = 86_400_000

const earliestInstant = new Date('1970-01-01T00:00:00Z')
export const latestInstant = new Date('9999-01-01T00:00:00Z')

/** What is wrong with an instant that somebody wrote; undefined for nothing. */
export function issueOfInstant(instant: Date): string | undefined {
  return instant >= earliestInstant && instant < latestInstant
    ? undefined
    : 'must lie between the years 1970 and 9999.'
}

export function addMs(instant: Date, ms: number): Date {
  return new Date(instant.getTime() + ms)
}

/** The same time of day, so many months later: on the last day of a month that is too short. */
export function addMonths(instant: Date, months: number): Date {
  const later = new Date(instant)
  later.setUTCDate(1)
  later.setUTCMonth(later.getUTCMonth() + months)
  later.setUTCDate(Math.min(instant.getUTCDate(), daysInMonth(later)))
  return later
}

function daysInMonth(instant: Date): number {
  return new Date(Date.UTC(instant.getUTCFullYear(), instant.getUTCMonth() + 1, 0)).getUTCDate()
}

export function startOfDay(instant: Date): Date {
  return new Date(Math.floor(instant.getTime() / dayMs) * dayMs)
}

/** Monday's midnight (ISO 8601). */
export function startOfWeek(instant: Date): Date {
  const daysSinceMonday = (instant.getUTCDay() + 6) % 7
  return addMs(startOfDay(instant), -daysSinceMonday * dayMs)
}

export function startOfMonth(instant: Date): Date {
  return new Date(Date.UTC(instant.getUTCFullYear(), instant.getUTCMonth(), 1))
}

export function earlier(a: Date | undefined, b: Date | undefined): Date | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return a < b ? a : b
}

export function later(a: Date, b: Date): Date {
  return a > b ? a : b
}
