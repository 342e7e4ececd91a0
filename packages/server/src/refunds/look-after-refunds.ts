import type { Repeated } from '../jobs/jobs.ts'
import type { Uuid } from '../kernel/ids.ts'
import { Fault } from '../kernel/refusal.ts'
import { addMs } from '../kernel/time.ts'
import { type Pursuit, pursueRequest } from './pursue-request.ts'
import * as queries from './queries.ts'
import { leaseMs } from './record-request.ts'

const everyMs = 5_000

// A call or two each: Dodo allows 240 a minute at its lowest tier, and checkouts need some of them.
const perRun = 5

/** Brings every refund that is under way to its end, also those that an earlier process left, and where no webhook comes. */
export function lookingAfterRefunds(pursuit: Pursuit): Repeated {
  const { database } = pursuit
  return {
    name: 'refunds',
    everyMs,
    async run() {
      const { provider, mode } = pursuit.context()
      const ids = await database.transaction((tx) =>
        // The last one waits for all before it.
        queries.takeDue(tx, { provider, mode, limit: perRun, until: addMs(tx.now, perRun * leaseMs) }),
      )
      // One after the other: they share the provider's limit with everything else.
      // oxlint-disable-next-line no-await-in-loop
      for (const id of ids) await lookAfter(pursuit, id)
    },
  }
}

async function lookAfter(pursuit: Pursuit, id: Uuid): Promise<void> {
  const request = await pursuit.database.transaction((tx) => queries.findRequest(tx, id))
  if (request === undefined) return
  try {
    await pursueRequest(pursuit, request)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    pursuit.log.warn({ request: id, err: error }, 'a refund could not be looked after; it is tried again')
  }
}
