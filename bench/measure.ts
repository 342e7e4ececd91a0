import { Histogram } from './histogram.ts'

/** What is asked of a way of charging, for one measurement. */
export interface Load {
  /** How many call at once, each calling again as soon as it is answered. */
  readonly callers: number
  /** A thousand, or the one that all want. */
  readonly wallets: number
  readonly warmUpMs: number
  readonly measureMs: number
}

/** What was counted between the end of the warm-up and the end of the measurement. */
export interface Counted {
  readonly operations: number
  readonly elapsedMs: number
  readonly latencies: Histogram
  /** All operations, those of the warm-up and those that were still under way at the end included. */
  readonly operationsInAll: number
}

export interface Window {
  /** Called at the end of the warm-up, right before counting. */
  onBegan(): void
  /** Called right after counting, while the last operations are still under way. */
  onEnded(): void
}

/**
 * Runs a closed loop: each caller awaits its operation and begins the next.
 *
 * The callers look at the clock themselves after each operation. No timer is waited for, because an embedded database may keep the event loop
 * from ever coming to its timers.
 */
export async function closedLoop(
  load: Omit<Load, 'wallets'>,
  operation: (caller: number) => Promise<unknown>,
  window: Window,
): Promise<Counted> {
  const latencies = new Histogram()
  const warmAtMs = performance.now() + load.warmUpMs
  let state: 'warming up' | 'measuring' | 'over' = 'warming up'
  let beganMs = 0
  let elapsedMs = 0
  let operations = 0
  let operationsInAll = 0

  function count(ms: number, nowMs: number): void {
    operationsInAll += 1
    if (state === 'measuring') {
      operations += 1
      latencies.add(ms)
      if (nowMs - beganMs < load.measureMs) return
      elapsedMs = nowMs - beganMs
      state = 'over'
      window.onEnded()
    } else if (state === 'warming up' && nowMs >= warmAtMs) {
      window.onBegan()
      state = 'measuring'
      beganMs = performance.now()
    }
  }

  async function call(caller: number): Promise<void> {
    try {
      while (state !== 'over') {
        const calledMs = performance.now()
        await operation(caller)
        const nowMs = performance.now()
        count(nowMs - calledMs, nowMs)
      }
    } catch (error) {
      // The others must not call for ever on what has failed.
      state = 'over'
      throw error
    }
  }

  await Promise.all(Array.from({ length: load.callers }, (_, caller) => call(caller)))
  return { operations, elapsedMs, latencies, operationsInAll }
}

/** The middle one, or the mean of the two in the middle; undefined of none. */
export function median(numbers: readonly number[]): number | undefined {
  const sorted = numbers.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.ceil(sorted.length / 2) - 1]
  return upper === undefined || lower === undefined ? undefined : (lower + upper) / 2
}
