import { cpus, totalmem } from 'node:os'
import { shareOfOthers } from './cpu.ts'
import { cpuPerOperation, type Figures, type Measured, medianOf, perSecond, type Stored } from './figures.ts'
import { type Cell, wayNames } from './plan.ts'
import type { Sample } from './way.ts'

/** Everything about a run. */
export interface Report {
  readonly startedAt: string
  readonly machine: Readonly<Record<string, string | number>>
  readonly postgres: Readonly<Record<string, string>>
  readonly rounds: number
  readonly warmUpMs: number
  readonly measureMs: number
  readonly measured: readonly Measured[]
  readonly stored: readonly Stored[]
  readonly figures: Figures
}

export function describeMachine(): Report['machine'] {
  const [first] = cpus()
  return {
    platform: `${process.platform} ${process.arch}`,
    cpu: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 1024 ** 3),
    node: process.version,
  }
}

export function headerText({ machine, postgres }: Pick<Report, 'machine' | 'postgres'>): string {
  return `Machine:  ${listed(machine)}\nPostgres: ${listed(postgres)}`
}

function listed(facts: Readonly<Record<string, string | number>>): string {
  return Object.entries(facts)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}

export function tableText(measured: readonly Measured[]): string {
  const head = [
    'group',
    'way',
    'wallets',
    'keys',
    'callers',
    'per s',
    'p50 ms',
    'p99 ms',
    'pg µs',
    'node µs',
    'callers µs',
    'others',
  ]
  const rows = measured.map(({ group, cell, ...rounds }) => {
    const server = medianOf(rounds, cpuPerOperation('server'))
    const isServed = server !== undefined && server > 0
    return [
      group,
      wayNames[cell.way],
      cell.wallets,
      cell.keys,
      String(cell.callers),
      fixed(medianOf(rounds, perSecond), 0),
      fixed(
        medianOf(rounds, ({ latencies }) => latencies.percentile(0.5)),
        2,
      ),
      fixed(
        medianOf(rounds, ({ latencies }) => latencies.percentile(0.99)),
        2,
      ),
      cell.way === 'pglite' ? 'in node' : fixed(medianOf(rounds, cpuPerOperation('postgres')), 1),
      fixed(isServed ? server : medianOf(rounds, cpuPerOperation('here')), 1),
      isServed ? fixed(medianOf(rounds, cpuPerOperation('callers')), 1) : 'in node',
      percent(medianOf(rounds, othersOf)),
    ]
  })
  return aligned([head, ...rows], 4)
}

export function storedText(stored: readonly Stored[]): string {
  const head = ['way', 'keys', 'operations', 'WAL bytes', 'disk bytes']
  const rows = stored.map(({ cell, operations, walBytes, diskBytes }) => [
    wayNames[cell.way],
    cell.keys,
    String(operations),
    fixed(walBytes / operations, 0),
    fixed(diskBytes / operations, 0),
  ])
  return aligned([head, ...rows], 2)
}

/** Names to the left, numbers to the right. */
function aligned(rows: readonly (readonly string[])[], namesCount: number): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((text, column) =>
          column < namesCount ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function othersOf({ cpu, elapsedMs }: Sample): number | undefined {
  return shareOfOthers(cpu, elapsedMs)
}

function percent(share: number | undefined): string {
  return share === undefined ? '–' : `${Math.round(share * 100)} %`
}

function fixed(number: number | undefined, decimals: number): string {
  return number === undefined ? '–' : number.toFixed(decimals)
}

/** The same for programs: medians, and what each round measured. */
export function reportJson(report: Report): string {
  const measured = report.measured.map(({ group, cell, ...rounds }) => ({
    ...cellFacts(cell),
    group,
    perSecond: medianOf(rounds, perSecond),
    p50Ms: medianOf(rounds, ({ latencies }) => latencies.percentile(0.5)),
    p99Ms: medianOf(rounds, ({ latencies }) => latencies.percentile(0.99)),
    cpuMicrosPerOperation: {
      postgres: medianOf(rounds, cpuPerOperation('postgres')),
      here: medianOf(rounds, cpuPerOperation('here')),
      server: medianOf(rounds, cpuPerOperation('server')),
      callers: medianOf(rounds, cpuPerOperation('callers')),
    },
    shareOfOthers: medianOf(rounds, othersOf),
    perSecondByRound: rounds.samples.map(perSecond),
  }))
  const stored = report.stored.map(({ cell, ...bytes }) => ({ ...cellFacts(cell), ...bytes }))
  return `${JSON.stringify({ ...report, measured, stored }, undefined, 2)}\n`
}

function cellFacts(cell: Cell) {
  return { ...cell, name: wayNames[cell.way] }
}
