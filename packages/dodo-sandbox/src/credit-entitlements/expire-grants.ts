import type { ScheduledWork } from '../clock/scheduler.ts'
import * as queries from './balance-queries.ts'
import { loseRest } from './change-balance.ts'

/** Grants expire at their instants, one at a time. */
export const grantExpiry: ScheduledWork = {
  nextDueAt: (tx) => queries.findFirstExpiring(tx)?.expires_at ?? undefined,
  runDue(tx) {
    const grant = queries.findFirstExpiring(tx)
    if (grant) loseRest(tx, grant, { type: 'credit_expired' })
  },
}
