import { formatMoney } from '../kernel/money.ts'
import type { Bought, Payment } from '../payments/payment.ts'
import { findPayment } from '../payments/queries.ts'
import type { Walk } from '../providers/provider.ts'
import type { ListedPayment } from '../providers/told.ts'
import * as queries from './queries.ts'
import type { Run } from './run.ts'

// Each page is one short transaction.
const pageSize = 200

/**
 * Whatever was made within the window, here and there. Remembers the ids of one window, no more. A payment names its order, so an order needs no walk of its own:
 * also one whose checkout was lost on its way back to us.
 */
export async function walkPayments(run: Run, window: Walk): Promise<void> {
  const { database, provider } = run
  const heardOf = new Set<string>()
  for await (const listed of provider.listPayments(window)) {
    const { paymentId } = listed
    heardOf.add(paymentId)
    await run.read('payments')
    const known = await database.transaction((tx) => findPayment(tx, { provider: provider.name, paymentId }))
    noteDifference(run, listed, known)
    if (isToBeAsked(listed, known)) await settlePayment(run, listed)
  }
  await lookForUnknown(run, window, heardOf)
}

/** A list shows too little of a payment to settle it: the whole of it is asked for where it may change something here. */
function isToBeAsked(listed: ListedPayment, known: Payment | undefined): boolean {
  if (known === undefined || known.state !== listed.state || isOtherAmount(listed, known)) return true
  if (listed.state !== 'succeeded') return false
  if (known.bought !== undefined) return listed.isTroubled && isUntouched(known.bought)
  return known.standing !== 'dismissed'
}

/** Nothing is known here of money that went back, or may. */
function isUntouched({ revoked, isFrozen }: Bought): boolean {
  return revoked === 0n && !isFrozen
}

function isOtherAmount({ charged }: ListedPayment, known: Payment): boolean {
  const total = known.charged?.total
  if (charged === undefined || total === undefined) return false
  return charged.amountMinor !== total.amountMinor || charged.currency !== total.currency
}

function noteDifference(run: Run, listed: ListedPayment, known: Payment | undefined): void {
  if (known?.charged === undefined || listed.charged === undefined || !isOtherAmount(listed, known)) return
  const { paymentId, orderId } = known
  const note = `By ${run.provider.name} the payment ${paymentId} is of ${formatMoney(listed.charged)}, and by these books it was of ${formatMoney(known.charged.total)}.`
  run.find({ kind: 'flagged', paymentId, orderId, note })
}

async function settlePayment(run: Run, { paymentId, orderId }: Pick<ListedPayment, 'paymentId' | 'orderId'>) {
  const { provider, now } = run
  const asOf = now()
  const payment = await provider.getPayment(paymentId)
  if (payment !== undefined) return run.settle({ type: 'payment', payment }, paymentId, asOf)
  const note = `${provider.name} lists the payment ${paymentId}, and does not tell it in a way that can be read.`
  run.find({ kind: 'flagged', paymentId, orderId, note })
}

/** What is here and not there: a payment of another account, or books that were moved. */
async function lookForUnknown(run: Run, window: Walk, heardOf: ReadonlySet<string>): Promise<void> {
  const { database, provider, walked } = run
  let after = ''
  for (;;) {
    const page = { ...window, after, limit: pageSize }
    // oxlint-disable-next-line no-await-in-loop
    const payments = await database.transaction((tx) => queries.listSucceeded(tx, walked, page))
    for (const { paymentId, orderId } of payments) {
      // oxlint-disable-next-line no-await-in-loop
      if (heardOf.has(paymentId) || (await provider.getPayment(paymentId)) !== undefined) continue
      const note = `The payment ${paymentId} is in these books, and ${provider.name} does not know it.`
      run.find({ kind: 'unknown_to_provider', paymentId, orderId, note })
    }
    const last = payments.at(-1)
    if (last === undefined || payments.length < pageSize) return
    after = last.paymentId
  }
}

/** What had not come to its end when it was last heard of, made before the windows: also what a refund told of that was unknown until then. */
export async function askForUnderWay(run: Run, madeBefore: Date): Promise<void> {
  const { database, provider, walked, now } = run
  const paymentIds = await database.transaction((tx) => queries.listUnderWay(tx, walked, madeBefore))
  for (const paymentId of paymentIds) {
    // One call at a time: they share the provider's limit with everything else.
    // oxlint-disable-next-line no-await-in-loop
    await run.read('payments')
    const asOf = now()
    // oxlint-disable-next-line no-await-in-loop
    const payment = await provider.getPayment(paymentId)
    // oxlint-disable-next-line no-await-in-loop
    if (payment !== undefined) await run.settle({ type: 'payment', payment }, paymentId, asOf)
  }
}

/** For purchases that wait for credits of the provider's own: these cannot be walked over by time, so each customer's are asked for. */
export async function bringAwaitedCredits(run: Run): Promise<void> {
  const { database, provider, walked, now } = run
  const waiting = await database.transaction((tx) => queries.listAwaitingCredits(tx, walked))
  for (const { paymentId, providerCustomerId, entitlementId } of waiting) {
    const asOf = now()
    // oxlint-disable-next-line no-await-in-loop
    for await (const grant of provider.listCreditGrants(entitlementId, providerCustomerId))
      await run.settle({ type: 'credits', grant }, paymentId, asOf)
  }
}
