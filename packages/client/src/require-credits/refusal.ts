import type { InsufficientCreditsError } from '../api/errors.ts'

export const remainingHeader = 'x-credits-remaining'
export const problemType = 'application/problem+json'

/** The server's facts, as they came, with the sentence for the end user in `message`. */
export function refusalBody(error: InsufficientCreditsError): string {
  return JSON.stringify(error.problem)
}
