import type { Experiment, ExperimentReport } from '../../shared/api.ts'
import type { DevParts, Parts } from '../parts.ts'
import type { Visitor } from '../visitors/visitor.ts'
import { failModel } from './fail-model.ts'
import { fireCalls } from './fire-calls.ts'
import { forgeWebhook } from './forge-webhook.ts'
import { killServer } from './kill-server.ts'
import { replayWebhook } from './replay-webhook.ts'

export type BreakParts = Omit<Parts, 'dev'> & { dev: DevParts }

/** What an experiment found, before the ledger was added up. */
export type Finding = Omit<ExperimentReport, 'experiment' | 'verification'>

const run: Record<Experiment, (parts: BreakParts, visitor: Visitor) => Promise<Finding>> = {
  fire: fireCalls,
  replay: replayWebhook,
  forge: forgeWebhook,
  fail: failModel,
  kill: killServer,
}

/** Tries to break something, and has the server add up every entry afterwards. */
export async function runExperiment(
  parts: BreakParts,
  visitor: Visitor,
  experiment: Experiment,
): Promise<ExperimentReport> {
  const finding = await run[experiment](parts, visitor)
  const verified = await parts.credits.verify()
  visitor.tell({ type: 'balance' })
  return {
    experiment,
    ...finding,
    verification: { entries: verified.entries, differences: verified.differences.length },
  }
}
