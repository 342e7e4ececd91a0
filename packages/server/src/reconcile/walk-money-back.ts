import type { Walk } from '../providers/provider.ts'
import * as queries from './queries.ts'
import type { Run } from './run.ts'

// What a list tells was so at the latest when the list was asked for: one that a message tells meanwhile is newer.

export async function walkRefunds(run: Run, window: Walk): Promise<void> {
  const { database, provider, walked, now } = run
  const asOf = now()
  for await (const refund of provider.listRefunds(window)) {
    await run.read('refunds')
    const { refundId, paymentId } = refund
    const state = await database.transaction((tx) => queries.findRefundState(tx, walked, refundId))
    if (state !== refund.state) await run.settle({ type: 'refund', refund }, paymentId, asOf)
  }
}

/** Those that had not come to their end when they were last heard of, made before the windows. */
export async function askForRefunds(run: Run, madeBefore: Date): Promise<void> {
  const { database, provider, walked, now } = run
  const refundIds = await database.transaction((tx) => queries.listRefundsUnderWay(tx, walked, madeBefore))
  for (const refundId of refundIds) {
    // oxlint-disable-next-line no-await-in-loop
    await run.read('refunds')
    const asOf = now()
    // oxlint-disable-next-line no-await-in-loop
    const refund = await provider.getRefund(refundId)
    // oxlint-disable-next-line no-await-in-loop
    if (refund !== undefined) await run.settle({ type: 'refund', refund }, refund.paymentId, asOf)
  }
}

export async function walkDisputes(run: Run, window: Walk): Promise<void> {
  const { database, provider, walked, now } = run
  const asOf = now()
  for await (const dispute of provider.listDisputes(window)) {
    await run.read('disputes')
    const { disputeId, paymentId, state, stage } = dispute
    const known = await database.transaction((tx) => queries.findDispute(tx, walked, disputeId))
    if (known?.state !== state || known.stage !== stage)
      await run.settle({ type: 'dispute', dispute }, paymentId, asOf)
  }
}

/** Those that nobody had decided when they were last heard of, made before the window. */
export async function askForDisputes(run: Run, madeBefore: Date): Promise<void> {
  const { database, provider, walked, now } = run
  const disputeIds = await database.transaction((tx) => queries.listUndecided(tx, walked, madeBefore))
  for (const disputeId of disputeIds) {
    // oxlint-disable-next-line no-await-in-loop
    await run.read('disputes')
    const asOf = now()
    // oxlint-disable-next-line no-await-in-loop
    const dispute = await provider.getDispute(disputeId)
    // oxlint-disable-next-line no-await-in-loop
    if (dispute !== undefined) await run.settle({ type: 'dispute', dispute }, dispute.paymentId, asOf)
  }
}
