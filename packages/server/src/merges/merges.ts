import type { Catalog } from '../catalog/catalog.ts'
import type { Database } from '../database/database.ts'
import type { Jobs } from '../jobs/jobs.ts'
import { type Mode, walletId } from '../kernel/ids.ts'
import type { LedgerContext } from '../ledger/context.ts'
import type { Log } from '../observability/logger.ts'
import { bringCredits } from './bring-credits.ts'
import { mergeQueue } from './jobs.ts'
import { type Merge, nextLook, type Taking, type TakingKey } from './merge.ts'
import { noteMerge } from './note-merge.ts'
import * as queries from './queries.ts'
import { takeCredits } from './take-credits.ts'

export interface MergesOptions {
  readonly database: Database
  readonly mode: Mode
  readonly jobs: Jobs
  /** Whose units are merged. */
  readonly catalog: () => Catalog
  readonly context: LedgerContext
  readonly log: Log
}

export interface MergeInput {
  /** Who was anonymous. */
  readonly customer: string
  /** Who they turned out to be: must exist by now. */
  readonly into: string
}

export interface Merged extends Merge {
  /** What went over so far, oldest first: the last hundred. */
  readonly takings: readonly Taking[]
}

export interface Merges {
  /**
   * Moves what is left of one customer's credits to another, now and whenever more becomes available. Safe to repeat.
   *
   * @throws mergeIntoItself, mergedBefore, customerNotFound
   */
  merge(input: MergeInput): Promise<Merged>
}

const takingsShownMax = 100

export function createMerges({ database, mode, jobs, catalog, context, log }: MergesOptions): Merges {
  const queue = mergeQueue({ database, mode, log, move, bring })
  jobs.register(queue)

  async function move(merge: Merge): Promise<void> {
    for (const unit of catalog().unitsById.keys()) {
      // One wallet after the other, each in transactions of its own.
      // oxlint-disable-next-line no-await-in-loop
      const key = await database.transaction(async (tx) => {
        const taken = await takeCredits(tx, { merge, unit }, context)
        if (taken !== undefined) await jobs.enqueue(tx, queue, taken)
        return taken
      })
      // oxlint-disable-next-line no-await-in-loop
      if (key !== undefined) await bringNow(key)
    }
    await database.transaction((tx) => queries.setNextLook(tx, merge, nextLook(merge, tx.now)))
  }

  /** Not left to the job when it can be done at once: whoever merges looks at the balance next. */
  async function bringNow(key: TakingKey): Promise<void> {
    try {
      await bring(key)
    } catch (err) {
      log.warn({ err, ...key }, 'merged credits have not arrived yet; a job goes on')
      jobs.wake(queue)
    }
  }

  async function bring(key: TakingKey): Promise<void> {
    const taking = await database.transaction((tx) => bringCredits(tx, key, context))
    if (taking !== undefined) log.info({ ...key, lots: taking.lots.length }, 'merged credits arrived')
  }

  return {
    async merge(input) {
      const merge = await database.transaction((tx) => noteMerge(tx, { ...input, mode }))
      await move(merge)
      const wallets = [...catalog().unitsById.keys()].map((unit) =>
        walletId({ mode, customer: merge.customer, unit }),
      )
      const takings = await database.transaction((tx) =>
        queries.listTakings(tx, { wallets, limit: takingsShownMax }),
      )
      return { ...merge, takings }
    },
  }
}
