import { describe, expect, test } from 'vitest'
import { FairQueue } from './fair-queue.ts'

interface Item {
  readonly operation: { readonly walletId: string }
  readonly place: number
}

function filled(...counts: readonly (readonly [wallet: string, count: number])[]): FairQueue<Item> {
  const queue = new FairQueue<Item>()
  for (const [walletId, count] of counts)
    for (let place = 0; place < count; place += 1) queue.push({ operation: { walletId }, place })
  return queue
}

function told(batch: readonly Item[]): Record<string, number[]> {
  const wallets = Map.groupBy(batch, (item) => item.operation.walletId)
  return Object.fromEntries([...wallets].map(([wallet, items]) => [wallet, items.map((item) => item.place)]))
}

describe('a fair queue', () => {
  test('gives every wallet an equal part, and what others do not need to those who do', () => {
    const queue = filled(['hot', 1000], ['a', 1], ['b', 2])
    expect(told(queue.take(9))).toEqual({ hot: [0, 1, 2], a: [0], b: [0, 1] })
    expect(queue.size).toBe(997)
  })

  test('lets one with a thousand waiting delay nobody who comes later by more than a batch', () => {
    const queue = filled(['hot', 1000])
    const first = queue.take(100)
    queue.push({ operation: { walletId: 'late' }, place: 0 })
    expect(told(queue.take(100))).toEqual({ late: [0] })
    queue.giveBack(first)
    expect(told(queue.take(100))).toEqual({ hot: Array.from({ length: 100 }, (_, place) => place + 100) })
  })

  test('lets wallets take turns when there are more than a batch has room for', () => {
    const queue = filled(['a', 3], ['b', 3], ['c', 3])
    const first = queue.take(2)
    expect(told(first)).toEqual({ a: [0], b: [0] })
    queue.giveBack(first)
    expect(told(queue.take(2))).toEqual({ c: [0], a: [1] })
  })

  test('gives one of several batches its part of the wallets, each with all that it has', () => {
    const queue = filled(['hot', 5], ['a', 1], ['b', 1])
    expect(told(queue.take(100, 2))).toEqual({ hot: [0, 1, 2, 3, 4], a: [0] })
    expect(told(queue.take(100))).toEqual({ b: [0] })
  })

  test("never has a wallet's items in two batches, and keeps them in their order", () => {
    const queue = filled(['a', 2])
    const first = queue.take(10)
    queue.push({ operation: { walletId: 'a' }, place: 2 })
    expect(queue.readySize).toBe(0)
    expect(queue.take(10)).toEqual([])
    queue.giveBack(first)
    expect(told(queue.take(10))).toEqual({ a: [2] })
    expect(queue.size).toBe(0)
  })
})
