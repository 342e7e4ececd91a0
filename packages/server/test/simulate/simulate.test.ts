import { describe, expect, test } from 'vitest'
import { environmentWith } from '../../../../tools/sabotage.ts'
import { runSeed } from './run-seed.ts'
import { faults } from './sabotage/faults.ts'
import { hunt } from './sabotage/sabotage.ts'

/** `npm run simulate` runs thousands. */
const seeds = 150

describe('in a simulated world', () => {
  test('no crash, loss or interleaving breaks a promise of the ledger', async () => {
    for (let seed = 1; seed <= seeds; seed += 1) {
      const { violations } = await runSeed(seed)
      expect(violations, `npm run simulate -- --seed ${seed}`).toEqual([])
    }
  })

  test('the same seed is the same run', async () => {
    const [once, again]: string[][] = [[], []]
    await runSeed(7, { log: (line) => once?.push(line) })
    await runSeed(7, { log: (line) => again?.push(line) })
    expect(again).toEqual(once)
  })

  test('every fault finds its place in our code', () => {
    for (const fault of faults) expect(() => environmentWith(fault)).not.toThrow()
  })

  test.each(['answers before the commit', 'takes no lock', 'rounds a capture down'])(
    'it is caught that the ledger %s',
    async (name) => {
      const found = await Promise.all(faults.filter((fault) => fault.name === name).map(hunt))
      expect(found).toEqual([expect.objectContaining({ checker: expect.any(String) })])
    },
  )
})
