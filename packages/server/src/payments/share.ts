import { type Credits, micros, zeroCredits } from '../kernel/credits.ts'
import type { Money } from '../kernel/money.ts'
import type { Bought, Dispute, Payment, Refund } from './payment.ts'

/** How many of the bought credits money that went back stands for, in all and not only since the last time. */
export interface TakeBack {
  readonly refunded: Credits
  /** With those that were refunded: never the same credits twice. */
  readonly refundedAndLost: Credits
  /** Whether a dispute is undecided. */
  readonly isDisputed: boolean
}

/**
 * The share of the money that went back, of the money that was paid, in credits: exact, rounded down, and all of them when all of the money is back.
 * It is a function of what is known, not of the order in which it was told.
 */
export function takeBackOf(
  payment: Pick<Payment, 'charged' | 'isFullyRefunded'>,
  { granted }: Pick<Bought, 'granted'>,
  known: { readonly refunds: readonly Refund[]; readonly disputes: readonly Dispute[] },
): TakeBack {
  const refunded = known.refunds.filter(({ state }) => state === 'succeeded').map(({ amount }) => amount)
  const lost = known.disputes.filter(({ state }) => state === 'lost').map(({ amount }) => amount)
  return {
    refunded: payment.isFullyRefunded ? granted : shareOf(payment, granted, refunded),
    refundedAndLost: payment.isFullyRefunded ? granted : shareOf(payment, granted, [...refunded, ...lost]),
    isDisputed: known.disputes.some(({ state }) => state === 'open' || state === 'expired'),
  }
}

function shareOf(
  { charged }: Pick<Payment, 'charged'>,
  granted: Credits,
  back: readonly (Money | undefined)[],
): Credits {
  if (back.length === 0) return zeroCredits
  // An amount that is not told, or in another currency, is taken for all of it: the operator can give back, a spent credit is gone.
  if (charged === undefined || charged.total.amountMinor === 0n) return granted
  let sum = 0n
  for (const amount of back) {
    if (amount === undefined || amount.currency !== charged.total.currency) return granted
    sum += amount.amountMinor
  }
  const total = charged.total.amountMinor
  return sum >= total ? granted : micros((granted * sum) / total)
}
