import type { Window } from './naive-types.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

export function addDays(from: Date, days: number): Date {
  return new Date(from.getTime() + days * dayMs)
}

/** The same day and time so many months later; the last day of a shorter month. */
export function addMonths(from: Date, months: number): Date {
  const monthStart = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + months, 1))
  const nextMonthStart = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + months + 1, 1))
  const lastDay = (nextMonthStart.getTime() - monthStart.getTime()) / dayMs
  const day = Math.min(from.getUTCDate(), lastDay)
  const timeOfDay = from.getTime() % dayMs
  return new Date(monthStart.getTime() + (day - 1) * dayMs + timeOfDay)
}

const rollingMs = {
  rolling_hour: hourMs,
  rolling_day: dayMs,
  rolling_week: 7 * dayMs,
  rolling_month: 30 * dayMs,
}

/** When the bucket begins in which something that happens at an instant counts. */
export function bucketStart(window: Window, at: Date): Date {
  switch (window) {
    case 'lifetime':
      return new Date(0)
    case 'month':
      return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1))
    case 'week': {
      const daysSinceMonday = (at.getUTCDay() + 6) % 7
      return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate() - daysSinceMonday))
    }
    case 'day':
      return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()))
    default: {
      const bucketMs = rollingMs[window] / 24
      return new Date(Math.floor(at.getTime() / bucketMs) * bucketMs)
    }
  }
}

/** Whether a bucket that begins at an instant is in the window that ends now. */
export function isInWindow(window: Window, bucket: Date, now: Date): boolean {
  switch (window) {
    case 'lifetime':
    case 'month':
    case 'week':
    case 'day':
      return bucket.getTime() === bucketStart(window, now).getTime()
    default:
      return bucket.getTime() > now.getTime() - rollingMs[window]
  }
}

/** From when on a bucket is no longer in the window; undefined for never. */
export function leavesWindowAt(window: Window, bucket: Date): Date | undefined {
  switch (window) {
    case 'lifetime':
      return undefined
    case 'month':
      return addMonths(bucket, 1)
    case 'week':
      return addDays(bucket, 7)
    case 'day':
      return addDays(bucket, 1)
    default:
      return new Date(bucket.getTime() + rollingMs[window])
  }
}
