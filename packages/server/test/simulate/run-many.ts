import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Violation } from './checkers/check.ts'
import { explain } from './explain.ts'
import type { SeedCounts } from './run-seed.ts'

/** What a worker says of a seed. */
export interface SeedReport {
  readonly seed: number
  readonly violations: readonly Violation[]
  readonly counts: SeedCounts
}

const names: Readonly<Record<keyof SeedCounts, string>> = {
  operations: 'operations',
  commits: 'commits',
  refusals: 'refusals',
  retries: 'retries',
  replays: 'asked again under an old key',
  lostMessages: 'lost messages',
  lostAnswers: 'of them answers',
  duplicates: 'doubled messages',
  unheardCommits: 'commits that nobody heard of',
  crashes: 'crashes',
  brokenConnections: 'broken connections',
  failovers: 'failovers',
  lockWaits: 'waits for a lock',
  deadlocks: 'deadlocks',
  shown: 'balances shown',
  jobs: 'jobs',
  rolledBackJobs: 'of them rolled back',
}

/** So many seeds see everything that can happen. */
const seedsThatSeeAll = 200
const explainedMax = 3
const sayEvery = 200

/** Spreads the seeds over the machine's cores. */
export async function runMany(from: number, seeds: number): Promise<number> {
  const began = performance.now()
  const sums = new Map<keyof SeedCounts, number>()
  const broken: SeedReport[] = []
  let done = 0
  const workers = Math.max(1, Math.min(availableParallelism(), seeds))
  await Promise.all(
    Array.from({ length: workers }, (_, index) =>
      runWorker({ from: from + index, to: from + seeds, step: workers }, (report) => {
        done += 1
        for (const [name, count] of Object.entries(report.counts) as [keyof SeedCounts, number][])
          sums.set(name, (sums.get(name) ?? 0) + count)
        if (report.violations.length > 0) broken.push(report)
        if (done % sayEvery === 0)
          console.log(
            `${done} of ${seeds} seeds, ${sums.get('operations')} operations, ${secondsSince(began)} s`,
          )
      }),
    ),
  )
  // One after the other, as it is read.
  for (const report of broken.toSorted((a, b) => a.seed - b.seed).slice(0, explainedMax))
    console.log((await explain(report)).join('\n'))
  const counts = Object.entries(names) as [keyof SeedCounts, string][]
  console.log(counts.map(([name, words]) => `${sums.get(name) ?? 0} ${words}`).join(', '))
  const unseen = counts.filter(([name]) => seeds >= seedsThatSeeAll && (sums.get(name) ?? 0) === 0)
  for (const [, words] of unseen)
    console.log(`Nothing was seen of: ${words}. The simulation is not what it was.`)
  const violations = broken.reduce((sum, report) => sum + report.violations.length, 0)
  console.log(`${secondsSince(began)} s on ${workers} cores`)
  console.log(`seeds=${seeds} operations=${sums.get('operations') ?? 0} violations=${violations}`)
  return violations + unseen.length === 0 ? 0 : 1
}

export interface Stint {
  readonly from: number
  readonly to: number
  readonly step: number
}

function runWorker(stint: Stint, hear: (report: SeedReport) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: stint })
    worker.on('message', hear)
    worker.on('error', reject)
    worker.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`))))
  })
}

function secondsSince(began: number): string {
  return ((performance.now() - began) / 1000).toFixed(1)
}
