import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Credits, micros } from '../kernel/credits.ts'
import type { AskedRefund, Bought, Payment, Refund } from '../payments/payment.ts'
import { takeBackOf } from '../payments/share.ts'
import { quoteRefund } from './quote-refund.ts'

const currency = 'JPY'
const now = new Date('2026-11-25T12:00:00Z')

interface History {
  readonly total: bigint
  readonly granted: bigint
  /** Parts of the total, of `granted` and so on, of 1,000. */
  readonly steps: readonly { readonly kind: 'amount' | 'unused' | 'spend'; readonly perThousand: number }[]
}

// Few minor units for many credits, and many for few: where rounding bites.
const histories = fc.record<History>({
  total: fc.oneof(fc.bigInt(1n, 30n), fc.bigInt(1n, 10_000_000n)),
  granted: fc.oneof(fc.bigInt(1n, 30n), fc.bigInt(1n, 10n ** 15n)),
  steps: fc.array(
    fc.record({
      kind: fc.constantFrom('amount', 'unused', 'spend'),
      perThousand: fc.integer({ min: 1, max: 1000 }),
    }),
    { maxLength: 8 },
  ),
})

test('a refund of the unused takes exactly these, for no more than they were bought at, whatever was refunded and spent before', () => {
  fc.assert(
    fc.property(histories, ({ total, granted, steps }) => {
      const shop = openAccount(total, granted)
      const wrong: string[] = []
      for (const { kind, perThousand } of steps) {
        const part = (whole: bigint) => (whole * BigInt(perThousand)) / 1000n
        if (kind === 'spend') shop.spend(part(shop.unused()))
        if (kind === 'amount') shop.refundAmount(part(shop.quote().left.amountMinor))
        if (kind === 'unused') wrong.push(...refundUnused(shop, { total, granted }))
      }
      expect(wrong).toEqual([])
    }),
    { numRuns: 2000 },
  )
})

test('when nothing is spent, the unused are all that is left, to the last minor unit', () => {
  fc.assert(
    fc.property(
      histories,
      fc.array(fc.integer({ min: 1, max: 999 }), { maxLength: 4 }),
      ({ total, granted }, parts) => {
        const shop = openAccount(total, granted)
        for (const perThousand of parts)
          shop.refundAmount((shop.quote().left.amountMinor * BigInt(perThousand)) / 1000n)
        const { unused, left } = shop.quote()
        expect(unused.amount).toEqual(left)
        if (left.amountMinor > 0n) shop.refundUnused()
        expect(shop.revoked()).toBe(granted)
        expect(shop.quote().left.amountMinor).toBe(0n)
      },
    ),
    { numRuns: 1000 },
  )
})

/** Answers what it did that it should not have. */
function refundUnused(
  shop: ReturnType<typeof openAccount>,
  { total, granted }: Pick<History, 'total' | 'granted'>,
): string[] {
  const { unused, left } = shop.quote()
  const [revoked, spent] = [shop.revoked(), shop.spent()]
  const amount = unused.amount.amountMinor
  if (amount > 0n) shop.refundUnused()
  const isRefunded = amount === 0n || (shop.unused() === 0n && shop.revoked() - revoked === unused.credits)
  return [
    ...(amount > left.amountMinor ? ['more than is left'] : []),
    ...(amount * granted > total * unused.credits ? ['more than they were bought at'] : []),
    ...(isRefunded ? [] : ['others than the unused']),
    ...(shop.spent() === spent ? [] : ['some that were spent']),
  ]
}

/** A lot and its payment: what is not there is spent first when money goes back, as the ledger has it. */
function openAccount(total: bigint, granted: bigint) {
  const refunds: Refund[] = []
  const asked: AskedRefund[] = []
  let available = granted
  let revoked = 0n
  let spent = 0n

  const payment = () =>
    ({
      charged: { total: { amountMinor: total, currency }, taxMinor: 0n },
      isFullyRefunded: false,
      createdAt: now,
      bought: { granted: micros(granted), revoked: micros(revoked) } as Bought,
    }) as Payment

  function succeed(amountMinor: bigint, credits: Credits | undefined) {
    const refundId = `ref_${refunds.length}`
    asked.push({ requestId: refundId, refundId, credits, isRefused: false })
    refunds.push({ refundId, state: 'succeeded', amount: { amountMinor, currency } } as Refund)
    const due = takeBackOf(payment(), { granted: micros(granted) }, { refunds, asked, disputes: [] })
    const more = due.refunded > revoked ? due.refunded - revoked : 0n
    const ofAvailable = more < available ? more : available
    available -= ofAvailable
    spent -= more - ofAvailable
    revoked += more
    expect(due.undecided).toBeUndefined()
    expect(revoked <= granted).toBe(true)
  }

  const quote = () =>
    quoteRefund({ payment: payment(), refunds, requests: [], disputes: [], unused: micros(available), now })

  return {
    quote,
    unused: () => available,
    revoked: () => revoked,
    spent: () => spent,
    spend(credits: bigint) {
      available -= credits
      spent += credits
    },
    refundAmount(amountMinor: bigint) {
      if (amountMinor > 0n) succeed(amountMinor, undefined)
    },
    refundUnused() {
      const { unused } = quote()
      succeed(unused.amount.amountMinor, unused.credits)
    },
  }
}
