/** The clock, the randomness and the timers that the client runs on; tests pass their own. */
export interface Surroundings {
  /** Milliseconds since 1970. */
  now(): number
  randomBytes(size: number): Uint8Array
  /**
   * Calls back once, after that many milliseconds; what it answers calls it off. A timer in the background does not
   * keep the process alive.
   */
  after(delayMs: number, callback: () => void, options?: { background?: boolean }): () => void
}

export const realSurroundings: Surroundings = {
  now: () => Date.now(),
  randomBytes: (size) => crypto.getRandomValues(new Uint8Array(size)),
  after(delayMs, callback, options) {
    const timer = setTimeout(callback, delayMs)
    // Browsers and edge runtimes answer a number, which has no unref.
    if (options?.background === true && typeof timer === 'object') timer.unref()
    return () => clearTimeout(timer)
  },
}

/** Resolves after the delay, or rejects with the signal's reason as soon as it aborts. */
export function wait(surroundings: Surroundings, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      callOff()
      reject(signal?.reason)
    }
    const callOff = surroundings.after(delayMs, () => {
      signal?.removeEventListener('abort', abort)
      resolve()
    })
    if (signal?.aborted === true) abort()
    else signal?.addEventListener('abort', abort, { once: true })
  })
}

/**
 * What the work comes to, or the signal's reason as soon as it aborts, even if the work takes no notice of the signal.
 * The work is not begun when the signal has aborted already.
 */
export function unlessAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason)
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort))
  })
}

/** Waits for what never rejects, but no longer than that; it goes on by itself afterwards. */
export function briefly(surroundings: Surroundings, work: Promise<void>, longestMs: number): Promise<void> {
  return new Promise((resolve) => {
    const callOff = surroundings.after(longestMs, resolve, { background: true })
    void work.finally(() => {
      callOff()
      resolve()
    })
  })
}
