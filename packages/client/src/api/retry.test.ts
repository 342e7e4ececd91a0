import { describe, expect, test } from 'vitest'
import { newIdempotencyKey } from './idempotency-key.ts'
import { delayBeforeRetry, isRetryable, retryAfterMs } from './retry.ts'

function pauses(chance: number): number[] {
  return [1, 2, 3, 4, 5, 6, 20].map((attempts) => delayBeforeRetry({ attempts, chance, retryAfterMs: null }))
}

describe('retry', () => {
  test('only what passes by itself is asked again', () => {
    const retried = [400, 401, 402, 403, 404, 408, 409, 422, 429, 500, 501, 502, 503, 504].filter((status) =>
      isRetryable(status, 'x'),
    )
    expect(retried).toEqual([408, 429, 500, 502, 503, 504])
  })

  test('a provider that nobody configured is not waited for', () => {
    expect(isRetryable(503, 'provider_not_configured')).toBe(false)
  })

  test('the pauses grow, stay within their bounds, and leave half to chance', () => {
    expect(pauses(0)).toEqual([50, 100, 200, 400, 800, 1000, 1000])
    expect(pauses(1)).toEqual([100, 200, 400, 800, 1600, 2000, 2000])
  })

  test('the server is never asked before the time it named', () => {
    expect(delayBeforeRetry({ attempts: 1, chance: 0, retryAfterMs: 3000 })).toBe(3000)
    expect(delayBeforeRetry({ attempts: 1, chance: 1, retryAfterMs: 3000 })).toBe(3100)
  })

  test('retry-after is read as seconds and as a date', () => {
    const now = Date.parse('2026-11-22T12:00:00Z')
    expect(retryAfterMs('7', now)).toBe(7000)
    expect(retryAfterMs('Sun, 22 Nov 2026 12:00:09 GMT', now)).toBe(9000)
    expect(retryAfterMs('Sun, 22 Nov 2026 11:00:00 GMT', now)).toBe(0)
    expect(retryAfterMs('soon', now)).toBe(null)
    expect(retryAfterMs(null, now)).toBe(null)
  })

  test('a key is a UUIDv7 of its moment', () => {
    const now = Date.parse('2026-11-22T12:00:00Z')
    const key = newIdempotencyKey({ now: () => now, randomBytes: (size) => new Uint8Array(size).fill(0xff) })
    expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7fff-bfff-ffffffffffff$/)
    expect(Number.parseInt(key.slice(0, 13).replace('-', ''), 16)).toBe(now)
    expect(newIdempotencyKey({ now: () => now, randomBytes: (size) => new Uint8Array(size) })).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-7000-8000-000000000000$/,
    )
  })
})
