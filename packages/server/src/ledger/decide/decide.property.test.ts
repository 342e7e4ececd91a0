import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { decimalFromCredits, total } from '../../kernel/credits.ts'
import { History } from '../__fixtures__/history.ts'

const amount = fc.integer({ min: 1, max: 9 }).map(String)
const minutes = fc.integer({ min: 1, max: 30 })

const step = fc.oneof(
  fc.record({
    do: fc.constant('grant' as const),
    amount,
    expires: fc.option(minutes),
    starts: fc.option(minutes),
    priority: fc.integer({ min: 0, max: 2 }),
  }),
  fc.record({ do: fc.constant('charge' as const), amount }),
  fc.record({ do: fc.constant('hold' as const), amount, minutes }),
  fc.record({ do: fc.constant('capture' as const), which: fc.nat(8), amount: fc.option(amount) }),
  fc.record({ do: fc.constant('release' as const), which: fc.nat(8) }),
  fc.record({ do: fc.constant('wait' as const), minutes }),
)

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

function play(history: History, steps: readonly Step[]): number {
  const minute = 60_000
  let refusals = 0
  const holdAt = (which: number) => ({
    holdId: [...history.holds.keys()].at(which % Math.max(history.holds.size, 1)) ?? 'none',
  })
  for (const each of steps) {
    if (each.do === 'wait') {
      history.wait(each.minutes * minute)
      continue
    }
    const answer = (() => {
      switch (each.do) {
        case 'grant':
          return history.grant(each.amount, {
            priority: each.priority,
            ...(each.expires === null ? {} : { expiry: { at: history.after(each.expires * minute) } }),
            ...(each.starts === null ? {} : { effectiveAt: history.after(each.starts * minute) }),
          })
        case 'charge':
          return history.charge(each.amount)
        case 'hold':
          return history.hold(each.amount, each.minutes * minute)
        case 'capture':
          return history.capture(holdAt(each.which), each.amount ?? undefined)
        case 'release':
          return history.release(holdAt(each.which))
      }
    })()
    if (answer.refusal !== undefined) refusals += 1
  }
  return refusals
}

test('whatever happens: entries sum to the wallet and to each lot, and nothing is negative', () => {
  let refusals = 0
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const history = new History()
      refusals += play(history, steps)
      const { wallet } = history
      const sums = history.sums()
      expect(decimalFromCredits(wallet.available)).toBe(sums.available ?? '0')
      expect(decimalFromCredits(wallet.held)).toBe(sums.held ?? '0')
      expect(total(wallet.lots.map((lot) => lot.available))).toBe(wallet.available)
      expect(total(wallet.lots.map((lot) => lot.held))).toBe(wallet.held)
      for (const lot of wallet.lots)
        expect(lot.available >= 0n && lot.held >= 0n && lot.available + lot.held > 0n).toBe(true)

      // Of each lot: granted = available + held + spent + expired.
      const lots = Map.groupBy(history.entries, (entry) => entry.lotId)
      for (const [lotId, entries] of lots) {
        if (lotId === undefined) continue
        const moved = (account: string) =>
          entries.reduce(
            (sum, entry) =>
              sum + (entry.to === account ? entry.amount : 0n) - (entry.from === account ? entry.amount : 0n),
            0n,
          )
        const open = wallet.lots.find((lot) => lot.id === lotId)
        expect(moved('available')).toBe(open?.available ?? 0n)
        expect(moved('held')).toBe(open?.held ?? 0n)
        expect(0n - moved('issued')).toBe(
          moved('available') + moved('held') + moved('spent') + moved('expired'),
        )
      }

      // What is held is what live holds hold.
      const live = [...history.holds.values()].filter((hold) => hold.state === 'placed')
      expect(total(live.map((hold) => hold.amount))).toBe(wallet.held)
    }),
    { numRuns: 2000 },
  )
  expect(refusals).toBeGreaterThan(1000)
})

test('looking at a balance changes nothing that follows', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const watched = new History()
      const unwatched = new History()
      for (const each of steps) {
        play(watched, [each])
        watched.balance()
        play(unwatched, [each])
      }
      expect(watched.balance()).toEqual(unwatched.balance())
      expect(watched.sums()).toEqual(unwatched.sums())
    }),
    { numRuns: 500 },
  )
})
