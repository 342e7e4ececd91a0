import { describe, expect, test } from 'vitest'
import type { LaneConnection } from '../database/database.ts'
import { databaseConflict, databaseUnavailable } from '../database/faults.ts'
import { Fault } from '../kernel/refusal.ts'
import { chargeOf, newOwner, tally } from './__fixtures__/operations.ts'
import { createLanes, type Lanes } from './lanes.ts'

const context = { newId: () => '', clock: undefined }

/** A lane whose database fails every transaction once it may. */
function laneThatFails(
  failure: Error,
  queueMax: number,
): { lane: Lanes; begun: Promise<void>; go: () => void; transactions: () => number } {
  const hasBegun = Promise.withResolvers<void>()
  const mayGo = Promise.withResolvers<void>()
  let transactions = 0
  const connection: LaneConnection = {
    transaction: async () => {
      hasBegun.resolve()
      await mayGo.promise
      transactions += 1
      throw failure
    },
    close: () => Promise.resolve(),
  }
  const lane = createLanes([connection], context, queueMax)
  return { lane, begun: hasBegun.promise, go: mayGo.resolve, transactions: () => transactions }
}

/** Three connections whose transactions wait until they may fail. */
function threeThatWait() {
  let begun = 0
  const mayGo = Promise.withResolvers<void>()
  const connection: LaneConnection = {
    transaction: async () => {
      begun += 1
      await mayGo.promise
      throw new Fault(databaseUnavailable, 'away', { retryable: true })
    },
    close: () => Promise.resolve(),
  }
  const lanes = createLanes([connection, connection, connection], context, 1000)
  const answers: Promise<unknown>[] = []
  return {
    lanes,
    /** Operations on so many wallets, in one turn of the event loop. */
    ask: (count: number) => {
      for (let asked = 0; asked < count; asked += 1) answers.push(lanes.submit(chargeOf(newOwner(), '1')))
      return new Promise((resolve) => {
        setImmediate(resolve)
      })
    },
    begun: () => begun,
    go: async () => {
      const told = tally(answers)
      mayGo.resolve()
      await lanes.close()
      return told
    },
  }
}

describe('a lane', () => {
  test('refuses what finds its queue full, and says when to come back', async () => {
    const { lane, begun, go } = laneThatFails(
      new Fault('database_unavailable', 'away', { retryable: true }),
      3,
    )
    const owner = newOwner()
    const first = lane.submit(chargeOf(owner, '1'))
    // It is in the batch that waits for the database, and no longer in the queue.
    await begun
    const answers = tally([first, ...Array.from({ length: 5 }, () => lane.submit(chargeOf(owner, '1')))])
    go()
    expect(await answers).toEqual({ 'Fault: away': 4, overloaded: 2 })
    await expect(lane.submit(chargeOf(owner, '1'))).rejects.toThrow('away')
  })

  test('tells everyone in the batch when the database went away, and runs nothing again that may have been committed', async () => {
    const away = new Fault(databaseUnavailable, 'away', { retryable: true })
    const { lane, begun, go, transactions } = laneThatFails(away, 10)
    const answers = [lane.submit(chargeOf(newOwner(), '1'))]
    await begun
    for (const owner of [newOwner(), newOwner()]) answers.push(lane.submit(chargeOf(owner, '1')))
    go()
    expect(await tally(answers)).toEqual({ 'Fault: away': 3 })
    // The first alone, then the two that gathered meanwhile, each once.
    expect(transactions()).toBe(2)
  })

  test('repeats a transaction that lost against others, and gives up after three times', async () => {
    const conflict = new Fault(databaseConflict, 'deadlock', { retryable: true })
    const { lane, go, transactions } = laneThatFails(conflict, 10)
    const answer = lane.submit(chargeOf(newOwner(), '1'))
    go()
    await expect(answer).rejects.toThrow('deadlock')
    expect(transactions()).toBe(3)
  })

  test('takes nothing more once it is closed', async () => {
    const { lane, go } = laneThatFails(new Error('never run'), 10)
    go()
    await lane.close()
    await expect(lane.submit(chargeOf(newOwner(), '1'))).rejects.toMatchObject({
      code: databaseUnavailable,
      retryable: true,
    })
  })

  test('takes what is asked at once together', async () => {
    const { lanes, ask, begun, go } = threeThatWait()
    await ask(3)
    expect(begun()).toBe(1)
    expect(lanes.waiting()).toBe(0)
    expect(await go()).toEqual({ 'Fault: away': 3 })
  })

  test('has a second connection when a hundred operations wait, and not before', async () => {
    const { lanes, ask, begun, go } = threeThatWait()
    await ask(1)
    await ask(99)
    expect(begun()).toBe(1)
    expect(lanes.waiting()).toBe(99)
    await ask(1)
    expect(begun()).toBe(2)
    expect(lanes.waiting()).toBe(0)
    expect(await go()).toEqual({ 'Fault: away': 101 })
  })

  test('divides what is asked at once among as many connections as are worth it', async () => {
    const { lanes, ask, begun, go } = threeThatWait()
    await ask(250)
    expect(begun()).toBe(2)
    expect(lanes.waiting()).toBe(0)
    expect(await go()).toEqual({ 'Fault: away': 250 })
  })
})
