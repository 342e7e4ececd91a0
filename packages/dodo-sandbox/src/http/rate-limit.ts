import type { MiddlewareHandler } from 'hono'
import type { RateLimit } from '../kernel/options.ts'
import { Refusal } from '../kernel/refusal.ts'

/** What Dodo documents for a new account, requests with a key: 40 a second and 240 a minute. */
const documentedLimit: RateLimit = { perSecond: 40, perMinute: 240 }

export interface LimitRate {
  now: () => Date
  /** Left out, the headers count against what Dodo documents, and nothing is refused. */
  limit: RateLimit | undefined
}

/** Counts requests in windows of a second and of a minute, says so in Dodo's headers, and refuses what is too much. */
export function limitRate({ now, limit }: LimitRate): MiddlewareHandler {
  const enforced = limit !== undefined
  const { perSecond, perMinute } = limit ?? documentedLimit
  const second = new Window(1_000)
  const minute = new Window(60_000)
  return async (context, next) => {
    const at = now().getTime()
    const refused = enforced && (second.countAt(at) >= perSecond || minute.countAt(at) >= perMinute)
    if (!refused) {
      second.add(at)
      minute.add(at)
    }
    const left = perMinute - minute.countAt(at)
    context.header('x-ratelimit-limit', String(perMinute))
    // Not enforced, it never says that nothing is left: a client that heeds it would wait for no reason.
    context.header('x-ratelimit-remaining', String(Math.max(left, enforced ? 0 : 1)))
    context.header('x-ratelimit-reset', String(Math.ceil(minute.endsAt(at) / 1000)))
    if (refused)
      throw new Refusal(
        429,
        'TOO_MANY_REQUESTS',
        `Too many requests: ${perSecond} a second and ${perMinute} a minute are allowed.`,
      )
    await next()
  }
}

/** Counts in windows that follow one another; the last one alone is kept. */
class Window {
  readonly #lengthMs: number
  #number = -1
  #count = 0

  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs
  }

  countAt(at: number): number {
    return this.#numberAt(at) === this.#number ? this.#count : 0
  }

  add(at: number): void {
    const before = this.countAt(at)
    this.#number = this.#numberAt(at)
    this.#count = before + 1
  }

  endsAt(at: number): number {
    return (this.#numberAt(at) + 1) * this.#lengthMs
  }

  #numberAt(at: number): number {
    return Math.floor(at / this.#lengthMs)
  }
}
