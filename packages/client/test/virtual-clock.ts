import type { Surroundings } from '../src/index.ts'

/** Surroundings in which time passes only when a test lets it, and chance is the same in every run. */
export class VirtualClock implements Surroundings {
  #now = Date.parse('2026-11-22T12:00:00Z')
  #timers: { at: number; callback: () => void }[] = []
  #seed = 1

  now(): number {
    return this.#now
  }

  randomBytes(size: number): Uint8Array {
    return Uint8Array.from({ length: size }, () => {
      this.#seed = (this.#seed * 48_271) % 2_147_483_647
      return this.#seed & 255
    })
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  get pendingTimers(): number {
    return this.#timers.length
  }

  /** For what a test runs on this clock. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve))
  }

  /** Lets everything go on that waits for no timer. */
  async settle(): Promise<void> {
    // Reading a body takes a few turns of the event loop.
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  }

  /** Lets time pass, timer by timer. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms
    await this.settle()
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#now = next.at
      next.callback()
      await this.settle()
    }
    this.#now = until
  }

  /** Lets just as much time pass as the promise needs. */
  async until<T>(promise: Promise<T>): Promise<T> {
    const state = { pending: true }
    const settled = promise.finally(() => {
      state.pending = false
    })
    settled.catch(() => {})
    await this.settle()
    while (state.pending) {
      const next = this.#next(Number.POSITIVE_INFINITY)
      if (next === undefined) throw new Error('It waits for something other than time.')
      this.#now = next.at
      next.callback()
      await this.settle()
    }
    return settled
  }

  #next(until: number): { at: number; callback: () => void } | undefined {
    const [first] = this.#timers.toSorted((a, b) => a.at - b.at)
    if (first === undefined || first.at > until) return undefined
    this.#timers = this.#timers.filter((other) => other !== first)
    return first
  }
}
