import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Random } from './random.ts'

interface Event {
  readonly atMs: number
  /** Who is first among those at the same time is chance, too. */
  readonly tie: number
  readonly run: () => void
  /** Whether promises may have been settled by it: what waits for them runs before the next event. */
  readonly wakes: boolean
}

/** Virtual time. Nothing happens but by an event, and one event after the other; in between, everybody who was woken runs until they wait again. */
export class Scheduler {
  readonly #random: Random
  readonly #heap: Event[] = []
  #failure: { readonly error: unknown } | undefined
  nowMs = 0
  eventCount = 0

  constructor(random: Random) {
    this.#random = random
  }

  after(delayMs: number, run: () => void): void {
    this.#push({ atMs: this.nowMs + delayMs, tie: this.#random.fraction(), run, wakes: true })
  }

  /** The same for what settles no promise. */
  quietlyAfter(delayMs: number, run: () => void): void {
    this.#push({ atMs: this.nowMs + delayMs, tie: this.#random.fraction(), run, wakes: false })
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, resolve)
    })
  }

  /** Ends the simulation: the harness itself is broken. */
  fail(error: unknown): void {
    this.#failure ??= { error }
  }

  /** Until it is so, or the time is over, or nothing happens any more. */
  async runUntil(isDone: () => boolean, untilMs = Number.POSITIVE_INFINITY): Promise<void> {
    await untilAllWait()
    while (!isDone()) {
      const [next] = this.#heap
      if (next === undefined || next.atMs > untilMs) return
      this.#pop()
      this.nowMs = next.atMs
      this.eventCount += 1
      next.run()
      // One event after the other is the point.
      if (next.wakes) await untilAllWait()
      if (this.#failure !== undefined) throw this.#failure.error
    }
  }

  #push(event: Event): void {
    const heap = this.#heap
    let place = heap.push(event) - 1
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = heap[above] as Event
      if (isBefore(parent, event)) break
      heap[place] = parent
      place = above
    }
    heap[place] = event
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let place = 0
    for (;;) {
      let below = place * 2 + 1
      if (below >= heap.length) break
      const right = heap[below + 1]
      if (right !== undefined && isBefore(right, heap[below] as Event)) below += 1
      const child = heap[below] as Event
      if (isBefore(last, child)) break
      heap[place] = child
      place = below
    }
    heap[place] = last
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.tie < b.tie)
}

/** Everybody who can go on has gone on, lanes too, which begin a turn of Node's loop after they were asked: a turn begins when no promise can go on. */
async function untilAllWait(): Promise<void> {
  await nextTurn()
  await nextTurn()
}
