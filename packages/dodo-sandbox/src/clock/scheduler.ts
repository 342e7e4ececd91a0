import type { SandboxLog } from '../kernel/options.ts'
import type { Store, Transaction } from '../store/store.ts'
import type { SandboxClock } from './sandbox-clock.ts'

/** What a resource does at its time: a renewal, an expiry. */
export interface ScheduledWork {
  /** When what falls due first falls due, in ISO 8601; `undefined` when nothing waits. */
  nextDueAt(tx: Transaction): string | undefined
  /** Does the one thing that falls due first, so that it is due no more. `tx.now` is the instant it fell due. */
  runDue(tx: Transaction): void
}

/** What is sent at its time, and takes time itself: webhooks. */
export interface Deliveries {
  wake(): void
  settle(): Promise<void>
  nextDueAt(): string | undefined
}

export interface SchedulerInput {
  store: Store
  clock: SandboxClock
  log: SandboxLog
  /** Of what falls due at one instant, the work that stands first in this list is done first. */
  works: readonly ScheduledWork[]
  deliveries: Deliveries
}

// setTimeout takes no longer wait; waking early only finds nothing due.
const timerMaxMs = 2_147_483_647

// More than any test schedules for one millisecond; beyond it a work is taken to be due again for ever.
const stepsAtOneInstantMax = 100_000

/** Runs scheduled works in the order of their instants, and moves the clock. */
export class Scheduler {
  readonly #input: SchedulerInput
  #timer: ReturnType<typeof setTimeout> | undefined
  #moving: Promise<void> = Promise.resolve()
  #closed = false

  constructor(input: SchedulerInput) {
    this.#input = input
  }

  /** Runs all that is due by the clock, each at the instant it fell due, in that order. */
  runDue(): void {
    const { store, clock, deliveries } = this.#input
    let ranAt: string | undefined
    let steps = 0
    for (;;) {
      const first = this.#firstDue()
      if (!first || first.at > clock.now().toISOString()) break
      steps = first.at === ranAt ? steps + 1 : 0
      if (steps > stepsAtOneInstantMax) throw new Error(`scheduled work of ${first.at} does not end`)
      clock.at(new Date(first.at), () => store.transaction((tx) => first.work.runDue(tx)))
      ranAt = first.at
    }
    if (ranAt !== undefined) deliveries.wake()
  }

  /** Sets the alarm for what falls due next. Call it when something was scheduled. */
  wake(): void {
    clearTimeout(this.#timer)
    if (this.#closed) return
    const next = this.nextDueAt()
    if (next === undefined) return
    const waitMs = new Date(next).getTime() - this.#input.clock.now().getTime()
    this.#timer = setTimeout(() => this.#alarm(), Math.min(Math.max(waitMs, 0), timerMaxMs))
  }

  /** When the next work falls due; webhooks that wait for another attempt do not count. */
  nextDueAt(): string | undefined {
    return this.#firstDue()?.at
  }

  /**
   * Moves the clock to an instant; an earlier one leaves it where it is. All that falls due on the way is done at its
   * instant, and the webhooks due then have been sent, before anything later is. Moves wait for each other.
   */
  advanceTo(target: Date): Promise<void> {
    return this.#inTurn(() => target)
  }

  /** Moves the clock forward by so much, from where it is when its turn comes. */
  advance(ms: number): Promise<void> {
    return this.#inTurn(() => new Date(this.#input.clock.now().getTime() + ms))
  }

  /** Stops; a move under way ends at the next instant it stands at. */
  close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    return this.#moving
  }

  #inTurn(targetOf: () => Date): Promise<void> {
    const moved = this.#moving.then(() => (this.#closed ? undefined : this.#move(targetOf())))
    this.#moving = moved.catch(() => undefined)
    return moved
  }

  async #move(target: Date): Promise<void> {
    const { store, clock, deliveries } = this.#input
    clock.standAt(store, clock.now())
    try {
      while (!this.#closed) {
        this.runDue()
        await deliveries.settle()
        const next = earliest(this.nextDueAt(), deliveries.nextDueAt())
        if (next === undefined || next > target.toISOString()) break
        // Something that an answered webhook led to may be due at once, which is no way back.
        clock.standAt(store, later(clock.now(), new Date(next)))
      }
      if (!this.#closed) clock.standAt(store, later(clock.now(), target))
    } finally {
      clock.goOn(store)
    }
    deliveries.wake()
    this.wake()
  }

  #alarm(): void {
    try {
      this.runDue()
      this.wake()
    } catch (error) {
      // A fault of this program or of its disk. It is tried again with the next request, not in a tight loop.
      this.#input.log.error({ error: String(error) }, 'scheduled work failed')
    }
  }

  #firstDue(): { work: ScheduledWork; at: string } | undefined {
    return this.#input.store.transaction((tx) => {
      let first: { work: ScheduledWork; at: string } | undefined
      for (const work of this.#input.works) {
        const at = work.nextDueAt(tx)
        if (at !== undefined && (!first || at < first.at)) first = { work, at }
      }
      return first
    })
  }
}

function earliest(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return one < other ? one : other
}

function later(one: Date, other: Date): Date {
  return one < other ? other : one
}
