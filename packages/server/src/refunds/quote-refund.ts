import { type Credits, decimalFromCredits, micros, smaller, zeroCredits } from '../kernel/credits.ts'
import { formatId } from '../kernel/ids.ts'
import type { Money } from '../kernel/money.ts'
import { invariant, type Refusal } from '../kernel/refusal.ts'
import { addMs, dayMs } from '../kernel/time.ts'
import type { Dispute, Payment, Refund } from '../payments/payment.ts'
import { isUndecided } from '../payments/share.ts'
import * as errors from './errors.ts'
import { type Asked, hasEnded, type RefundRequest } from './refund-request.ts'

// Dodo's rule: a refund is asked for within 30 days of the payment.
const windowDays = 30

/** All that a refund of a payment depends on. */
export interface Refundable {
  readonly payment: Payment
  readonly refunds: readonly Refund[]
  readonly requests: readonly RefundRequest[]
  readonly disputes: readonly Dispute[]
  /** Of the very lot that was bought: what is available now, whether or not it is frozen. Zero until it is credited. */
  readonly unused: Credits
  readonly now: Date
}

/** Credits, and the money that would be given back for them, tax included. */
export interface Part {
  readonly credits: Credits
  readonly amount: Money
}

export interface RefundQuote {
  /** Tax included. */
  readonly paid: Money
  /** What the provider still refunds. */
  readonly left: Money
  readonly unused: Part
  /** All of the credits that were not taken back, also those that are spent. */
  readonly all: Part
  readonly isCredited: boolean
  /** Undefined where the provider does not say when the payment was made. */
  readonly refundableUntil: Date | undefined
  /** Why nothing can be refunded now, by the provider's rules. */
  readonly refused: Refusal | undefined
}

/**
 * What could be refunded. The unused credits stand for their share of what was paid, tax included, rounded down to whole minor units: the fraction of a
 * cent stays with the shop, and the credits are all taken back.
 *
 * @throws paidAmountUnknown
 */
export function quoteRefund(facts: Refundable): RefundQuote {
  const { payment, unused } = facts
  const paid = payment.charged?.total
  if (paid === undefined) throw errors.paidAmountUnknown({})
  const { currency } = paid
  const left = leftOf(facts, paid)
  const { granted, revoked } = payment.bought ?? { granted: zeroCredits, revoked: zeroCredits }
  return {
    paid,
    left,
    unused: { credits: unused, amount: { amountMinor: shareOf(unused, { paid, left, granted }), currency } },
    all: { credits: micros(granted - revoked), amount: left },
    isCredited: payment.bought !== undefined,
    refundableUntil: payment.createdAt && addMs(payment.createdAt, windowDays * dayMs),
    refused: refusedBy(facts, paid, left),
  }
}

function shareOf(
  unused: Credits,
  { paid, left, granted }: { readonly paid: Money; readonly left: Money; readonly granted: Credits },
): bigint {
  if (unused === 0n) return 0n
  const share = (paid.amountMinor * smaller(unused, granted)) / granted
  return share < left.amountMinor ? share : left.amountMinor
}

/** What is asked for and not decided counts as gone, and so does what a lost dispute took. */
function leftOf({ refunds, requests, disputes }: Refundable, paid: Money): Money {
  const gone = [
    ...refunds.filter(({ state }) => state !== 'failed').map(({ amount }) => amount),
    ...requests.filter(({ state }) => state === 'asked').map(({ amount }) => amount),
    ...disputes.filter(({ state }) => state === 'lost').map(({ amount }) => amount),
  ]
  let left = paid.amountMinor
  // An amount that is not told, or in another currency, is taken for all of it.
  for (const amount of gone) left -= amount?.currency === paid.currency ? amount.amountMinor : left
  return { amountMinor: left > 0n ? left : 0n, currency: paid.currency }
}

function refusedBy(
  { payment, refunds, requests, disputes, now }: Refundable,
  paid: Money,
  left: Money,
): Refusal | undefined {
  if (paid.amountMinor === 0n) return errors.nothingWasPaid({})
  const asked = requests.find((request) => !hasEnded(request))
  if (asked !== undefined) return errors.refundUnderWay({ refund: formatId('refund', asked.id) })
  const other = refunds.find(({ state }) => state === 'pending' || state === 'review')
  if (other !== undefined) return errors.refundUnderWay({ refund: other.refundId })
  const dispute = disputes.find(isUndecided)
  if (dispute !== undefined) return errors.paymentDisputed({ dispute: dispute.disputeId })
  if (payment.isFullyRefunded || left.amountMinor === 0n) return errors.nothingLeftToRefund({ paid })
  if (payment.createdAt === undefined) return undefined
  const refundableUntil = addMs(payment.createdAt, windowDays * dayMs)
  return now > refundableUntil
    ? errors.refundWindowOver({ paidAt: payment.createdAt, refundableUntil, days: windowDays })
    : undefined
}

/**
 * What of a quote is asked for.
 *
 * @throws nothingUnused, refundExceedsPayment
 */
export function partAsked(asked: Asked, quote: RefundQuote): Part & { readonly kind: Asked['kind'] } {
  switch (asked.kind) {
    case 'all':
      return { kind: 'all', ...quote.all }
    case 'unused':
      if (quote.unused.amount.amountMinor === 0n)
        throw errors.nothingUnused({
          credits: decimalFromCredits(quote.unused.credits),
          isCredited: quote.isCredited,
        })
      return { kind: 'unused', ...quote.unused }
    case 'amount': {
      const amount = { amountMinor: asked.amountMinor, currency: quote.paid.currency }
      invariant(amount.amountMinor > 0n, 'an amount to refund is above zero')
      if (amount.amountMinor > quote.left.amountMinor)
        throw errors.refundExceedsPayment({ asked: amount, left: quote.left, paid: quote.paid })
      return { kind: 'amount', credits: zeroCredits, amount }
    }
  }
}
