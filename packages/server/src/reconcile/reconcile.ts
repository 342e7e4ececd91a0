import type { Database, Transaction } from '../database/database.ts'
import type { NewId } from '../kernel/ids.ts'
import { Fault, Refusal } from '../kernel/refusal.ts'
import { addMs, dayMs } from '../kernel/time.ts'
import type { Log } from '../observability/logger.ts'
import type { Payment } from '../payments/payment.ts'
import { findPayment } from '../payments/queries.ts'
import { settleEvent } from '../payments/settle-event.ts'
import type { SettleContext } from '../payments/settle-payment.ts'
import type { PaymentProvider, ProviderEvent, Walk } from '../providers/provider.ts'
import type { ListedPayment } from '../providers/told.ts'
import * as queries from './queries.ts'
import { type Finding, noReads, type Reads, type Reconciliation } from './reconciliation.ts'

export interface ReconcileParts {
  readonly database: Database
  readonly provider: PaymentProvider
  context(): SettleContext
  readonly newId: NewId
  readonly log: Log
  /** The machine's time, by which the provider signs its messages: what is read then is newer than what was sent before. */
  readonly now: () => Date
}

export interface ReconcileRequest {
  /** From when on payments, refunds and disputes are looked at, by when they were made; where the last walk came to, less the overlap, unless given. */
  readonly since?: Date | undefined
  /** Looks, and changes nothing. */
  readonly isDryRun?: boolean | undefined
  /** Told now and then. */
  readonly tell?: ((reads: Reads, findings: number) => void) | undefined
}

/** Payments that were under way when they were passed come to their end within it; those that do not are asked for by their ids. */
const overlapMs = 3 * dayMs

/** The first walk of all: refunds are possible for 30 days, disputes for some 120. */
const firstWalkMs = 130 * dayMs

/** Kept with the walk: where more is wrong, the payments say it themselves. */
const findingsMax = 1000

/**
 * Walks over what the provider has and settles what is not known here, or known otherwise: with webhooks off entirely, all orders end right. Everything is settled by
 * itself, so that a walk that is cut off has done what it had done; the watermark moves only when it comes to its end. Two at once do no harm.
 *
 * A provider that does not answer ends the walk: what it found by then is in the answer, with why.
 */
export async function reconcile(parts: ReconcileParts, request: ReconcileRequest): Promise<Reconciliation> {
  const { database, provider, newId, log } = parts
  const { isDryRun = false } = request
  const id = newId()
  const walked = { provider: provider.name, mode: provider.mode }
  const from = await database.transaction(async (tx) => {
    const watermark = await queries.findWatermark(tx, walked)
    const start = request.since ?? addMs(watermark ?? addMs(tx.now, -firstWalkMs), -overlapMs)
    await queries.insertReconciliation(tx, walked, { id, from: start, isDryRun })
    return start
  })
  const walk = new Reconciler(parts, walked, request)
  let error: string | undefined
  try {
    await walk.over(from)
  } catch (cause) {
    if (!(cause instanceof Fault) && !(cause instanceof Refusal)) throw cause
    log.warn({ err: cause }, 'reconciliation cut off; it begins again where it began')
    error = cause.message
  }
  const { reads, findings } = walk
  const ended = await database.transaction((tx) =>
    queries.endReconciliation(tx, id, { reads, findings: findings.slice(0, findingsMax), error }),
  )
  for (const finding of findings) log.warn({ ...finding }, `reconciliation: ${finding.kind}`)
  return ended
}

class DryRunEnds extends Error {
  override readonly name = 'DryRunEnds'
}

class Reconciler {
  readonly #parts: ReconcileParts
  readonly #walked: queries.Walked
  readonly #request: ReconcileRequest
  readonly findings: Finding[] = []
  reads: Reads = noReads

  constructor(parts: ReconcileParts, walked: queries.Walked, request: ReconcileRequest) {
    this.#parts = parts
    this.#walked = walked
    this.#request = request
  }

  async over(from: Date): Promise<void> {
    const window: Walk = { from, to: undefined }
    await this.#walkPayments(window)
    await this.#walkRefunds(window)
    await this.#walkDisputes(window)
    await this.#bringAwaitedCredits()
    await this.#lookForUnknown(window)
    await this.#walkSubscriptions(window)
  }

