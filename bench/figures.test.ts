import { describe, expect, test } from 'vitest'
import { allFigures, figuresOf, lineOf, type Measured, quickFigures } from './figures.ts'
import { Histogram } from './histogram.ts'
import type { Cell } from './plan.ts'

const spread256: Omit<Cell, 'way'> = { wallets: 'spread', callers: 256, keys: 'v7' }

function measured(group: Measured['group'], cell: Cell, operationsByRound: readonly number[]): Measured {
  const samples = operationsByRound.map((operations) => ({
    operations,
    operationsInAll: operations,
    elapsedMs: 1000,
    latencies: new Histogram(),
    cpu: { postgres: operations * 20, here: 0, server: 0, callers: 0, machine: 0 },
  }))
  return { group, cell, samples }
}

describe('the figures', () => {
  test('are ratios within a round, so that a slow round changes nothing', () => {
    const figures = figuresOf(
      [
        measured('spread', { ...spread256, way: 'engine' }, [300, 30, 330]),
        measured('spread', { ...spread256, way: 'single' }, [100, 10, 100]),
        measured('spread', { ...spread256, way: 'usual' }, [50, 5, 50]),
      ],
      [],
    )
    expect(figures).toMatchObject({ spread_vs_single: 3, spread_vs_usual: 6, cpu_us: 20 })
  })

  test('take each cell from its own group, number of callers and wallets', () => {
    const engine = { ...spread256, way: 'engine' } as const
    const figures = figuresOf(
      [
        measured('spread', engine, [100]),
        measured('spread', { ...engine, callers: 1024 }, [500]),
        measured('spread', { ...spread256, way: 'single', callers: 1024 }, [100]),
        measured('hot', { ...engine, wallets: 'hot' }, [800]),
        measured('hot', { ...engine, way: 'single', wallets: 'hot' }, [20]),
        measured('growth', engine, [200]),
        measured('growth', { ...engine, way: 'grown' }, [180]),
      ],
      [],
    )
    expect(figures).toMatchObject({ spread1024_vs_single: 5, hot_vs_single: 40, growth: 0.9 })
  })

  test('bytes are those of a charge', () => {
    const stored = { operations: 1000, walBytes: 600_000, diskBytes: 250_000 }
    const figures = figuresOf([], [{ cell: { ...spread256, way: 'engine' }, ...stored }])
    expect(figures).toMatchObject({ wal_bytes: 600, disk_bytes: 250 })
  })
})

describe('the last line', () => {
  test('has a quick run’s six figures in their order', () => {
    const figures = figuresOf([measured('spread', { ...spread256, way: 'engine' }, [100])], [])
    expect(lineOf({ ...figures, spread_vs_single: 3.456 }, quickFigures)).toBe(
      'spread_vs_single=3.46 spread_vs_usual=n/a spread1024_vs_single=n/a hot_vs_single=n/a hot_vs_usual=n/a http_vs_noop=n/a',
    )
  })

  test('has all ten in a whole run', () => {
    const figures = {
      ...figuresOf([], []),
      growth: 0.812,
      cpu_us: 20.04,
      wal_bytes: 512.4,
      disk_bytes: 240.6,
    }
    expect(lineOf(figures, allFigures)).toMatch(/ growth=0\.81 cpu_us=20\.0 wal_bytes=512 disk_bytes=241$/)
  })
})
