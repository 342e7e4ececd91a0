import { expect, test } from 'vitest'
import { environmentWith } from '../../../../tools/sabotage.ts'
import { purchaseFaults } from './faults.ts'
import { runChaos } from './run-chaos.ts'

/** `npm run chaos` does more. */
test('purchases end right while webhooks are lost, answers too, and the server is killed', async () => {
  const { wrong, grantedTwice, missed, ...counts } = await runChaos({
    orders: 40,
    kills: 2,
    seed: 1,
    say: () => {},
  })
  expect({ wrong, grantedTwice, missed }, 'npm run chaos -- --orders 40 --kills 2').toEqual({
    wrong: [],
    grantedTwice: [],
    missed: [],
  })
  expect(counts).toMatchObject({ kills: 2 })
  expect(counts.paid).toBeGreaterThan(30)
}, 180_000)

test('every fault finds its place in our code', () => {
  for (const fault of purchaseFaults) expect(() => environmentWith(fault)).not.toThrow()
})
