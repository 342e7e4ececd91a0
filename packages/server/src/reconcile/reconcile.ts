import { Fault, Refusal } from '../kernel/refusal.ts'
import { addMs, dayMs, earlier } from '../kernel/time.ts'
import type { Walk } from '../providers/provider.ts'
import * as queries from './queries.ts'
import type { Reconciliation } from './reconciliation.ts'
import { createRun, type ReconcileParts, type Run, type RunOptions } from './run.ts'
import { askForDisputes, askForRefunds, walkDisputes, walkRefunds } from './walk-money-back.ts'
import { askForUnderWay, bringAwaitedCredits, walkPayments } from './walk-payments.ts'

export type { ReconcileParts } from './run.ts'

export interface ReconcileRequest extends RunOptions {
  /** From when on payments and refunds are looked at, by when they were made; where the last walk came to, less the overlap, unless given. */
  readonly since?: Date | undefined
}

/** Payments that were under way when they were passed come to their end within it; those that do not are asked for by their ids. */
const overlapMs = 3 * dayMs

/** The first walk of all: refunds are possible for 30 days, disputes for some 120. */
const firstWalkMs = 130 * dayMs

/** Disputes are few, and one that was decided may be taken up again months later: they are always looked at this far back. */
const disputesMs = firstWalkMs

/** What is walked over between two steps of the watermark: its payments' ids are in memory. */
const windowMs = 7 * dayMs

/**
 * Walks over what the provider has and settles what is not known here, or known otherwise: with webhooks off entirely, all orders end right. Everything is settled by
 * itself, and the watermark follows window by window, over what is settled and no further; so a walk that is cut off has done what it had done, and the next goes on
 * from there. Two at once do no harm.
 *
 * A provider that does not answer ends the walk: what it found by then is in the answer, with why.
 */
export async function reconcile(parts: ReconcileParts, request: ReconcileRequest): Promise<Reconciliation> {
  const { database, newId, log } = parts
  const { isDryRun = false, since } = request
  const id = newId()
  const run = createRun(parts, request)
  const { from, began, isContiguous } = await database.transaction(async (tx) => {
    const settledUntil = await queries.findWatermark(tx, run.walked)
    const usual = settledUntil === undefined ? addMs(tx.now, -firstWalkMs) : addMs(settledUntil, -overlapMs)
    const start = since ?? usual
    await queries.insertReconciliation(tx, run.walked, { id, from: start, isDryRun })
    // From later on than the watermark: then what lies between is settled by the next walk.
    return { from: start, began: tx.now, isContiguous: start <= (settledUntil ?? usual) }
  })

  async function advance(until: Date): Promise<void> {
    if (isDryRun || !isContiguous || run.unsettled() > 0) return
    await database.transaction((tx) => queries.advanceWatermark(tx, run.walked, until))
  }

  let error: string | undefined
  try {
    await walkAll(run, from, began, advance)
    if (run.unsettled() > 0)
      error = `${run.unsettled()} could not be settled: the log says why. The next walk looks at them again.`
  } catch (cause) {
    if (!(cause instanceof Fault) && !(cause instanceof Refusal)) throw cause
    log.warn({ err: cause }, 'reconciliation cut off; the next goes on where it came to')
    error = cause.message
  }
  return database.transaction((tx) =>
    queries.endReconciliation(tx, id, { reads: run.reads(), findings: run.findings(), error }),
  )
}

async function walkAll(
  run: Run,
  from: Date,
  began: Date,
  advance: (until: Date) => Promise<void>,
): Promise<void> {
  for (const window of windowsBetween(from, began)) {
    // oxlint-disable no-await-in-loop
    await walkPayments(run, window)
    await walkRefunds(run, window)
    // The last window is only settled when all that follows is, too.
    if (window.to !== undefined) await advance(window.to)
    // oxlint-enable no-await-in-loop
  }
  const disputesFrom = earlier(from, addMs(began, -disputesMs)) ?? from
  await walkDisputes(run, { from: disputesFrom, to: undefined })
  await askForDisputes(run, disputesFrom)
  await askForRefunds(run, from)
  await askForUnderWay(run, from)
  await bringAwaitedCredits(run)
  await walkSubscriptions(run, { from, to: undefined })
  await advance(began)
}

/** The last one has no end: by its own clock the provider may be ahead. */
function* windowsBetween(from: Date, until: Date): Generator<Walk> {
  let start = from
  for (let end = addMs(start, windowMs); end < until; end = addMs(start, windowMs)) {
    yield { from: start, to: end }
    start = end
  }
  yield { from: start, to: undefined }
}

/** Their payments are walked over with the others; what they are is told for whoever sells plans. A provider that does not list them keeps nothing else from being settled. */
async function walkSubscriptions(run: Run, window: Walk): Promise<void> {
  const { provider, log, now } = run
  const asOf = now()
  try {
    for await (const subscription of provider.listSubscriptions(window)) {
      await run.read('subscriptions')
      await run.settle({ type: 'subscription', subscription }, subscription.subscriptionId, asOf)
    }
  } catch (error) {
    if (!(error instanceof Fault) || error.retryable) throw error
    log.warn({ err: error }, 'subscriptions could not be walked over')
  }
}
