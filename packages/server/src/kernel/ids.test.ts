import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { formatId, formatIdInWallet, idMaker, isUuid, parseId, parseIdInWallet, walletId } from './ids.ts'

describe('ids', () => {
  test('are in the order in which they were made, also within one millisecond and when the clock steps back', () => {
    const times = [1000, 1000, 1000, 999, 1000, 1001]
    let call = 0
    const newId = idMaker({ now: () => times[call++ % times.length] ?? 0, randomBytes })
    const ids = Array.from({ length: 6000 }, newId)
    expect(ids.toSorted()).toEqual(ids)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.every(isUuid)).toBe(true)
    expect(ids.every((id) => id.charAt(14) === '7' && '89ab'.includes(id.charAt(19)))).toBe(true)
  })

  test('carry their kind on the wire, and another kind is not let in', () => {
    const id = idMaker({ now: Date.now, randomBytes })()
    expect(parseId('order', formatId('order', id))).toBe(id)
    expect(parseId('wallet', formatId('order', id))).toBeUndefined()
  })

  test('of what lives in a wallet name the wallet', () => {
    const newId = idMaker({ now: Date.now, randomBytes })
    const inWallet = { walletId: walletId({ mode: 'test', customer: 'a', unit: 'credits' }), id: newId() }
    const text = formatIdInWallet('hold', inWallet)
    expect(text).toMatch(/^hold_[0-9a-z]{52}$/)
    expect(parseIdInWallet('hold', text)).toEqual(inWallet)
    expect(parseIdInWallet('lot', text)).toBeUndefined()
  })

  test.each([
    '',
    'hold_',
    'hold_x',
    `hold_${'u'.repeat(52)}`,
    `hold_${'z'.repeat(52)}`,
    `hold_${'0'.repeat(53)}`,
  ])('%j is no id of a hold', (text) => {
    expect(parseIdInWallet('hold', text)).toBeUndefined()
  })

  test("a wallet's id depends on mode, customer and unit, and on where one ends and the next begins", () => {
    const owners = [
      { mode: 'test', customer: 'a', unit: 'credits' },
      { mode: 'live', customer: 'a', unit: 'credits' },
      { mode: 'test', customer: 'a\ncredits', unit: 'x' },
      { mode: 'test', customer: 'a', unit: 'credits\nx' },
      { mode: 'test', customer: 'é', unit: 'credits' },
      { mode: 'test', customer: 'e\u0301', unit: 'credits' },
    ] as const
    expect(new Set(owners.map(walletId)).size).toBe(owners.length)
    // For good: a changed derivation would lose every wallet.
    expect(walletId(owners[0])).toMatchInlineSnapshot(`"08ca9bfd-555f-8fe7-b581-acdb67eb9bac"`)
  })
})
