import { expect, test } from 'vitest'
import { environmentWith } from '../../../../tools/sabotage.ts'
import { faultsForKills, faultsForPowerCuts } from './faults.ts'
import { runKills } from './kills/run-kills.ts'
import { runPowerCuts } from './power-cuts/run-power-cuts.ts'

/** `npm run crash` does more of both. */
const seed = 1
const say = () => {}

test('what was acknowledged outlives kills of server and Postgres, and happened once', async () => {
  const report = await runKills({ kills: 3, seed, acknowledgementsPerKill: 60, say })
  expect(report.wrong, 'npm run crash -- --kills 3 --seed 1').toEqual([])
  expect(report).toMatchObject({ kills: 3, lost: 0, doubled: 0 })
  expect(report.acknowledged).toBeGreaterThan(100)
})

test('what was acknowledged outlives power cuts under PGlite', async () => {
  const report = await runPowerCuts({ cuts: 4, seed, say })
  expect(report.wrong, 'npm run crash -- --power-cuts 4 --seed 1').toEqual([])
  expect(report).toMatchObject({ cuts: 4, lost: 0, doubled: 0 })
})

test('every fault finds its place in our code', () => {
  for (const fault of [...faultsForKills, ...faultsForPowerCuts])
    expect(() => environmentWith(fault)).not.toThrow()
})