  /** Whatever was made since then, and what was under way, however old. */
  async #walkPayments(window: Walk): Promise<void> {
    const { database, provider } = this.#parts
    const seen = new Set<string>()
    for await (const listed of provider.listPayments(window)) {
      this.#count('payments')
      seen.add(listed.paymentId)
      const known = await database.transaction((tx) => this.#find(tx, listed.paymentId))
      if (isToBeAsked(listed, known)) await this.#settlePayment(listed.paymentId)
    }
    const underWay = await database.transaction((tx) => queries.listUnderWay(tx, this.#walked))
    for (const paymentId of underWay) {
      if (seen.has(paymentId)) continue
      this.#count('payments')
      // One call at a time: they share the provider's limit with everything else.
      // oxlint-disable-next-line no-await-in-loop
      await this.#settlePayment(paymentId)
    }
  }

  async #settlePayment(paymentId: string): Promise<void> {
    const { provider, now } = this.#parts
    const asOf = now()
    const payment = await provider.getPayment(paymentId)
    if (payment !== undefined) await this.#settle({ type: 'payment', payment }, paymentId, asOf)
  }

  async #walkRefunds(window: Walk): Promise<void> {
    const { database, provider, now } = this.#parts
    const seen = new Set<string>()
    let asOf = now()
    for await (const refund of provider.listRefunds(window)) {
      this.#count('refunds')
      seen.add(refund.refundId)
      const state = await database.transaction((tx) =>
        queries.findRefundState(tx, this.#walked, refund.refundId),
      )
      if (state !== refund.state) await this.#settle({ type: 'refund', refund }, refund.paymentId, asOf)
      asOf = now()
    }
    const underWay = await database.transaction((tx) => queries.listRefundsUnderWay(tx, this.#walked))
    for (const refundId of underWay) {
      if (seen.has(refundId)) continue
      this.#count('refunds')
      asOf = now()
      // oxlint-disable-next-line no-await-in-loop
      const refund = await provider.getRefund(refundId)
      // oxlint-disable-next-line no-await-in-loop
      if (refund !== undefined) await this.#settle({ type: 'refund', refund }, refund.paymentId, asOf)
    }
  }

  async #walkDisputes(window: Walk): Promise<void> {
    const { database, provider, now } = this.#parts
    const seen = new Set<string>()
    let asOf = now()
    for await (const dispute of provider.listDisputes(window)) {
      this.#count('disputes')
      seen.add(dispute.disputeId)
      const state = await database.transaction((tx) =>
        queries.findDisputeState(tx, this.#walked, dispute.disputeId),
      )
      if (state !== dispute.state) await this.#settle({ type: 'dispute', dispute }, dispute.paymentId, asOf)
      asOf = now()
    }
    const undecided = await database.transaction((tx) => queries.listUndecided(tx, this.#walked))
    for (const disputeId of undecided) {
      if (seen.has(disputeId)) continue
      this.#count('disputes')
      asOf = now()
      // oxlint-disable-next-line no-await-in-loop
      const dispute = await provider.getDispute(disputeId)
      // oxlint-disable-next-line no-await-in-loop
      if (dispute !== undefined) await this.#settle({ type: 'dispute', dispute }, dispute.paymentId, asOf)
    }
  }

  /** Their payments are walked over with the others; what they are is told for whoever sells plans. A provider that refuses to list them keeps nothing else from being settled. */
  async #walkSubscriptions(window: Walk): Promise<void> {
    const { database, provider, now, log } = this.#parts
    try {
      for await (const subscription of provider.listSubscriptions(window)) {
        this.#count('subscriptions')
        await database.transaction((tx) =>
          settleEvent(tx, { type: 'subscription', subscription }, now(), this.#parts.context()),
        )
      }
    } catch (error) {
      if (!(error instanceof Fault) || error.retryable) throw error
      log.warn({ err: error }, 'subscriptions could not be walked over')
    }
  }

  /** For purchases that wait for credits of the provider's own: they cannot be walked over by time, so each customer's are asked for. */
  async #bringAwaitedCredits(): Promise<void> {
    const { database, provider, now } = this.#parts
    const waiting = await database.transaction((tx) => queries.listAwaitingCredits(tx, this.#walked))
    // oxlint-disable-next-line no-await-in-loop
    for (const { paymentId, providerCustomerId, entitlementId } of waiting)
      for await (const grant of provider.listCreditGrants(entitlementId, providerCustomerId))
        await this.#settle({ type: 'credits', grant }, paymentId, now())
  }

  /** What is here and not there: a payment of another account, or books that were moved. */
  async #lookForUnknown({ from }: Walk): Promise<void> {
    const { database, provider } = this.#parts
    let after = ''
    for (;;) {
      const page = { from, after, limit: pageSize }
      // oxlint-disable-next-line no-await-in-loop
      const payments = await database.transaction((tx) => queries.listSucceeded(tx, this.#walked, page))
      for (const { paymentId, orderId } of payments) {
        if (this.#heardOf.has(paymentId)) continue
        // oxlint-disable-next-line no-await-in-loop
        if ((await provider.getPayment(paymentId)) !== undefined) continue
        const note = `The payment ${paymentId} is in these books, and ${provider.name} does not know it.`
        this.findings.push({ kind: 'unknown_to_provider', paymentId, orderId, note })
      }
      const last = payments.at(-1)
      if (last === undefined || payments.length < pageSize) return
      after = last.paymentId
    }
  }

  readonly #heardOf = new Set<string>()

  async #find(tx: Transaction, paymentId: string): Promise<Payment | undefined> {
    this.#heardOf.add(paymentId)
    return findPayment(tx, { provider: this.#walked.provider, paymentId })
  }

  /** Settles what was told, and finds out what that changed by what the payment's row says before and after. */
  async #settle(event: ProviderEvent, paymentId: string, asOf: Date): Promise<void> {
    const { database } = this.#parts
    try {
      await database.transaction(async (tx) => {
        const before = await this.#find(tx, paymentId)
        const settled = await settleEvent(tx, event, asOf, this.#parts.context())
        const after = await this.#find(tx, paymentId)
        const kind = kindOf(before, after, settled.state)
        if (kind !== undefined)
          this.findings.push({
            kind,
            paymentId,
            orderId: after?.orderId ?? settled.orderId,
            note: settled.note,
          })
        if (this.#request.isDryRun === true) throw new DryRunEnds()
      })
    } catch (error) {
      if (!(error instanceof DryRunEnds)) throw error
    }
  }

  #count(what: keyof Reads): void {
    this.reads = { ...this.reads, [what]: this.reads[what] + 1 }
    this.#request.tell?.(this.reads, this.findings.length)
  }
}

const pageSize = 200

/** A list shows too little of a payment to settle it: the whole of it is asked for where it may change something here. */
function isToBeAsked(listed: ListedPayment, known: Payment | undefined): boolean {
  if (known === undefined || known.state !== listed.state) return true
  if (listed.state !== 'succeeded') return false
  return known.standing !== 'credited' && known.standing !== 'dismissed'
}

function kindOf(
  before: Payment | undefined,
  after: Payment | undefined,
  state: 'processed' | 'ignored' | 'flagged',
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
