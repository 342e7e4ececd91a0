import { median } from './measure.ts'
import type { Cell, Group, WayId } from './plan.ts'
import type { Sample } from './way.ts'

/** A cell with what each round measured. */
export interface Measured {
  readonly group: Group['name']
  readonly cell: Cell
  readonly samples: readonly Sample[]
}

/** What one charge writes, in bytes. */
export interface Stored {
  readonly cell: Cell
  readonly operations: number
  readonly walBytes: number
  readonly diskBytes: number
}

export const quickFigures = [
  'spread_vs_single',
  'spread_vs_usual',
  'spread1024_vs_single',
  'hot_vs_single',
  'hot_vs_usual',
  'http_vs_noop',
] as const

export const allFigures = [...quickFigures, 'growth', 'cpu_us', 'wal_bytes', 'disk_bytes'] as const

export type FigureName = (typeof allFigures)[number]

/** Undefined where the cells were not measured. */
export type Figures = Readonly<Record<FigureName, number | undefined>>

export function figuresOf(measured: readonly Measured[], stored: readonly Stored[]): Figures {
  function find(group: Group['name'], way: WayId, callers: number): Measured | undefined {
    return measured.find(
      ({ group: name, cell }) =>
        name === group && cell.way === way && cell.callers === callers && cell.wallets === walletsIn(group),
    )
  }
  function ratio(group: Group['name'], way: WayId, other: WayId, callers = 256): number | undefined {
    return ratioOfRates(find(group, way, callers), find(group, other, callers))
  }
  const charge = stored.find(({ cell }) => cell.way === 'engine')
  return {
    spread_vs_single: ratio('spread', 'engine', 'single'),
    spread_vs_usual: ratio('spread', 'engine', 'usual'),
    spread1024_vs_single: ratio('spread', 'engine', 'single', 1024),
    hot_vs_single: ratio('hot', 'engine', 'single'),
    hot_vs_usual: ratio('hot', 'engine', 'usual'),
    http_vs_noop: ratio('http', 'http', 'noop'),
    growth: ratio('growth', 'grown', 'engine'),
    cpu_us: medianOf(find('spread', 'engine', 256), cpuPerOperation('postgres')),
    wal_bytes: charge && charge.walBytes / charge.operations,
    disk_bytes: charge && charge.diskBytes / charge.operations,
  }
}

function walletsIn(group: Group['name']): Cell['wallets'] {
  return group === 'hot' ? 'hot' : 'spread'
}

/** Round by round, for what slows the machine down in one round slows down both. */
function ratioOfRates(one: Measured | undefined, other: Measured | undefined): number | undefined {
  if (one === undefined || other === undefined) return undefined
  const ratios = one.samples.flatMap((sample, round) => {
    const beside = other.samples[round]
    return beside === undefined ? [] : [perSecond(sample) / perSecond(beside)]
  })
  return median(ratios)
}

export function perSecond({ operations, elapsedMs }: Sample): number {
  return (operations / elapsedMs) * 1000
}

export function cpuPerOperation(part: keyof Sample['cpu']): (sample: Sample) => number | undefined {
  return ({ cpu, operations }) => {
    const micros = cpu[part]
    return micros === undefined ? undefined : micros / operations
  }
}

/** The median over the rounds. */
export function medianOf(
  measured: Pick<Measured, 'samples'> | undefined,
  of: (sample: Sample) => number | undefined,
): number | undefined {
  return median(measured?.samples.flatMap((sample) => of(sample) ?? []) ?? [])
}

const decimals: Readonly<Record<FigureName, number>> = {
  spread_vs_single: 2,
  spread_vs_usual: 2,
  spread1024_vs_single: 2,
  hot_vs_single: 2,
  hot_vs_usual: 2,
  http_vs_noop: 2,
  growth: 2,
  cpu_us: 1,
  wal_bytes: 0,
  disk_bytes: 0,
}

/** The last line of a run: `spread_vs_single=… …`. */
export function lineOf(figures: Figures, names: readonly FigureName[]): string {
  return names.map((name) => `${name}=${figures[name]?.toFixed(decimals[name]) ?? 'n/a'}`).join(' ')
}
