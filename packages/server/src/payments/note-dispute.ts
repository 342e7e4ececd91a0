import type { Transaction } from '../database/database.ts'
import { appendEvent } from '../events/append-event.ts'
import type { ProviderDispute } from '../providers/told.ts'
import * as queries from './queries.ts'
import type { SettleContext } from './settle-payment.ts'
import { isUndecided } from './share.ts'

/** Keeps what was told of a dispute; that it was opened or decided is an event, once. The payment's row is locked. */
export async function noteDispute(
  tx: Transaction,
  told: ProviderDispute,
  asOf: Date,
  context: SettleContext,
): Promise<void> {
  const { provider, mode, ledger } = context
  const find = async () => {
    const disputes = await queries.listDisputesOf(tx, { provider, paymentId: told.paymentId })
    return disputes.find(({ disputeId }) => disputeId === told.disputeId)
  }
  const before = await find()
  await queries.putDispute(tx, context, told, asOf)
  const now = await find()
  if (now === undefined) return
  const common = { id: ledger.newId(), mode }
  const data = { provider, payment: now.paymentId, dispute: now.disputeId, stage: now.stage }
  if (now.state === 'won' || now.state === 'lost') {
    if (now.state !== before?.state)
      await appendEvent(tx, { ...common, type: 'dispute.decided', data: { ...data, outcome: now.state } })
  } else if (before === undefined || !isUndecided(before)) {
    await appendEvent(tx, { ...common, type: 'dispute.opened', data })
  }
}
