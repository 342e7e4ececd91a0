import fc from 'fast-check'
import { expect, test } from 'vitest'
import { micros } from '../kernel/credits.ts'
import type { DisputeState, RefundState } from '../providers/told.ts'
import type { Dispute, Payment, Refund } from './payment.ts'
import { type KnownOfPayment, takeBackOf } from './share.ts'

const currency = 'JPY'
const about = { provider: 'dodo', paymentId: 'pay_1', reason: undefined, createdAt: undefined }

interface Case {
  readonly total: bigint
  readonly granted: bigint
  readonly refunds: readonly { readonly amount: bigint; readonly state: RefundState }[]
  readonly disputes: readonly { readonly amount: bigint; readonly state: DisputeState }[]
}

// Few minor units for many credits, and many for few: where rounding bites.
const cases = fc
  .record({
    total: fc.oneof(fc.bigInt(1n, 30n), fc.bigInt(1n, 10_000_000n)),
    granted: fc.oneof(fc.bigInt(1n, 30n), fc.bigInt(1n, 10n ** 15n)),
  })
  .chain(({ total, granted }) => {
    const amount = fc.oneof(fc.bigInt(1n, total), fc.bigInt(1n, total / 5n + 1n))
    return fc.record<Case>({
      total: fc.constant(total),
      granted: fc.constant(granted),
      refunds: fc.array(
        fc.record({
          amount,
          state: fc.constantFrom<RefundState>('succeeded', 'succeeded', 'pending', 'review', 'failed'),
        }),
        { maxLength: 6 },
      ),
      disputes: fc.array(
        fc.record({ amount, state: fc.constantFrom<DisputeState>('lost', 'lost', 'won', 'open', 'expired') }),
        { maxLength: 3 },
      ),
    })
  })

function knownOf({ refunds, disputes }: Pick<Case, 'refunds' | 'disputes'>): KnownOfPayment {
  return {
    asked: [],
    refunds: refunds.map(
      ({ amount, state }, index): Refund => ({
        ...about,
        refundId: `ref_${index}`,
        state,
        amount: { amountMinor: amount, currency },
        requestId: undefined,
      }),
    ),
    disputes: disputes.map(
      ({ amount, state }, index): Dispute => ({
        ...about,
        disputeId: `dsp_${index}`,
        state,
        stage: 'dispute',
        isRapidlyResolved: false,
        amount: { amountMinor: amount, currency },
      }),
    ),
  }
}

function due({ total, granted }: Pick<Case, 'total' | 'granted'>, known: KnownOfPayment) {
  const payment: Pick<Payment, 'charged' | 'isFullyRefunded'> = {
    charged: { total: { amountMinor: total, currency }, taxMinor: 0n },
    isFullyRefunded: false,
  }
  return takeBackOf(payment, { granted: micros(granted) }, known)
}

function sum(of: readonly { readonly amount: bigint }[]): bigint {
  return of.reduce((total, { amount }) => total + amount, 0n)
}

test('the share is that of the money, to the last millionth that it covers, and all of it when all is back', () => {
  fc.assert(
    fc.property(cases, (one) => {
      const { refunded, refundedAndLost } = due(one, knownOf(one))
      const byRefunds = sum(one.refunds.filter(({ state }) => state === 'succeeded'))
      const inAll = byRefunds + sum(one.disputes.filter(({ state }) => state === 'lost'))
      for (const [share, back] of [
        [refunded, byRefunds],
        [refundedAndLost, inAll],
      ] as const) {
        // share / granted ≤ back / total < (share + 1) / granted: without a division.
        const isShare =
          share * one.total <= back * one.granted && (share + 1n) * one.total > back * one.granted
        expect(back >= one.total ? share === one.granted : isShare).toBe(true)
      }
      expect(refunded <= refundedAndLost && refundedAndLost <= one.granted).toBe(true)
    }),
  )
})

test('nothing depends on the order in which it is known', () => {
  fc.assert(
    fc.property(
      cases.chain((one) =>
        fc.record({
          one: fc.constant(one),
          refunds: fc.shuffledSubarray([...one.refunds], { minLength: one.refunds.length }),
          disputes: fc.shuffledSubarray([...one.disputes], { minLength: one.disputes.length }),
        }),
      ),
      ({ one, ...shuffled }) => {
        expect(due(one, knownOf(shuffled))).toEqual(due(one, knownOf(one)))
      },
    ),
  )
})

test('the more money goes back, the more credits: and what has not ended, or has failed, takes nothing', () => {
  fc.assert(
    fc.property(cases, fc.bigInt(1n, 10_000_000n), (one, amount) => {
      const before = due(one, knownOf(one))
      const more = due(one, knownOf({ ...one, refunds: [...one.refunds, { amount, state: 'succeeded' }] }))
      expect(more.refunded >= before.refunded && more.refundedAndLost >= before.refundedAndLost).toBe(true)
      for (const state of ['pending', 'review', 'failed'] as const)
        expect(due(one, knownOf({ ...one, refunds: [...one.refunds, { amount, state }] }))).toEqual(before)
      const won = due(one, knownOf({ ...one, disputes: [...one.disputes, { amount, state: 'won' }] }))
      expect(won).toEqual(before)
    }),
  )
})

test('it is undecided exactly while a dispute is', () => {
  fc.assert(
    fc.property(cases, (one) => {
      const isUndecided = one.disputes.some(({ state }) => state === 'open' || state === 'expired')
      expect(due(one, knownOf(one)).undecided).toBe(isUndecided ? 'dispute' : undefined)
    }),
  )
})
