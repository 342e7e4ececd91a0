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
  void new Gauge({
    name: 'tallystick_inbox_messages',
    help: "The payment provider's messages that wait: received, to be processed; flagged, for a person to look at and replay.",
    labelNames: ['state'],
    registers,
    async collect() {
      // A database that is away must not hide what the others measure.
      const open = await sources.openMessages().catch(() => undefined)
      if (open === undefined) return this.reset()
      this.set({ state: 'received' }, open.received)
      this.set({ state: 'flagged' }, open.flagged)
    },
  })
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
    text: () => registry.metrics(),
  }
}

/** The media type of the text. */
export const metricsType = 'text/plain; version=0.0.4; charset=utf-8'
