import { type Credits, total } from '../kernel/credits.ts'
import { addMonths, addMs, dayMs, startOfDay, startOfMonth, startOfWeek } from '../kernel/time.ts'
import type { Limit, LimitWindow } from './operations.ts'
import type { Hold, LimitBucket } from './wallet.ts'

/** What was counted under a name in one bucket of time. */
export interface LimitCount extends LimitBucket {
  readonly used: Credits
}

/** Of a rolling window. It looks back up to a 24th less than its length, and never more: nothing above the maximum falls into any window of that length. */
export const rollingBuckets = 24

const rollingLengthsMs = {
  rolling_hour: dayMs / 24,
  rolling_day: dayMs,
  rolling_week: 7 * dayMs,
  rolling_month: 30 * dayMs,
}

type RollingWindow = keyof typeof rollingLengthsMs

function isRolling(window: LimitWindow): window is RollingWindow {
  return window in rollingLengthsMs
}

/** How many of a counter's newest buckets can be in its window. */
export function bucketsIn(window: LimitWindow): number {
  return isRolling(window) ? rollingBuckets : 1
}

/** One name may be limited in several windows: each has a count of its own. */
export function countName({ name, window }: Pick<Limit, 'name' | 'window'>): string {
  return `${window} ${name}`
}

/** The bucket in which something that happens now is counted. */
export function bucketOf(limit: Limit, now: Date): LimitBucket {
  return { name: countName(limit), startsAt: bucketAt(limit.window, now) }
}

function bucketAt(window: LimitWindow, now: Date): Date {
  switch (window) {
    case 'lifetime':
      return new Date(0)
    case 'day':
      return startOfDay(now)
    case 'week':
      return startOfWeek(now)
    case 'month':
      return startOfMonth(now)
    default: {
      const lengthMs = rollingLengthsMs[window] / rollingBuckets
      return new Date(Math.floor(now.getTime() / lengthMs) * lengthMs)
    }
  }
}

/** What was counted in the limit's window. */
export function usedIn(limit: Limit, counts: readonly LimitCount[], now: Date): Credits {
  return total(countsIn(limit, counts, now).map((count) => count.used))
}

function countsIn(limit: Limit, counts: readonly LimitCount[], now: Date): LimitCount[] {
  const { window } = limit
  const name = countName(limit)
  const firstMs = isRolling(window)
    ? now.getTime() - rollingLengthsMs[window] + 1
    : bucketAt(window, now).getTime()
  return counts.filter((count) => count.name === name && count.startsAt.getTime() >= firstMs)
}

/** When the window of a limit that is used up next has room: for a rolling one, when its oldest bucket leaves it. Undefined for never, or when nothing was used. */
export function resetsAt(limit: Limit, counts: readonly LimitCount[], now: Date): Date | undefined {
  const { window } = limit
  switch (window) {
    case 'lifetime':
      return undefined
    case 'day':
      return addMs(startOfDay(now), dayMs)
    case 'week':
      return addMs(startOfWeek(now), 7 * dayMs)
    case 'month':
      return addMonths(startOfMonth(now), 1)
    default: {
      const starts = countsIn(limit, counts, now)
        .filter((count) => count.used > 0n)
        .map((count) => count.startsAt.getTime())
      return starts.length === 0 ? undefined : new Date(Math.min(...starts) + rollingLengthsMs[window])
    }
  }
}

/** A correction of a count. */
export interface LimitChange extends LimitBucket {
  readonly by: bigint
}

/** A hold counts with what it captured and what it still holds: what changes in its buckets from one state to the next. */
export function countChange(before: Hold, after: Hold): LimitChange[] {
  const by = countOf(after) - countOf(before)
  return by === 0n ? [] : before.limits.map(({ name, startsAt }) => ({ name, startsAt, by }))
}

function countOf(hold: Hold): bigint {
  return hold.captured + (hold.state === 'placed' ? hold.amount - hold.fromShares : 0n)
}
