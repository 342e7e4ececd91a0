import type { Database, Transaction } from '../database/database.ts'
import type { Uuid } from '../kernel/ids.ts'
import { Fault } from '../kernel/refusal.ts'
import { addMs } from '../kernel/time.ts'
import type { Log } from '../observability/logger.ts'
import * as payments from '../payments/queries.ts'
import type { SettleContext } from '../payments/settle-payment.ts'
import { settleRefund } from '../payments/settle-refund.ts'
import { takeBack } from '../payments/take-back.ts'
import type { PaymentProvider } from '../providers/provider.ts'
import type { ProviderRefund } from '../providers/told.ts'
import * as queries from './queries.ts'
import { leaseMs } from './record-request.ts'
import { hasEnded, type RefundRequest } from './refund-request.ts'

export interface Pursuit {
  readonly database: Database
  readonly provider: Pick<PaymentProvider, 'getPayment' | 'getRefund' | 'refund'>
  /** By what rules what the provider tells is settled now. */
  context(): SettleContext
  readonly log: Log
  /** Monotonic. */
  nowMs(): number
}

// A refund takes seconds, one in review days.
const firstLookMs = 10_000
const lookMaxMs = 3_600_000

// The provider's adapter gives a call up after 20 s; a refund is one that reads, twice at most, and one that refunds.
const longestCallMs = 75_000

/**
 * Takes a request that is under way a step further: asks what became of it, or sends it again where the provider surely does not have it. Whoever calls
 * has the request for themselves (`leaseMs`).
 *
 * @throws Fault provider_unavailable when the provider cannot be asked; nothing is lost by that
 */
export async function pursueRequest(pursuit: Pursuit, request: RefundRequest): Promise<void> {
  if (await askAfter(pursuit, request)) return
  const begunMs = pursuit.nowMs()
  const isCounted = await pursuit.database.transaction((tx) =>
    queries.countSend(tx, request, addMs(tx.now, leaseMs)),
  )
  if (isCounted) await sendRequest(pursuit, { ...request, sends: request.sends + 1 }, begunMs)
}

/**
 * Asks the provider for the refund of a request, or looks for it where its answer was lost, and settles it. Anybody may, at any time. Answers whether
 * there is anything to wait for: false where the provider does not have it.
 *
 * @throws Fault provider_unavailable when the provider cannot be asked
 */
export async function askAfter(pursuit: Pursuit, request: RefundRequest): Promise<boolean> {
  if (hasEnded(request)) {
    await pursuit.database.transaction((tx) => putOff(tx, request.id))
    return true
  }
  const asOf = await now(pursuit)
  const told = await findRefund(pursuit, request)
  if (told !== undefined) await settle(pursuit, request, told, asOf)
  if (told !== undefined || request.refundId === undefined) return told !== undefined
  pursuit.log.error({ request: request.id, refund: request.refundId }, 'the provider knows a refund no more')
  await pursuit.database.transaction((tx) => putOff(tx, request.id))
  return true
}

/**
 * Sends a request that is written down as sent. It is sent once: an answer that is lost is looked for, now and, when the lease is over, by the job. What
 * the provider refuses ends it.
 *
 * @param begunMs before it was written down
 */
export async function sendRequest(pursuit: Pursuit, request: RefundRequest, begunMs: number): Promise<void> {
  // Somebody else may have it by the time that a call ends which begins so late.
  if (pursuit.nowMs() - begunMs > leaseMs - longestCallMs) return
  const asOf = await now(pursuit)
  try {
    const told = await pursuit.provider.refund({
      paymentId: request.paymentId,
      refundRequestId: request.id,
      amountMinor: request.kind === 'all' ? undefined : request.amount.amountMinor,
      reason: request.reason,
    })
    await settle(pursuit, request, told, asOf)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    await afterFault(pursuit, request, error, asOf)
  }
}

async function afterFault(pursuit: Pursuit, request: RefundRequest, fault: Fault, asOf: Date): Promise<void> {
  const facts = { request: request.id, payment: request.paymentId, err: fault }
  // What was refused was not done, unless it was done when it was sent before.
  const isSurelyUndone = !fault.retryable && request.sends === 1
  const found = isSurelyUndone ? undefined : await tryToFind(pursuit, request)
  if (found?.refund !== undefined) return settle(pursuit, request, found.refund, asOf)
  if (fault.retryable || (!isSurelyUndone && found === undefined)) {
    pursuit.log.warn(facts, 'the answer to a refund was lost; it is looked for')
    return
  }
  pursuit.log.warn(facts, 'the provider refused a refund')
  await fail(pursuit, request, fault.message)
}

/** Undefined when the provider cannot be asked. */
async function tryToFind(
  pursuit: Pursuit,
  request: RefundRequest,
): Promise<{ readonly refund: ProviderRefund | undefined } | undefined> {
  try {
    return { refund: await findRefund(pursuit, request) }
  } catch (error) {
    if (error instanceof Fault) return undefined
    throw error
  }
}

/** The refund of the request; where it is not noted, that among those of its payment. Lists leave out who asked for a refund, so each is asked. */
async function findRefund(
  { provider }: Pursuit,
  { id, paymentId, refundId }: RefundRequest,
): Promise<ProviderRefund | undefined> {
  if (refundId !== undefined) return provider.getRefund(refundId)
  const payment = await provider.getPayment(paymentId)
  for (const listed of payment?.refunds ?? []) {
    // A payment has few refunds, and one in flight at most.
    const refund =
      listed.refundRequestId === undefined
        ? // oxlint-disable-next-line no-await-in-loop
          ((await provider.getRefund(listed.refundId)) ?? listed)
        : listed
    if (refund.refundRequestId === id) return refund
  }
  return undefined
}

async function settle(
  pursuit: Pursuit,
  request: RefundRequest,
  told: ProviderRefund,
  asOf: Date,
): Promise<void> {
  const context = pursuit.context()
  await pursuit.database.transaction(async (tx) => {
    await payments.lockOrAwaitPayment(tx, context, told.paymentId)
    await queries.setRefund(tx, request.id, told.refundId)
    await settleRefund(tx, told, asOf, context)
    await putOff(tx, request.id)
  })
  if (request.state !== told.state)
    pursuit.log.info({ request: request.id, refund: told.refundId }, `refund ${told.state}`)
}

async function fail(pursuit: Pursuit, request: RefundRequest, reason: string): Promise<void> {
  const context = pursuit.context()
  await pursuit.database.transaction(async (tx) => {
    const payment = await payments.lockOrAwaitPayment(tx, context, request.paymentId)
    await queries.setFailure(tx, request.id, reason)
    await takeBack(tx, payment, context)
  })
}

/** Until it is to be looked after again; for good when it has ended. */
async function putOff(tx: Transaction, id: Uuid): Promise<void> {
  const request = await queries.findRequest(tx, id)
  if (request === undefined) return
  const waitMs = Math.min(lookMaxMs, firstLookMs * 2 ** Math.min(request.looks, 20))
  await queries.setLook(tx, id, {
    looks: request.looks + 1,
    lookAt: hasEnded(request) ? undefined : addMs(tx.now, waitMs),
  })
}

function now({ database }: Pursuit): Promise<Date> {
  return database.transaction((tx) => Promise.resolve(tx.now))
}
