import { mustBe } from './invalid-request.ts'

/** A whole number from the one to the other, both included. */
export interface Bounds {
  readonly min: number
  readonly max: number
}

export const notWhole = 'must be a whole number.'

export function below(min: number): string {
  return `must be at least ${min}.`
}

export function above(max: number): string {
  return `must be at most ${max}.`
}

/** What is wrong with what should be such a number; undefined for nothing. */
export function issueOfNumber(value: unknown, { min, max }: Bounds): string | undefined {
  if (typeof value !== 'number') return mustBe('number', value)
  if (!Number.isSafeInteger(value)) return notWhole
  if (value < min) return below(min)
  return value > max ? above(max) : undefined
}
