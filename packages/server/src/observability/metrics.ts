import { Counter, Gauge, Histogram, Registry } from 'prom-client'

export type Metrics = ReturnType<typeof createMetrics>

// A batch has one operation on an idle server, and 500 at most.
const batchSizes = [1, 2, 5, 10, 20, 50, 100, 200, 500]

// From a local disk's commit to a database that is far away or overloaded.
const seconds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5]

export interface MetricSources {
  /** How many operations of the ledger wait. */
  readonly waiting: () => number
  /** How many of the provider's messages wait to be processed, and how many for a person. */
  readonly openMessages: () => Promise<{ readonly received: number; readonly flagged: number }>
  /** How many payments wait for a person. */
  readonly waitingPayments: () => Promise<{ readonly unassigned: number; readonly flagged: number }>
  /** How the last comparison with the provider went, whichever process made it; undefined where there is no provider. */
  readonly reconciliation: () => Promise<LastReconciliation | undefined>
}

export interface LastReconciliation {
  /** When the last one ended that settled all it looked at; undefined before the first. */
  readonly succeededAt: Date | undefined
  /** Whether the last one that ended did not settle all. */
  readonly isCutOff: boolean
  /** What the last one that ended found, by kind. */
  readonly findings: ReadonlyMap<string, number>
}

/** The metrics of one engine, in a registry of its own: a process may have several engines. All begin with `tallystick_`. */
export function createMetrics(sources: MetricSources) {
  const registry = new Registry()
  const registers = [registry]
  // It asks when it is scraped, and is referred to by the registry alone.
  void new Gauge({
    name: 'tallystick_ledger_waiting_operations',
    help: 'Operations that wait for a batch.',
    registers,
    collect() {
      this.set(sources.waiting())
    },
  })
  const readStored = gaugesOfStored(registers, sources)
  return {
    operations: new Counter({
      name: 'tallystick_ledger_operations_total',
      help: 'Operations by kind and outcome: ok, or the code of the refusal. A replay of a key counts as what it answers.',
      labelNames: ['kind', 'outcome'],
      registers,
    }),
    batchSize: new Histogram({
      name: 'tallystick_ledger_batch_size',
      help: 'Operations that shared one commit.',
      buckets: batchSizes,
      registers,
    }),
    batchSeconds: new Histogram({
      name: 'tallystick_ledger_batch_seconds',
      help: 'Time from the lock to the commit of a batch.',
      buckets: seconds,
      registers,
    }),
    overloaded: new Counter({
      name: 'tallystick_ledger_overloaded_total',
      help: 'Operations refused because too many waited.',
      registers,
    }),
    verifiedWallets: new Counter({
      name: 'tallystick_ledger_verified_wallets_total',
      help: 'Wallets that the verification in the background recomputed.',
      registers,
    }),
    differences: new Counter({
      name: 'tallystick_ledger_differences_total',
      help: 'Differences between what is stored and what entries say. Anything above 0 needs somebody to look.',
      registers,
    }),
    lastVerification: new Gauge({
      name: 'tallystick_ledger_last_verification_timestamp_seconds',
      help: 'When the last verification of every wallet ended.',
      registers,
    }),
    /** In Prometheus's text format. */
    text: async () => {
      await readStored()
      return registry.metrics()
    },
  }
}

/** What is read from the database when it is asked for: so every server on it says the same. Answers what reads it. */
function gaugesOfStored(registers: Registry[], sources: MetricSources): () => Promise<void> {
  const messages = new Gauge({
    name: 'tallystick_inbox_messages',
    help: "The payment provider's messages that wait: received, to be processed; flagged, for a person to look at and replay.",
    labelNames: ['state'],
    registers,
  })
  const payments = new Gauge({
    name: 'tallystick_payments_waiting',
    help: 'Payments that wait for a person: unassigned, nobody knows whose they are; flagged, they are not what was ordered.',
    labelNames: ['standing'],
    registers,
  })
  const succeededAt = new Gauge({
    name: 'tallystick_reconciliation_last_success_timestamp_seconds',
    help: 'When the last reconciliation ended that settled all it looked at; 0 before the first.',
    registers,
  })
  const cutOff = new Gauge({
    name: 'tallystick_reconciliation_cut_off',
    help: 'Whether the last reconciliation that ended was cut off, or could not settle all.',
    registers,
  })
  const findings = new Gauge({
    name: 'tallystick_reconciliation_findings',
    help: 'What the last reconciliation that ended found, by kind; a thousand at most.',
    labelNames: ['kind'],
    registers,
  })

  function showReconciliation(last: LastReconciliation | undefined): void {
    findings.reset()
    if (last === undefined) {
      succeededAt.remove()
      cutOff.remove()
      return
    }
    succeededAt.set((last.succeededAt?.getTime() ?? 0) / 1000)
    cutOff.set(last.isCutOff ? 1 : 0)
    for (const [kind, count] of last.findings) findings.set({ kind }, count)
  }

  return async () => {
    // A database that is away must not hide what the others measure: what is not known is left out.
    const [open, waiting, last] = await Promise.all([
      sources.openMessages().catch(() => undefined),
      sources.waitingPayments().catch(() => undefined),
      sources.reconciliation().catch(() => undefined),
    ])
    messages.reset()
    for (const [state, count] of Object.entries(open ?? {})) messages.set({ state }, count)
    payments.reset()
    for (const [standing, count] of Object.entries(waiting ?? {})) payments.set({ standing }, count)
    showReconciliation(last)
  }
}

/** The media type of the text. */
export const metricsType = 'text/plain; version=0.0.4; charset=utf-8'
