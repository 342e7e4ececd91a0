import { UTCDate } from '@date-fns/utc'
import { add } from 'date-fns/add'

/** A length of time by the calendar: 3 and `Month` are a quarter. */
export interface Period {
  count: number
  interval: (typeof intervals)[number]
}

export const intervals = ['Day', 'Week', 'Month', 'Year'] as const

const units = { Day: 'days', Week: 'weeks', Month: 'months', Year: 'years' } as const

/**
 * So many periods after an instant, by the calendar in UTC. A month or year that has no such day ends on its last: one
 * month after 31 January is 28 February, and two months after it 31 March, for both count from the same instant.
 */
export function addPeriods(from: Date, times: number, { count, interval }: Period): Date {
  return new Date(add(new UTCDate(from), { [units[interval]]: count * times }).getTime())
}
