import { expect, test } from 'vitest'
import { chosen, quickPlan, wholePlan } from './plan.ts'

test('a choice is a group, and of it what all further words name', () => {
  const [group, ...others] = chosen(wholePlan, ['spread engine 256'])
  expect(others).toEqual([])
  expect(group?.cells).toEqual([{ way: 'engine', wallets: 'spread', callers: 256, keys: 'v7' }])
  expect(chosen(wholePlan, ['pglite hot', 'keys v4']).map(({ name }) => name)).toEqual(['keys', 'pglite'])
  expect(chosen(wholePlan, ['spread elephant'])).toEqual([])
})

test('no choice is everything', () => {
  expect(chosen(wholePlan, [])).toEqual(wholePlan)
})

test('a quick run measures nothing that a whole one does not', () => {
  for (const { name, cells } of quickPlan)
    expect(wholePlan.find((group) => group.name === name)?.cells).toEqual(expect.arrayContaining([...cells]))
})
