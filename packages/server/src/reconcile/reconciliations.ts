import type { Database } from '../database/database.ts'
import type { Repeated } from '../jobs/jobs.ts'
import { addMs } from '../kernel/time.ts'
import type { LastReconciliation } from '../observability/metrics.ts'
import { providerNotConfigured } from '../providers/errors.ts'
import type { PaymentProvider } from '../providers/provider.ts'
import * as queries from './queries.ts'
import { type ReconcileParts, type ReconcileRequest, reconcile } from './reconcile.ts'
import { findingKinds, type Reconciliation } from './reconciliation.ts'

export interface Reconciliations {
  /**
   * One walk, to its end.
   *
   * @throws providerNotConfigured
   */
  run(request: ReconcileRequest): Promise<Reconciliation>
  /** The last ones, newest first. */
  list(limit: number): Promise<readonly Reconciliation[]>
}

export interface ReconciliationsOptions extends Omit<ReconcileParts, 'provider'> {
  /** Undefined where nothing can be bought. */
  readonly provider: PaymentProvider | undefined
}

export function createReconciliations(options: ReconciliationsOptions): Reconciliations {
  const { database, provider } = options
  return {
    async run(request) {
      if (provider === undefined) throw providerNotConfigured({})
      return reconcile({ ...options, provider, context: () => options.context() }, request)
    },
    async list(limit) {
      if (provider === undefined) return []
      const walked = { provider: provider.name, mode: provider.mode }
      return database.transaction((tx) => queries.listReconciliations(tx, walked, limit))
    },
  }
}

/** For whoever watches it. */
export function lastReconciliation(database: Database, walked: queries.Walked): Promise<LastReconciliation> {
  return database.transaction(async (tx) => {
    const last = await queries.findLastEnded(tx, walked)
    const found = last?.findings ?? []
    return {
      succeededAt: await queries.findLastSuccess(tx, walked),
      isCutOff: last?.error !== undefined,
      findings: new Map(
        findingKinds.map((kind) => [kind, found.filter((finding) => finding.kind === kind).length]),
      ),
    }
  })
}

// Looked at more often than it is due, so that a server that comes back after a while is not late by much.
const looksEveryMs = 15_000

/** Walks by itself every so many minutes, on one server at a time. */
export function reconciling(
  { database, provider }: Pick<ReconcileParts, 'database' | 'provider'>,
  { run }: Pick<Reconciliations, 'run'>,
  everyMinutes: number,
): Repeated {
  const walked = { provider: provider.name, mode: provider.mode }
  const everyMs = everyMinutes * 60_000
  return {
    name: 'reconciliation',
    everyMs: Math.min(looksEveryMs, everyMs),
    async run(signal) {
      const isOurs = await database.transaction((tx) =>
        queries.claimWalk(tx, walked, { lastBefore: addMs(tx.now, -everyMs) }),
      )
      if (isOurs) await run({ signal })
    },
  }
}
