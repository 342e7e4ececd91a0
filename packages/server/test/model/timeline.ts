/** What the database's clock shows, step by step: the same for all histories that are played together, so that they share transactions. */
import * as fc from 'fast-check'
import { addMonths, bucketStart, leavesWindowAt } from './naive-calendar.ts'
import type { Window } from './naive-types.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** Few and round, so that instants meet. */
export const duration: fc.Arbitrary<number> = fc.constantFrom(
  second,
  minute,
  minute,
  hour,
  hour,
  hour,
  2 * hour,
  day,
  day,
  30 * day,
)

export const windows: readonly Window[] = [
  'day',
  'week',
  'month',
  'lifetime',
  'rolling_hour',
  'rolling_day',
  'rolling_week',
  'rolling_month',
]

/** How the clock goes on: by some time, or to when what counted some steps ago leaves its window, or just before. */
type Tick =
  | { readonly ms: number }
  | { readonly months: number }
  | { readonly window: Window; readonly stepsAgo: number; readonly ms: number }

const tick: fc.Arbitrary<Tick> = fc.oneof(
  { weight: 20, arbitrary: fc.constant({ ms: 0 }) },
  { weight: 9, arbitrary: duration.map((ms) => ({ ms })) },
  {
    weight: 5,
    arbitrary: fc.record({
      window: fc.constantFrom(...windows),
      stepsAgo: fc.nat(5),
      ms: fc.constantFrom(0, 0, -1),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom(1, 2).map((months) => ({ months })) },
  { weight: 1, arbitrary: fc.constantFrom(-1, -second, -hour, -day).map((ms) => ({ ms })) },
)

/** On the eve of the end of a day, a week, a month, a year, a February. */
const startsAt = fc
  .constantFrom(
    '2026-01-30T22:00:00.000Z',
    '2028-02-28T23:30:00.500Z',
    '2026-12-31T23:59:59.999Z',
    '2026-03-08T12:00:00.000Z',
  )
  .map((text) => new Date(text))

export function timeline(steps: number): fc.Arbitrary<readonly Date[]> {
  const ticks = fc.array(tick, { minLength: steps - 1, maxLength: steps - 1, size: 'max' })
  return fc.tuple(startsAt, ticks).map(([start, all]) => {
    const clocks = [start]
    for (const each of all) clocks.push(clockAfter(each, clocks))
    return clocks
  })
}

function clockAfter(tick: Tick, clocks: readonly Date[]): Date {
  const clock = clocks.at(-1)!
  if ('months' in tick) return addMonths(clock, tick.months)
  if (!('window' in tick)) return after(clock, tick.ms)
  const counted = clocks.at(-1 - tick.stepsAgo) ?? clock
  const leaves = leavesWindowAt(tick.window, bucketStart(tick.window, counted))
  return leaves === undefined || leaves <= clock ? after(clock, minute) : after(leaves, tick.ms)
}

/** So long from now, or until the clock of a later step, or just before or after it. */
export type Span = { readonly ms: number } | { readonly steps: number; readonly ms: number }

export const span: fc.Arbitrary<Span> = fc.oneof(
  { withCrossShrink: true },
  duration.map((ms) => ({ ms })),
  fc.record({ steps: fc.integer({ min: 1, max: 10 }), ms: fc.constantFrom(0, 0, 0, -1, 1) }),
)

/** Where a history is on its timeline. */
export interface Place {
  readonly clocks: readonly Date[]
  readonly step: number
}

export function endOf(span: Span, now: Date, { clocks, step }: Place): Date {
  if (!('steps' in span)) return after(now, span.ms)
  return after(clocks[Math.min(step + span.steps, clocks.length - 1)] ?? now, span.ms)
}

export function after(at: Date, ms: number): Date {
  return new Date(at.getTime() + ms)
}
