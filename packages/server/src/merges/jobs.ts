import type { Database } from '../database/database.ts'
import type { Queue } from '../jobs/jobs.ts'
import type { Mode } from '../kernel/ids.ts'
import { addMs } from '../kernel/time.ts'
import type { Log } from '../observability/logger.ts'
import type { Merge, TakingKey } from './merge.ts'
import * as queries from './queries.ts'

export interface MergeQueueInput {
  readonly database: Database
  readonly mode: Mode
  readonly log: Log
  /** Takes what is available of the merged customer, and brings it. */
  readonly move: (merge: Merge) => Promise<void>
  readonly bring: (key: TakingKey) => Promise<void>
}

// Longer than an attempt and the longest wait for the next one.
const jobLostAfterMs = 10 * 60_000

// A sweep is one of many: what it leaves the next one does.
const sweptMax = 200

/** Brings what was taken; and looks after takings whose job was lost, and after credits that have become available since. */
export function mergeQueue({ database, mode, log, move, bring }: MergeQueueInput): Queue<TakingKey> {
  return {
    name: 'merges',
    handle: (key) => bring(key),
    async sweep() {
      const lost = await database.transaction((tx) =>
        queries.listLost(tx, { mode, before: addMs(tx.now, -jobLostAfterMs), limit: sweptMax }),
      )
      for (const key of lost) {
        // oxlint-disable-next-line no-await-in-loop
        await bring(key).catch((err: unknown) => log.error({ err, ...key }, 'merged credits cannot arrive'))
      }
      const due = await database.transaction((tx) =>
        queries.takeDue(tx, { mode, limit: sweptMax, until: addMs(tx.now, jobLostAfterMs) }),
      )
      for (const merge of due) {
        // oxlint-disable-next-line no-await-in-loop
        await move(merge)
      }
    },
  }
}
