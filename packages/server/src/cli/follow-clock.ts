import { z } from 'zod'
import { addMs } from '../kernel/time.ts'
import type { Log } from '../observability/logger.ts'

export interface FollowedClock {
  now(): Date
  stop(): void
}

const clockSchema = z.object({ offset_ms: z.int().min(0) })

// A person who moves the clock looks at the app a moment later.
const everyMs = 250

/**
 * The machine's time, moved forward as the local Dodo's clock is: in development, so that what expires, lapses and renews does so on both sides and a
 * year runs in seconds. Its clock never goes back, and neither does this one; while it does not answer, what it said last holds.
 */
export async function followClock(dodoUrl: string, log: Log): Promise<FollowedClock> {
  let offsetMs = 0
  let asking: Promise<void> | undefined

  async function ask(): Promise<void> {
    try {
      const response = await fetch(new URL('/_sandbox/clock', dodoUrl), { signal: AbortSignal.timeout(2000) })
      const said = clockSchema.safeParse(await response.json())
      if (!said.success || said.data.offset_ms <= offsetMs) return
      offsetMs = said.data.offset_ms
      log.info({ now: addMs(new Date(), offsetMs).toISOString() }, "the local Dodo's clock was moved forward")
    } catch {
      // It is not there yet, or not any more.
    }
  }

  await ask()
  const timer = setInterval(() => {
    asking ??= ask().finally(() => {
      asking = undefined
    })
  }, everyMs)
  timer.unref()
  return { now: () => addMs(new Date(), offsetMs), stop: () => clearInterval(timer) }
}
