import { expect, test } from 'vitest'
import { environmentWith } from '../../../../tools/sabotage.ts'
import { faults } from './faults.ts'

test('every fault finds its place in our code', () => {
  for (const fault of faults) expect(() => environmentWith(fault)).not.toThrow()
})
