import { addMonths, addMs, dayMs } from '../kernel/time.ts'

export interface Duration {
  readonly seconds?: number
  readonly minutes?: number
  readonly hours?: number
  readonly days?: number
  /** Calendar months: the same day of a later month, or the last day of one that is too short. */
  readonly months?: number
}

/** A clock that stands still until it is told. It shows the new time at once; the promise waits for the background work that comes due. */
export interface TestClock {
  now(): Date
  /** @throws RangeError when that is earlier than now: a ledger's time never goes back */
  set(instant: Date): Promise<void>
  /** @throws RangeError when that is earlier than now */
  advance(by: Duration): Promise<void>
}

export interface TestClockOptions {
  readonly start: Date
  /** Called after each change. */
  readonly onChange: () => Promise<void>
}

export function createTestClock({ start, onChange }: TestClockOptions): TestClock {
  let nowMs = checked(start, -Infinity)

  async function set(instant: Date): Promise<void> {
    nowMs = checked(instant, nowMs)
    await onChange()
  }

  return {
    now: () => new Date(nowMs),
    set,
    advance: ({ seconds = 0, minutes = 0, hours = 0, days = 0, months = 0 }) => {
      const ms = days * dayMs + ((hours * 60 + minutes) * 60 + seconds) * 1000
      return set(addMs(addMonths(new Date(nowMs), months), ms))
    },
  }
}

function checked(instant: Date, earliestMs: number): number {
  const ms = instant.getTime()
  if (Number.isNaN(ms)) throw new RangeError('The clock was given no valid date.')
  if (ms < earliestMs)
    throw new RangeError(
      `The clock stands at ${new Date(earliestMs).toISOString()} and cannot be set back to ${instant.toISOString()}: a ledger's time never goes back.`,
    )
  return ms
}
