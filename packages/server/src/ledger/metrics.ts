import type { Metrics } from '../observability/metrics.ts'
import type { LedgerObserver } from './observer.ts'

/** Counts what the ledger does: a few additions for each batch, however many operations are in it. */
export function observeWith(metrics: Metrics): LedgerObserver {
  return {
    committed(operations, outcomes, ms) {
      metrics.batchSize.observe(operations.length)
      metrics.batchSeconds.observe(ms / 1000)
      const counts = new Map<string, number>()
      for (const [index, { kind }] of operations.entries()) {
        const outcome = outcomes[index]
        const name = `${kind} ${outcome?.ok === false ? outcome.refusal.code : 'ok'}`
        counts.set(name, (counts.get(name) ?? 0) + 1)
      }
      for (const [name, count] of counts) {
        const [kind = '', outcome = ''] = name.split(' ')
        metrics.operations.inc({ kind, outcome }, count)
      }
    },
    overloaded: () => metrics.overloaded.inc(),
    verified({ wallets, differences }) {
      metrics.verifiedWallets.inc(Number(wallets))
      metrics.differences.inc(differences.length)
    },
    verifiedWhole: (at) => metrics.lastVerification.set(at.getTime() / 1000),
  }
}
