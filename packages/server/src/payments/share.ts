import { type Credits, micros, smaller, zeroCredits } from '../kernel/credits.ts'
import type { Money } from '../kernel/money.ts'
import type { AskedRefund, Bought, Dispute, Payment, Refund } from './payment.ts'

/** How many of the bought credits money that went back stands for, in all and not only since the last time. */
export interface TakeBack {
  readonly refunded: Credits
  /** With those that were refunded: never the same credits twice. */
  readonly refundedAndLost: Credits
  /** What is undecided, and may still take credits: meanwhile nobody may spend them. */
  readonly undecided: 'dispute' | 'refund' | undefined
}

export interface KnownOfPayment {
  readonly refunds: readonly Refund[]
  readonly asked: readonly AskedRefund[]
  readonly disputes: readonly Dispute[]
}

/** Money that went back, and the credits that it was given back for where that was asked. */
interface Back {
  readonly amount: Money | undefined
  readonly credits: Credits | undefined
}

/**
 * The share of the money that went back, of the money that was paid, in credits: exact, rounded down, and all of them when all of the money is back.
 * A refund that was asked for so many unused credits stands for these, to the last one. It is a function of what is known, not of the order in which
 * it was told.
 */
export function takeBackOf(
  payment: Pick<Payment, 'charged' | 'isFullyRefunded'>,
  { granted }: Pick<Bought, 'granted'>,
  known: KnownOfPayment,
): TakeBack {
  const refunded = known.refunds
    .filter(({ state }) => state === 'succeeded')
    .map((refund): Back => ({ amount: refund.amount, credits: askedFor(refund, known)?.credits }))
  const lost = known.disputes
    .filter(({ state }) => state === 'lost')
    .map(({ amount }): Back => ({ amount, credits: undefined }))
  return {
    refunded: payment.isFullyRefunded ? granted : shareOf(payment, granted, refunded),
    refundedAndLost: payment.isFullyRefunded ? granted : shareOf(payment, granted, [...refunded, ...lost]),
    undecided: undecidedOf(known),
  }
}

function undecidedOf({ disputes, asked, refunds }: KnownOfPayment): TakeBack['undecided'] {
  if (disputes.some(isUndecided)) return 'dispute'
  return asked.some((one) => isUnderWay(one, refunds)) ? 'refund' : undefined
}

export function isUndecided({ state }: Pick<Dispute, 'state'>): boolean {
  return state === 'open' || state === 'expired'
}

/** From when it is written down until the provider has refused or ended it. */
function isUnderWay(asked: AskedRefund, refunds: readonly Refund[]): boolean {
  const refund = refunds.find((one) => isOf(one, asked))
  return refund === undefined ? !asked.isRefused : refund.state === 'pending' || refund.state === 'review'
}

function askedFor(refund: Refund, { asked }: KnownOfPayment): AskedRefund | undefined {
  return asked.find((one) => isOf(refund, one))
}

function isOf(refund: Refund, { requestId, refundId }: AskedRefund): boolean {
  return refund.requestId === requestId || refund.refundId === refundId
}

function shareOf({ charged }: Pick<Payment, 'charged'>, granted: Credits, backs: readonly Back[]): Credits {
  if (backs.length === 0) return zeroCredits
  // An amount that is not told, or in another currency, is taken for all of it: the operator can give back, a spent credit is gone.
  if (charged === undefined || charged.total.amountMinor === 0n) return granted
  let sum = 0n
  let byMoney = 0n
  let asAsked = 0n
  for (const { amount, credits } of backs) {
    if (amount === undefined || amount.currency !== charged.total.currency) return granted
    sum += amount.amountMinor
    if (credits === undefined) byMoney += amount.amountMinor
    else asAsked += credits
  }
  const total = charged.total.amountMinor
  return sum >= total ? granted : smaller(granted, micros((granted * byMoney) / total + asAsked))
}
