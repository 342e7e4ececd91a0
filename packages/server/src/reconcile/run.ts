import type { Database, Transaction } from '../database/database.ts'
import type { NewId } from '../kernel/ids.ts'
import { Fault } from '../kernel/refusal.ts'
import type { Log } from '../observability/logger.ts'
import type { Payment } from '../payments/payment.ts'
import { findPayment } from '../payments/queries.ts'
import { settleEvent } from '../payments/settle-event.ts'
import type { SettleContext } from '../payments/settle-payment.ts'
import type { Settled } from '../payments/settled.ts'
import type { PaymentProvider, ProviderEvent } from '../providers/provider.ts'
import * as queries from './queries.ts'
import { type Finding, noReads, type Reads } from './reconciliation.ts'

export interface ReconcileParts {
  readonly database: Database
  readonly provider: PaymentProvider
  context(): SettleContext
  readonly newId: NewId
  readonly log: Log
  /** The machine's time, by which the provider signs its messages: what is read then is newer than what was sent before. */
  readonly now: () => Date
}

export interface RunOptions {
  /** Looks, and changes nothing. */
  readonly isDryRun?: boolean | undefined
  /** Told now and then. */
  readonly tell?: ((reads: Reads, findings: number) => void) | undefined
  /** Ends the walk after what is in hand. */
  readonly signal?: AbortSignal | undefined
}

/** A walk while it goes: what it does with what it reads, and what it found so far. */
export interface Run extends ReconcileParts {
  readonly walked: queries.Walked
  /**
   * Counts what was read.
   *
   * @throws Fault reconciliation_stopped
   */
  read(what: keyof Reads): Promise<void>
  /** Settles what was told as of then, by itself, and finds out what that changed. */
  settle(event: ProviderEvent, paymentId: string, asOf: Date): Promise<void>
  find(finding: Finding): void
  reads(): Reads
  findings(): readonly Finding[]
  /** How many could not be settled. */
  unsettled(): number
}

/** Kept with the walk: where more is wrong, the payments say it themselves. */
const findingsMax = 1000

/** So often a walk says that it is still at work. */
const signEveryReads = 500

class DryRunEnds extends Error {
  override readonly name = 'DryRunEnds'
}

export function createRun(parts: ReconcileParts, options: RunOptions): Run {
  const { database, provider, log } = parts
  const { isDryRun = false, tell, signal } = options
  const walked: queries.Walked = { provider: provider.name, mode: provider.mode }
  const findings: Finding[] = []
  let reads = noReads
  let readInAll = 0
  let foundInAll = 0
  let unsettled = 0

  function find(finding: Finding): void {
    log.warn({ ...finding }, `reconciliation: ${finding.kind}`)
    foundInAll += 1
    if (findings.length < findingsMax) findings.push(finding)
  }

  const paymentOf = (tx: Transaction, paymentId: string) =>
    findPayment(tx, { provider: provider.name, paymentId })

  async function settleOne(tx: Transaction, event: ProviderEvent, paymentId: string, asOf: Date) {
    const before = await paymentOf(tx, paymentId)
    const settled = await settleEvent(tx, event, asOf, parts.context())
    const after = await paymentOf(tx, paymentId)
    const kind = changed(before, after, settled)
    return (
      kind && {
        kind,
        paymentId,
        orderId: after?.orderId ?? settled.orderId,
        note: settled.note ?? after?.note,
      }
    )
  }

  return {
    ...parts,
    walked,
    find,
    reads: () => reads,
    findings: () => findings,
    unsettled: () => unsettled,

    async read(what) {
      if (signal?.aborted === true)
        throw new Fault('reconciliation_stopped', 'The server was stopped.', { retryable: true })
      reads = { ...reads, [what]: reads[what] + 1 }
      readInAll += 1
      tell?.(reads, foundInAll)
      if (readInAll % signEveryReads === 0) await database.transaction((tx) => queries.giveSign(tx, walked))
    },

    async settle(event, paymentId, asOf) {
      let found: Finding | undefined
      try {
        await database.transaction(async (tx) => {
          found = await settleOne(tx, event, paymentId, asOf)
          if (isDryRun) throw new DryRunEnds()
        })
      } catch (error) {
        if (error instanceof Fault) throw error
        if (!(error instanceof DryRunEnds)) {
          // One that cannot be settled must not keep the others from it.
          log.error({ err: error, paymentId, event: event.type }, 'a telling could not be settled')
          unsettled += 1
          const note = error instanceof Error ? error.message : String(error)
          found = { kind: 'not_settled', paymentId, orderId: undefined, note }
        }
      }
      if (found !== undefined) find(found)
    },
  }
}

function changed(
  before: Payment | undefined,
  after: Payment | undefined,
  { state }: Settled,
): Finding['kind'] | undefined {
  if (before?.bought === undefined && after?.bought !== undefined) return 'credited'
  if (before?.bought !== undefined && after?.bought !== undefined) {
    const isChanged =
      before.bought.revoked !== after.bought.revoked || before.bought.isFrozen !== after.bought.isFrozen
    return isChanged ? 'taken_back' : undefined
  }
  // What was flagged before is known to whoever looks.
  if (state === 'flagged') return before?.note === after?.note ? undefined : 'flagged'
  return state === 'processed' && after?.state === 'failed' && before?.state !== 'failed'
    ? 'failure_noted'
    : undefined
}
