/** Runs every so many-th seed, and says of each what came of it. */
import { parentPort, workerData } from 'node:worker_threads'
import type { SeedReport, Stint } from './run-many.ts'
import { runSeed } from './run-seed.ts'

const { from, to, step } = workerData as Stint
for (let seed = from; seed < to; seed += step) {
  // A worker has one core.
  const { violations, counts } = await runSeed(seed)
  const report: SeedReport = { seed, violations, counts }
  // A worker has one parent; only windows ask for an origin.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort?.postMessage(report)
}
