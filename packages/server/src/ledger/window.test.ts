import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Credits, micros, total } from '../kernel/credits.ts'
import { emptyWallet } from './rows.ts'
import { inBurnOrder, noneWaiting, type OpenLot, type Wallet } from './wallet.ts'
import { lotsInRowMax, storeLots } from './window.ts'

const now = new Date(1000)

function lot(place: number, fields: Partial<OpenLot> = {}): OpenLot {
  return {
    id: `lot_${place.toString().padStart(3, '0')}`,
    available: micros(1n),
    held: micros(0n),
    priority: 0,
    effectiveAt: new Date(0),
    expiresAt: undefined,
    traits: undefined,
    ...fields,
  }
}

function lots(count: number): OpenLot[] {
  return Array.from({ length: count }, (_, place) => lot(place))
}

function wallet(open: readonly OpenLot[], waiting = noneWaiting): Wallet {
  return { ...emptyWallet('wallet'), lots: open, waiting }
}

const noneSeen = new Map<string, OpenLot>()

describe('the lots in the row', () => {
  test('are all of a few, and the first of many', () => {
    expect(storeLots(wallet(lots(3)), lots(3), noneSeen, now)).toEqual({
      inRow: lots(3),
      waiting: noneWaiting,
      toWait: [],
      noLongerWaiting: [],
    })
    const stored = storeLots(wallet(lots(20)), lots(16), noneSeen, now)
    expect(stored.inRow).toEqual(lots(16))
    expect(stored.toWait).toEqual(lots(20).slice(16))
    expect(stored.waiting).toMatchObject({ count: 4, spendable: 4n, dueAt: undefined })
  })

  test('with others unseen: what burns after the last one that was there must wait', () => {
    const waiting = { ...noneWaiting, count: 5, spendable: micros(5n) }
    const [first, second, third] = [lot(1), lot(3), lot(4)] as const
    const before = lot(2)
    const stored = storeLots(wallet([first, before, second, third], waiting), [first, second], noneSeen, now)
    expect(stored.inRow).toEqual([first, before, second])
    expect(stored.toWait).toEqual([third])
    expect(stored.waiting).toMatchObject({ count: 6, spendable: 6n })
    // When the row has run out, nothing is known to burn before those that wait.
    expect(storeLots(wallet([third], waiting), [first], noneSeen, now)).toMatchObject({
      inRow: [],
      toWait: [third],
    })
  })

  test('what waits is summed by what it is, and says when time next changes it', () => {
    const open = [
      ...lots(16),
      lot(20, { available: micros(2n), expiresAt: new Date(5000) }),
      lot(21, { available: micros(3n), effectiveAt: new Date(4000), expiresAt: new Date(4500) }),
      lot(22, { available: micros(4n), traits: { isFrozen: true } }),
      lot(23, { available: micros(5n), traits: { scope: ['chat'] } }),
      lot(24, { available: micros(0n), held: micros(1n), expiresAt: new Date(2000) }),
    ]
    expect(storeLots(wallet(open), [], noneSeen, now).waiting).toEqual({
      count: 5,
      spendable: 2n,
      upcoming: 3n,
      frozen: 4n,
      scoped: 5n,
      // The start of the one, not the expiry of what is only held.
      dueAt: new Date(4000),
    })
  })

  test('only what changed of the waiting lots is written', () => {
    const all = lots(20)
    const seen = new Map(all.slice(16).map((each) => [each.id, each]))
    const changed = all
      .slice(2)
      .map((each, place) => (place === 17 ? { ...each, available: micros(9n) } : each))
    const stored = storeLots(wallet(changed), all.slice(0, 16), seen, now)
    expect(stored.noLongerWaiting).toEqual(['lot_016', 'lot_017'])
    expect(stored.toWait).toEqual([lot(19, { available: micros(9n) })])
    const extended = changed.map((each, place) =>
      place === 16 ? { ...each, expiresAt: new Date(9000) } : each,
    )
    expect(storeLots(wallet(extended), all, seen, now).toWait).toHaveLength(2)
  })

  test('whatever comes and goes: no lot is in two places, none is lost, and those in the row burn first', () => {
    const step = fc.record({ grants: fc.array(fc.nat(50), { maxLength: 12 }), takes: fc.nat(20) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        let row: readonly OpenLot[] = []
        let waiting: Wallet['waiting'] = noneWaiting
        const table = new Map<string, OpenLot>()
        let made = 0
        for (const { grants, takes } of steps) {
          // As loading does: whoever may need what waits sees all of it.
          const seesAll = takes > row.length
          const before = seesAll ? inBurnOrder([...row, ...table.values()]) : row
          const granted = grants.map((priority) => lot((made += 1), { priority }))
          const open = inBurnOrder([...before.slice(takes), ...granted])
          const seen = seesAll ? new Map(table) : noneSeen
          const stored = storeLots(wallet(open, seesAll ? noneWaiting : waiting), row, seen, now)
          const expected = inBurnOrder([...open, ...(seesAll ? [] : table.values())]).map((each) => each.id)
          for (const id of stored.noLongerWaiting) expect(table.delete(id)).toBe(true)
          for (const each of stored.toWait) table.set(each.id, each)
          row = stored.inRow
          waiting = stored.waiting
          expect(inBurnOrder([...row, ...table.values()]).map((each) => each.id)).toEqual(expected)
          expect([...row, ...inBurnOrder([...table.values()])].map((each) => each.id)).toEqual(expected)
          expect(row.length).toBeLessThanOrEqual(lotsInRowMax)
          expect(waiting.count).toBe(table.size)
          expect(waiting.spendable).toBe(total([...table.values()].map((each): Credits => each.available)))
        }
      }),
      { numRuns: 300 },
    )
  })
})
