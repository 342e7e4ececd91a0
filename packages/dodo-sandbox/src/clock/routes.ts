import { Hono } from 'hono'
import { z } from 'zod'
import { parseBody } from '../http/parse.ts'
import { invalidBody } from '../kernel/refusal.ts'
import type { SandboxClock } from './sandbox-clock.ts'
import type { Scheduler } from './scheduler.ts'

// A century: more is a slip, and would run every renewal of it.
const advanceSecondsMax = 3_155_760_000

const moveSchema = z.union(
  [
    z.strictObject({ advance_seconds: z.number().int().min(0).max(advanceSecondsMax) }),
    z.strictObject({ to: z.iso.datetime({ offset: true }) }),
  ],
  'give advance_seconds, a whole number of seconds of at most a century, or to, an instant in ISO 8601',
)

export interface ClockRoutes {
  clock: SandboxClock
  scheduler: Scheduler
}

/** Reading and moving the clock; moving answers when all that fell due on the way is done and its webhooks are sent. */
export function clockRoutes({ clock, scheduler }: ClockRoutes): Hono {
  const routes = new Hono()
  routes.get('/_sandbox/clock', (context) => context.json(shown()))
  routes.post('/_sandbox/clock', async (context) => {
    const move = await parseBody(context, moveSchema)
    if ('advance_seconds' in move) {
      await scheduler.advance(move.advance_seconds * 1000)
    } else {
      const target = new Date(move.to)
      const { now } = clock
      if (target < now())
        throw invalidBody(`to: the clock is at ${now().toISOString()} and cannot be moved back`)
      if (target.getTime() - now().getTime() > advanceSecondsMax * 1000)
        throw invalidBody('to: is more than a century ahead')
      await scheduler.advanceTo(target)
    }
    return context.json(shown())
  })
  return routes

  function shown() {
    return {
      now: clock.now().toISOString(),
      offset_ms: clock.offsetMs,
      next_due_at: scheduler.nextDueAt() ?? null,
    }
  }
}
