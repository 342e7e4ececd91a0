/** Which answers are worth asking again, and when. */

const firstDelayMs = 100
// Beyond two seconds a longer pause spares an ailing server little and costs the waiting user much.
const longestDelayMs = 2_000

/** 408, 429 and the gateway errors pass by themselves; every other refusal would be given again. */
const retryableStatuses = new Set([408, 429, 500, 502, 503, 504])

/** Refusals with a retryable status that only somebody at the server's configuration can lift. */
const lastingCodes = new Set(['provider_not_configured'])

export function isRetryable(status: number, code: string): boolean {
  return retryableStatuses.has(status) && !lastingCodes.has(code)
}

/**
 * How long to wait before the next attempt: exponential, with half of it left to chance so that clients which failed
 * together do not come back together, and never less than the server asked for.
 */
export function delayBeforeRetry(input: {
  attempts: number
  /** Between 0 and 1. */
  chance: number
  retryAfterMs: number | null
}): number {
  const exponential = Math.min(longestDelayMs, firstDelayMs * 2 ** (input.attempts - 1))
  const jittered = Math.round(exponential / 2 + (exponential / 2) * input.chance)
  return input.retryAfterMs === null ? jittered : input.retryAfterMs + Math.round(firstDelayMs * input.chance)
}

/** Reads a `retry-after` header: seconds, or a date. */
export function retryAfterMs(header: string | null, now: number): number | null {
  if (header === null) return null
  const text = header.trim()
  if (/^\d+$/.test(text)) return Number(text) * 1000
  const date = Date.parse(text)
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}
