import { describe, expect, test } from 'vitest'
import { Histogram } from './histogram.ts'

function histogramOf(durations: readonly number[]): Histogram {
  const histogram = new Histogram()
  for (const ms of durations) histogram.add(ms)
  return histogram
}

describe('a histogram', () => {
  test('gives percentiles to within one percent', () => {
    const histogram = histogramOf(Array.from({ length: 1000 }, (_, index) => (index + 1) / 10))
    for (const [share, ms] of [
      [0.001, 0.1],
      [0.5, 50],
      [0.99, 99],
      [1, 100],
    ] as const) {
      const given = histogram.percentile(share)!
      expect(Math.abs(given / ms - 1)).toBeLessThanOrEqual(0.011)
    }
  })

  test('one slow call among a hundred is not the 99th percentile, two are', () => {
    const quick = Array.from({ length: 98 }, () => 1)
    expect(histogramOf([...quick, 1, 500]).percentile(0.99)).toBeCloseTo(1, 1)
    expect(histogramOf([...quick, 500, 500]).percentile(0.99)).toBeGreaterThan(490)
  })

  test('nothing counted has no percentiles', () => {
    expect(new Histogram().percentile(0.5)).toBeUndefined()
  })

  test('what is shorter or longer than all buckets is in the outermost ones', () => {
    const histogram = histogramOf([0, 1e9])
    expect(histogram.percentile(0.5)).toBeLessThanOrEqual(0.001)
    expect(histogram.percentile(1)).toBeGreaterThan(60_000)
  })

  test('is the same after it was sent as JSON', () => {
    const histogram = histogramOf([1, 2, 3])
    const received = new Histogram(JSON.parse(JSON.stringify(histogram.counts)) as number[])
    expect(received.percentile(0.5)).toBe(histogram.percentile(0.5))
  })
})
