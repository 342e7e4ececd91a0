import type { Catalog } from '../catalog/catalog.ts'
import type { Database, Transaction } from '../database/database.ts'
import type { Repeated } from '../jobs/jobs.ts'
import { micros } from '../kernel/credits.ts'
import type { NewId } from '../kernel/ids.ts'
import { Fault } from '../kernel/refusal.ts'
import { addMs } from '../kernel/time.ts'
import type { Log } from '../observability/logger.ts'
import type { PaymentProvider } from '../providers/provider.ts'
import * as queries from './queries.ts'

export interface MirrorInput {
  readonly database: Database
  readonly provider: Pick<PaymentProvider, 'name' | 'postCredits'>
  /** Nothing is posted while it does not say so. */
  catalog(): Catalog
  readonly newId: NewId
  readonly log: Log
}

const everyMs = 30_000

// A call each: Dodo allows 240 a minute at its lowest tier, and checkouts need some of them.
const postingsPerRun = 50

// What the provider refuses, it refuses again until somebody has looked.
const refusedRetryMs = 3_600_000
const failedRetryMs = 60_000

/**
 * Posts what is gone of the credits that the provider granted to its ledger, so that its portal shows what is left. Ours stays the authority: what it
 * posts is a difference, written down with its key before it is sent, so that a posting whose answer was lost is not posted twice.
 */
export function mirroring(input: MirrorInput): Repeated {
  return {
    name: 'mirror',
    everyMs,
    async run() {
      if (input.catalog().mirror) await mirrorOnce(input)
    },
  }
}

/** One run; for tests too. Answers how many postings arrived. */
export async function mirrorOnce(input: MirrorInput): Promise<number> {
  const { database, provider } = input
  const due = await database.transaction(async (tx) => {
    await queries.insertMissing(tx, provider.name)
    const mirrors = await queries.lockDue(tx, provider.name, postingsPerRun)
    const postings: PendingMirror[] = []
    // oxlint-disable-next-line no-await-in-loop
    for (const mirror of mirrors) postings.push(...(await prepare(tx, mirror, input)))
    return postings
  })
  let posted = 0
  for (const mirror of due) {
    // One call at a time: they share the provider's limit with everything else.
    // oxlint-disable-next-line no-await-in-loop
    if (await post(mirror, input)) posted += 1
  }
  return posted
}

interface PendingMirror extends queries.Mirror {
  readonly pending: NonNullable<queries.Mirror['pending']>
}

async function prepare(
  tx: Transaction,
  mirror: queries.Mirror,
  { newId }: MirrorInput,
): Promise<PendingMirror[]> {
  // What was not known to arrive is sent again as it was.
  if (mirror.pending !== undefined) return [{ ...mirror, pending: mirror.pending }]
  const amount = micros((await queries.readGone(tx, mirror)) - mirror.posted)
  const pending = amount === 0n ? undefined : { key: `tallystick:${newId()}`, amount }
  await queries.setPending(tx, mirror, pending)
  return pending === undefined ? [] : [{ ...mirror, pending }]
}

async function post(mirror: PendingMirror, { database, provider, log }: MirrorInput): Promise<boolean> {
  const { amount, key } = mirror.pending
  try {
    await provider.postCredits({
      entitlementId: mirror.entitlementId,
      providerCustomerId: mirror.providerCustomerId,
      credits: micros(amount < 0n ? 0n - amount : amount),
      kind: amount < 0n ? 'credit' : 'debit',
      key,
      reason: amount < 0n ? 'Given back' : 'Used',
    })
    await database.transaction((tx) => queries.notePosted(tx, mirror, key))
    return true
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    log.warn({ err: error, walletId: mirror.walletId }, 'credits could not be posted to the provider')
    const waitMs = error.retryable ? failedRetryMs : refusedRetryMs
    await database.transaction((tx) =>
      queries.noteFailure(tx, mirror, { note: error.message, retryAt: addMs(tx.now, waitMs) }),
    )
    return false
  }
}
