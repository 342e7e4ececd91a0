import { describe, expect, test } from 'vitest'
import { closedLoop, median } from './measure.ts'

describe('a closed loop', () => {
  test('has each caller in one call at a time, and counts between warm-up and end only', async () => {
    const calling = new Set<number>()
    const marks: string[] = []
    let called = 0
    const load = { callers: 7, warmUpMs: 5, measureMs: 20 }
    const counted = await closedLoop(
      load,
      async (caller) => {
        expect(calling.has(caller)).toBe(false)
        calling.add(caller)
        called += 1
        await new Promise(setImmediate)
        calling.delete(caller)
      },
      { onBegan: () => marks.push('began'), onEnded: () => marks.push('ended') },
    )
    expect(marks).toEqual(['began', 'ended'])
    expect(counted.operationsInAll).toBe(called)
    expect(counted.operations).toBeLessThan(called)
    expect(counted.latencies.counts.reduce((sum, count) => sum + count, 0)).toBe(counted.operations)
    expect(counted.elapsedMs).toBeGreaterThanOrEqual(load.measureMs)
  })

  test('ends also when its operations never let a timer fire', async () => {
    const counted = await closedLoop({ callers: 2, warmUpMs: 1, measureMs: 1 }, () => Promise.resolve(), {
      onBegan() {},
      onEnded() {},
    })
    expect(counted.operations).toBeGreaterThan(0)
  })

  test('ends with the first failure', async () => {
    let calls = 0
    const failing = closedLoop(
      { callers: 3, warmUpMs: 0, measureMs: 60_000 },
      async () => {
        calls += 1
        await new Promise(setImmediate)
        if (calls > 10) throw new Error('the database is away')
      },
      { onBegan() {}, onEnded() {} },
    )
    await expect(failing).rejects.toThrow('the database is away')
  })
})

test.each([
  [[], undefined],
  [[3], 3],
  [[9, 1, 5], 5],
  [[10, 9, 1, 2], 5.5],
])('the median of %j is %j', (numbers, expected) => {
  expect(median(numbers)).toBe(expected)
})
