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
): { lane: Lanes; go: () => void; transactions: () => number } {
  const mayGo = Promise.withResolvers<void>()
  let transactions = 0
  const connection: LaneConnection = {
    transaction: async () => {
      await mayGo.promise
      transactions += 1
      throw failure
    },
    close: () => Promise.resolve(),
  }
  const lane = createLanes([connection], context, queueMax)
  return { lane, go: mayGo.resolve, transactions: () => transactions }
}

describe('a lane', () => {
  test('refuses what finds its queue full, and says when to come back', async () => {
    const { lane, go } = laneThatFails(new Fault('database_unavailable', 'away', { retryable: true }), 3)
    const owner = newOwner()
    // The first is taken out of the queue at once, into the batch that waits for the database.
    const answers = tally(Array.from({ length: 6 }, () => lane.submit(chargeOf(owner, '1'))))
    go()
    expect(await answers).toEqual({ 'Fault: away': 4, overloaded: 2 })
    await expect(lane.submit(chargeOf(owner, '1'))).rejects.toThrow('away')
  })

  test('tells everyone in the batch when the database went away, and runs nothing again that may have been committed', async () => {
    const away = new Fault(databaseUnavailable, 'away', { retryable: true })
    const { lane, go, transactions } = laneThatFails(away, 10)
    const answers = [1, 2, 3].map(() => lane.submit(chargeOf(newOwner(), '1')))
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

  test('has a second connection when a hundred operations wait, and not before', async () => {
    const begun: number[] = []
    const mayGo = Promise.withResolvers<void>()
    const connections = [0, 1, 2].map(
      (which): LaneConnection => ({
        transaction: async () => {
          begun.push(which)
          await mayGo.promise
          throw new Fault(databaseUnavailable, 'away', { retryable: true })
        },
        close: () => Promise.resolve(),
      }),
    )
    const lanes = createLanes(connections, context, 1000)
    const answers = [lanes.submit(chargeOf(newOwner(), '1'))]
    for (let waiting = 1; waiting < 100; waiting += 1) answers.push(lanes.submit(chargeOf(newOwner(), '1')))
    expect(begun).toHaveLength(1)
    answers.push(lanes.submit(chargeOf(newOwner(), '1')))
    expect(begun).toHaveLength(2)
    mayGo.resolve()
    expect(await tally(answers)).toEqual({ 'Fault: away': 101 })
    await lanes.close()
  })
})
