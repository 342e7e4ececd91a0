/** Counts durations in buckets that grow by a fixed ratio, so that a million of them take a few kilobytes and can be sent between processes. */
export class Histogram {
  readonly counts: number[]

  /** @param counts of another one, as it was sent */
  constructor(counts: readonly number[] = []) {
    this.counts = Array.from({ length: bucketCount }, (_, bucket) => counts[bucket] ?? 0)
  }

  add(ms: number): void {
    const bucket = bucketOf(ms)
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1
  }

  /** The duration within which the given share of all durations lies, to within one percent; undefined when there are none. */
  percentile(share: number): number | undefined {
    const total = this.counts.reduce((sum, count) => sum + count, 0)
    let missing = Math.ceil(total * share)
    if (missing === 0) return undefined
    const bucket = this.counts.findIndex((count) => {
      missing -= count
      return missing <= 0
    })
    return smallestMs * ratio ** (bucket - 0.5)
  }
}

// From a microsecond to two minutes.
const smallestMs = 0.001
const ratio = 1.02
const bucketCount = 940

function bucketOf(ms: number): number {
  if (ms <= smallestMs) return 0
  return Math.min(Math.ceil(Math.log(ms / smallestMs) / Math.log(ratio)), bucketCount - 1)
}
