import { expect, test } from 'vitest'
import type { Fault } from './sabotage.ts'
import { hunt } from './test-proof.ts'

const tests = ['packages/server/src/kernel/ids.test.ts']

function planted(replace: string): Fault {
  return {
    name: 'a test',
    edits: [{ file: 'packages/server/src/kernel/ids.ts', find: "wallet: 'wal'", replace }],
  }
}

test('a fault is caught by a test that fails', async () => {
  expect(await hunt(planted("wallet: 'ord'"), tests)).toMatchObject({
    isCaught: true,
    by: expect.stringContaining('another kind is not let in'),
  })
})

test('a change that is no fault is caught by nobody, also after the fault', async () => {
  expect(await hunt(planted("'wallet': 'wal'"), tests)).toMatchObject({
    isCaught: false,
    by: 'every test passed',
  })
})

test('code that cannot be run is caught by nobody', async () => {
  expect(await hunt(planted('wallet: ('), tests)).toMatchObject({
    isCaught: false,
    by: 'the tests could not be run',
  })
})
