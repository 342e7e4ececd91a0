import { expect, test } from 'vitest'
import { addPeriods, type Period } from './period.ts'

const day = (date: Date) => date.toISOString().slice(0, 16)

test.each<[string, number, Period, string]>([
  ['2026-01-31T10:00Z', 1, { count: 1, interval: 'Month' }, '2026-02-28T10:00'],
  ['2026-01-31T10:00Z', 2, { count: 1, interval: 'Month' }, '2026-03-31T10:00'],
  ['2026-01-31T10:00Z', 3, { count: 1, interval: 'Month' }, '2026-04-30T10:00'],
  ['2024-02-29T00:00Z', 1, { count: 1, interval: 'Year' }, '2025-02-28T00:00'],
  ['2024-02-29T00:00Z', 4, { count: 1, interval: 'Year' }, '2028-02-29T00:00'],
  ['2026-12-31T23:59Z', 2, { count: 3, interval: 'Month' }, '2027-06-30T23:59'],
  // Where clocks are put forward, a day in UTC stays a day.
  ['2026-03-28T02:30Z', 1, { count: 2, interval: 'Day' }, '2026-03-30T02:30'],
  ['2026-03-28T02:30Z', 2, { count: 1, interval: 'Week' }, '2026-04-11T02:30'],
  ['2026-03-28T02:30Z', 0, { count: 1, interval: 'Week' }, '2026-03-28T02:30'],
])('%s and %i periods are %o later %s', (from, times, period, expected) => {
  expect(day(addPeriods(new Date(from), times, period))).toBe(expected)
})
