import { addMs, dayMs } from '../../kernel/time.ts'
import { providerRefused } from '../errors.ts'
import type { RefundRequest } from '../provider.ts'
import type { RefundState } from '../told.ts'
import type { FakeRefund, World } from './world.ts'

// Dodo's rule: a refund is asked for within 30 days of the payment.
const windowDays = 30

type AskedRefund = Pick<RefundRequest, 'paymentId' | 'amountMinor' | 'reason'> & {
  /** Undefined where it was asked for in the provider's dashboard. */
  readonly refundRequestId: RefundRequest['refundRequestId'] | undefined
}

/** By the provider's rules. It is pending until it is settled. */
export function askRefund(world: World, asked: AskedRefund): FakeRefund {
  const { paymentId, amountMinor, reason, refundRequestId } = asked
  const payment = world.paymentsById.get(paymentId)
  if (payment === undefined) return refuse(`there is no payment ${paymentId}`)
  if (payment.state !== 'succeeded')
    return refuse(`the payment is ${payment.state}; only one that succeeded can be refunded`)
  const { total } = payment.charged
  if (total.amountMinor === 0n) return refuse('the payment was of zero, and there is nothing to give back')
  const others = [...world.refundsById.values()].filter((one) => one.paymentId === paymentId)
  const underWay = others.find(({ state }) => state === 'pending' || state === 'review')
  if (underWay !== undefined) return refuse(`a refund of this payment is ${underWay.state}`)
  if (world.now() > addMs(payment.createdAt, windowDays * dayMs))
    return refuse(`refunds can be asked for within ${windowDays} days of the payment`)
  const leftMinor = others
    .filter(({ state }) => state === 'succeeded')
    .reduce((left, { amount }) => left - amount.amountMinor, total.amountMinor)
  if (leftMinor <= 0n) return refuse('the payment has been refunded in full')
  const wantedMinor = amountMinor ?? leftMinor
  if (wantedMinor <= 0n) return refuse('a refund is of more than zero')
  if (wantedMinor > leftMinor)
    return refuse(`${leftMinor} of ${wantedMinor} minor units can still be refunded`)
  return keep(world, {
    refundId: world.nextId('ref'),
    paymentId,
    state: 'pending',
    amount: { amountMinor: wantedMinor, currency: total.currency },
    reason,
    refundRequestId,
    createdAt: world.now(),
  })
}

function refuse(said: string): never {
  throw providerRefused(said, undefined)
}

export function settleRefund(
  world: World,
  refundId: string,
  state: Exclude<RefundState, 'pending'>,
): FakeRefund {
  const refund = world.refundsById.get(refundId)
  if (refund === undefined) throw new Error(`The fake provider has no refund ${refundId}.`)
  if (refund.state === 'succeeded' || refund.state === 'failed')
    throw new Error(`The refund ${refundId} of the fake provider has ${refund.state} already.`)
  return keep(world, { ...refund, state })
}

/** The one in flight, of which a payment has one at most. */
export function refundUnderWay(world: World, paymentId: string): FakeRefund | undefined {
  return [...world.refundsById.values()].find(
    (refund) => refund.paymentId === paymentId && (refund.state === 'pending' || refund.state === 'review'),
  )
}

function keep(world: World, refund: FakeRefund): FakeRefund {
  world.refundsById.set(refund.refundId, refund)
  return refund
}
